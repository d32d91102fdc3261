import { existsSync, mkdirSync, statSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { UsageError } from "../usage-error.ts";

const configNames = ["moraine.config.ts", "moraine.config.mts", "moraine.config.js", "moraine.config.mjs"];

/** Where a project is. Paths are absolute. */
export interface ProjectPaths {
  readonly projectDir: string;
  /** `.moraine`; it need not exist yet, see {@link makeStateDir}. */
  readonly stateDir: string;
  readonly configFile: string;
}

/**
 * Finds the project: in `dir`, or without one in the nearest folder upwards that has a config. Makes nothing.
 *
 * @throws UsageError when there is none, or its state folder is a file
 */
export function findProject(dir: string | undefined): ProjectPaths {
  const start = resolve(dir ?? ".");
  for (let folder = start; ; folder = dirname(folder)) {
    const name = configNames.find((candidate) => existsSync(join(folder, candidate)));
    if (name !== undefined) {
      const stateDir = join(folder, ".moraine");
      if (statSync(stateDir, { throwIfNoEntry: false })?.isDirectory() === false)
        throw new UsageError(`${stateDir} is not a folder`, "move it away: moraine keeps its state there");
      return { projectDir: folder, stateDir, configFile: join(folder, name) };
    }
    if (dir !== undefined || dirname(folder) === folder) break;
  }
  throw new UsageError(
    `no moraine.config.ts in ${start}${dir === undefined ? " or above" : ""}`,
    "go to the project's folder, or name it with --project DIR",
  );
}

/**
 * Makes the state folder, which only its owner may enter: the tables in it hold people's names and addresses. A folder
 * that exists keeps its mode.
 *
 * @returns whether this call made it
 */
export function makeStateDir(stateDir: string): boolean {
  return mkdirSync(stateDir, { recursive: true, mode: 0o700 }) !== undefined;
}
