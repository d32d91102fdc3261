import type { Config, LakehouseConfig, SecretsConfig, Target } from "./config.ts";
import type { DefinitionProblem } from "./problem.ts";

/** A {@link Target} with its defaults filled in. */
export interface CompleteTarget extends Target {
  readonly lakehouse: LakehouseConfig;
  readonly secrets: SecretsConfig;
}

/** A config's targets by name. Without any, there is one with every default, named `local`. */
export function targetsOf({ targets = {} }: Pick<Config, "targets">): Readonly<Record<string, Target>> {
  return Object.keys(targets).length === 0 ? { local: {} } : targets;
}

/** The names of a config's targets, in the order of the config. */
export function targetNamesOf(config: Pick<Config, "targets">): readonly string[] {
  return Object.keys(targetsOf(config));
}

/** The target to use when the command line names none; undefined when the config leaves the choice open. */
export function defaultTargetOf(config: Pick<Config, "targets" | "defaultTarget">): string | undefined {
  if (config.defaultTarget !== undefined) return config.defaultTarget;
  const names = targetNamesOf(config);
  return names.length === 1 ? names[0] : names.find((name) => name === "local");
}

/** Fills in what a target leaves out. */
export function completeTarget(target: Target): CompleteTarget {
  return {
    ...target,
    lakehouse: target.lakehouse ?? { type: "embedded" },
    secrets: target.secrets ?? { type: "environment" },
  };
}

/** The options that each type can't do without. A key that is no type is refused. */
const requiredOptions = {
  lakehouse: { embedded: [], athena: ["location"], rest: ["uri"] } satisfies Record<
    LakehouseConfig["type"],
    readonly string[]
  >,
  secrets: { sandbox: [], environment: [], file: ["path"], "aws-secrets-manager": [] } satisfies Record<
    SecretsConfig["type"],
    readonly string[]
  >,
} as const;

/** Reports a wrong target, for configs that no compiler has read. */
export function targetProblems(name: string, target: unknown): readonly DefinitionProblem[] {
  if (!isObject(target)) return [expected(`targets.${name}`, "an object like {}", target)];
  return Object.entries(requiredOptions).flatMap(([part, types]) => {
    const place = `targets.${name}.${part}`;
    const value = target[part];
    if (value === undefined) return [];
    if (!isObject(value)) return [expected(place, "an object with a `type`", value)];
    const required = Object.entries<readonly string[]>(types).find(([type]) => type === value["type"])?.[1];
    if (required === undefined)
      return [expected(`${place}.type`, `one of ${Object.keys(types).join(", ")}`, value["type"])];
    return required
      .filter((option) => typeof value[option] !== "string" || value[option] === "")
      .map((option) => expected(`${place}.${option}`, "a text", value[option]));
  });
}

function expected(place: string, what: string, got: unknown): DefinitionProblem {
  return {
    message: `${place}: expected ${what}, got ${got === undefined ? "nothing" : JSON.stringify(got)}`,
  };
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
