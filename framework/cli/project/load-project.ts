import { relative } from "node:path";
import { pathToFileURL } from "node:url";
import type { Config } from "../../definition/config.ts";
import type { Definitions, LoadContext } from "../../definition/asset-source.ts";
import { DefinitionError } from "../../definition/problem.ts";
import {
  completeTarget,
  type CompleteTarget,
  defaultTargetOf,
  targetProblems,
  targetsOf,
} from "../../definition/targets.ts";
import type { AssetGraph } from "../../graph/asset-graph.ts";
import { buildGraph } from "../../graph/build-graph.ts";
import { nearest } from "../../util/nearest.ts";
import { UsageError } from "../usage-error.ts";
import { collectDefinitions, globsOf, importProblem } from "./collect-definitions.ts";
import { compileProject } from "./compile-project.ts";
import type { ProjectPaths } from "./find-project.ts";
import { joinDefinitions, type ScheduledDefinitions } from "./join-definitions.ts";
import { withSettings } from "./with-settings.ts";

/** What opening a project may report, and what ends it early. */
export type OpenContext = Pick<LoadContext, "progress" | "signal">;

/** A project whose config has been read: enough for verbs that need no asset. */
export interface LoadedConfig extends ProjectPaths {
  readonly config: Config;
  readonly targetName: string;
  readonly target: CompleteTarget;
}

/**
 * Reads a project's config.
 *
 * @throws DefinitionError when it is wrong; UsageError for an unknown target, or when the config leaves the choice open
 */
export async function loadConfig(paths: ProjectPaths, targetName: string | undefined): Promise<LoadedConfig> {
  const [compiled] = await compileProject(paths, [paths.configFile]);
  const config = configOf(await importModule(compiled ?? "", paths.configFile, paths), paths);
  return {
    ...paths,
    config,
    ...chooseTarget(config, targetName, relative(paths.projectDir, paths.configFile)),
  };
}

function chooseTarget(
  config: Config,
  asked: string | undefined,
  where: string,
): Pick<LoadedConfig, "target" | "targetName"> {
  const targets = targetsOf(config);
  const names = Object.keys(targets);
  const problems = names.flatMap((name) => targetProblems(name, targets[name]));
  if (config.defaultTarget !== undefined && !Object.hasOwn(targets, config.defaultTarget)) {
    const message = `defaultTarget: no target ${config.defaultTarget}; this project has ${names.join(", ")}`;
    problems.push({ message });
  }
  if (problems.length > 0) throw new DefinitionError(problems.map((problem) => ({ ...problem, where })));
  const targetName = asked ?? defaultTargetOf(config);
  if (targetName === undefined) {
    throw new UsageError(
      `this project has the targets ${names.join(", ")}, and none of them is the default`,
      `name one with --target, or set \`defaultTarget\` in ${where}`,
    );
  }
  const target = Object.hasOwn(targets, targetName) ? targets[targetName] : undefined;
  if (target !== undefined) return { targetName, target: completeTarget(target) };
  const [suggestion] = nearest(targetName, names);
  throw new UsageError(
    `no target ${targetName}; this project has ${names.join(", ")}`,
    suggestion === undefined ? undefined : `--target ${suggestion}`,
  );
}

/**
 * Reads a project's assets and checks and joins them.
 *
 * @throws DefinitionError with everything that is wrong
 */
export async function loadGraph(loaded: LoadedConfig, context: OpenContext): Promise<AssetGraph> {
  const definitions = await readDefinitions(loaded, ["assets"], context);
  return (await withSettings(loaded.config, () => ({ graph: buildGraph(definitions) }))).graph;
}

/**
 * The same with its schedules, for verbs that need them.
 *
 * @throws DefinitionError with everything that is wrong with either
 */
export async function loadScheduled(
  loaded: LoadedConfig,
  context: OpenContext,
): Promise<ScheduledDefinitions> {
  const definitions = await readDefinitions(loaded, ["assets", "schedules"], context);
  return withSettings(loaded.config, () => joinDefinitions(definitions, loaded.config));
}

type Member = "assets" | "schedules";

async function readDefinitions(
  loaded: LoadedConfig,
  members: readonly Member[],
  context: OpenContext,
): Promise<Definitions> {
  return collectDefinitions(await importDefinitions(loaded, members), {
    projectDir: loaded.projectDir,
    stateDir: loaded.stateDir,
    target: loaded.targetName,
    ...context,
  });
}

/** What some members of the config hold: values, and the modules that their globs name. */
async function importDefinitions(
  { config, ...paths }: LoadedConfig,
  members: readonly Member[],
): Promise<readonly unknown[]> {
  const found = await Promise.all(members.map((name) => filesOf(name, globsOf(config[name] ?? []), paths)));
  const files = [...new Set(found.flat())];
  const valuesOf = (values: Config) => members.map((name) => values[name]);
  if (files.length === 0) return valuesOf(config);
  // Compiled together with the config, so that what both import is one module and one asset, not two.
  const outputs = await compileProject(paths, [paths.configFile, ...files]);
  const sources = [paths.configFile, ...files];
  const settled = await Promise.allSettled(
    outputs.map((output, index) => importModule(output, sources[index] ?? output, paths)),
  );
  const problems = settled.flatMap((result) =>
    result.status === "rejected" && result.reason instanceof DefinitionError ? result.reason.problems : [],
  );
  if (problems.length > 0) throw new DefinitionError(problems);
  const [first, ...modules] = settled.flatMap((result) =>
    result.status === "fulfilled" ? [result.value] : [],
  );
  return [...valuesOf(configOf(first, paths)), ...modules];
}

/** The files that one member's globs name, in the order of their names. */
async function filesOf(
  member: Member,
  globs: readonly string[],
  paths: ProjectPaths,
): Promise<readonly string[]> {
  if (globs.length === 0) return [];
  const { glob } = await import("tinyglobby");
  const files = await glob([...globs], {
    cwd: paths.projectDir,
    absolute: true,
    ignore: ["**/node_modules/**", ".moraine/**"],
  });
  if (files.length > 0) return files.sort();
  throw new DefinitionError([
    {
      message: `no file matches ${globs.join(", ")}`,
      where: relative(paths.projectDir, paths.configFile),
      next: `correct \`${member}\``,
    },
  ]);
}

async function importModule(compiled: string, source: string, paths: ProjectPaths): Promise<unknown> {
  process.setSourceMapsEnabled(true);
  try {
    return (await import(pathToFileURL(compiled).href)) as unknown;
  } catch (error) {
    throw new DefinitionError(importProblem(error, relative(paths.projectDir, source)));
  }
}

function configOf(module: unknown, paths: ProjectPaths): Config {
  const config: unknown =
    typeof module === "object" && module !== null && "default" in module ? module.default : undefined;
  if (typeof config === "object" && config !== null && "name" in config && "assets" in config)
    return config as Config;
  throw new DefinitionError([
    {
      message: "expected a default export made by defineConfig({ name, assets, ... })",
      where: relative(paths.projectDir, paths.configFile),
    },
  ]);
}
