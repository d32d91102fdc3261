import { relative } from "node:path";
import { pathToFileURL } from "node:url";
import { glob } from "tinyglobby";
import type { Config, Target } from "../../definition/config.ts";
import type { LoadContext } from "../../definition/asset-source.ts";
import { DefinitionError } from "../../definition/problem.ts";
import { nearest } from "../../util/nearest.ts";
import { UsageError } from "../usage-error.ts";
import { collectDefinitions, globsOf, importProblem } from "./collect-definitions.ts";
import { compileProject } from "./compile-project.ts";
import type { ProjectPaths } from "./find-project.ts";
import { joinDefinitions, type LoadedDefinitions } from "./join-definitions.ts";

/** What opening a project may report, and what ends it early. */
export type OpenContext = Pick<LoadContext, "progress" | "signal">;

/** A project whose config has been read: enough for verbs that need no asset. */
export interface LoadedConfig extends ProjectPaths {
  readonly config: Config;
  readonly targetName: string;
  readonly target: Target;
}

const defaultTargets: Readonly<Record<string, Target>> = {
  local: { lakehouse: { type: "embedded" }, secrets: { type: "environment" } },
};

/**
 * Reads a project's config.
 *
 * @throws DefinitionError when it is wrong; UsageError for an unknown target
 */
export async function loadConfig(paths: ProjectPaths, targetName: string | undefined): Promise<LoadedConfig> {
  const [compiled] = await compileProject(paths, [paths.configFile]);
  const config = configOf(await importModule(compiled ?? "", paths.configFile, paths), paths);
  const targets = config.targets ?? defaultTargets;
  const name = targetName ?? config.defaultTarget ?? "local";
  const target = targets[name];
  if (target === undefined) {
    const [suggestion] = nearest(name, Object.keys(targets));
    throw new UsageError(
      `no target ${name}; this project has ${Object.keys(targets).join(", ")}`,
      suggestion === undefined ? undefined : `--target ${suggestion}`,
    );
  }
  return { ...paths, config, targetName: name, target };
}

/**
 * Reads a project's assets, checks and schedules and joins them.
 *
 * @throws DefinitionError with everything that is wrong
 */
export async function loadDefinitions(
  loaded: LoadedConfig,
  context: OpenContext,
): Promise<LoadedDefinitions> {
  const definitions = await collectDefinitions(await importDefinitions(loaded), {
    projectDir: loaded.projectDir,
    stateDir: loaded.stateDir,
    target: loaded.targetName,
    ...context,
  });
  return joinDefinitions(definitions, loaded.config);
}

/** What the config's `assets` and `schedules` hold: values, and the modules that their globs name. */
async function importDefinitions({ config, ...paths }: LoadedConfig): Promise<readonly unknown[]> {
  const found = await Promise.all(
    (["assets", "schedules"] as const).map((name) => filesOf(name, globsOf(config[name] ?? []), paths)),
  );
  const files = [...new Set(found.flat())];
  if (files.length === 0) return [config.assets, config.schedules];
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
  const { assets, schedules } = configOf(first, paths);
  return [assets, schedules, ...modules];
}

/** The files that one member's globs name, in the order of their names. */
async function filesOf(
  member: "assets" | "schedules",
  globs: readonly string[],
  paths: ProjectPaths,
): Promise<readonly string[]> {
  if (globs.length === 0) return [];
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
