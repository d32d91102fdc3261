import type * as z from "zod";
import { nearest } from "../util/nearest.ts";
import { alertsSchema } from "./alert-schema.ts";
import type { AlertsConfig } from "./alerts.ts";
import type { DefinitionProblem } from "./problem.ts";

/**
 * Everything that is wrong with a project's `alerts`, which may come from plain JavaScript. What stands there is never
 * repeated: a secret that was written into a config by mistake must not get into a log as well.
 *
 * @param targets those that the project has
 */
export function alertProblems(
  alerts: AlertsConfig,
  targets: readonly string[],
): readonly DefinitionProblem[] {
  const parsed = alertsSchema.safeParse(alerts, { jitless: true });
  return parsed.success
    ? [...nameProblems(alerts), ...targetProblems(alerts, targets)]
    : parsed.error.issues.map(problemOf);
}

function problemOf(issue: z.core.$ZodIssue): DefinitionProblem {
  const at = ["alerts", ...issue.path].join(".");
  switch (issue.code) {
    case "unrecognized_keys":
      return { message: `${at}: unknown ${issue.keys.map((key) => JSON.stringify(key)).join(", ")}` };
    case "invalid_value":
      return { message: `${at}: expected ${issue.values.join(" or ")}` };
    case "invalid_union":
      // Without a type it is not known what else is expected.
      return issue.discriminator === undefined
        ? { message: `${at}: ${issue.message}` }
        : { message: `${at}: expected a known type`, next: "docs/alerts.md lists channels and rules" };
    case "invalid_type":
      return {
        message: `${at}: expected ${issue.input === undefined ? `a value (${issue.expected})` : issue.expected}`,
      };
    case "invalid_key":
      return { message: `${at}: ${issue.issues[0]?.message ?? issue.message}` };
    case "custom":
    case "invalid_element":
    case "invalid_format":
    case "not_multiple_of":
    case "too_big":
    case "too_small":
    default:
      return { message: `${at}: ${issue.message}` };
  }
}

/** A rule's name is half of an alert's fingerprint, and its channels must exist. */
function nameProblems({ rules = [], channels }: AlertsConfig): readonly DefinitionProblem[] {
  const names = rules.map(({ name, type }) => name ?? type);
  return rules.flatMap((rule, index) => {
    const at = `alerts.rules.${index}`;
    const unknown = (rule.channels ?? []).filter((name) => !Object.hasOwn(channels, name));
    return [
      ...(names.indexOf(names[index] ?? "") === index
        ? []
        : [
            {
              message: `${at}: a rule before it is called ${names[index]} as well`,
              next: "give one of them a `name`",
            },
          ]),
      ...unknown.map((name) => unknownName(`${at}.channels: no channel`, name, Object.keys(channels))),
    ];
  });
}

function targetProblems(alerts: AlertsConfig, targets: readonly string[]): readonly DefinitionProblem[] {
  return (alerts.targets ?? [])
    .filter((name) => !targets.includes(name))
    .map((name) => unknownName("alerts.targets: no target", name, targets));
}

function unknownName(what: string, name: string, valid: readonly string[]): DefinitionProblem {
  const [near] = nearest(name, valid);
  return {
    message: `${what} ${name}`,
    next: near === undefined ? `there are ${valid.join(", ")}` : `did you mean ${near}?`,
  };
}
