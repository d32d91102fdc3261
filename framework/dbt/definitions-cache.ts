import { readdirSync, readFileSync, statSync } from "node:fs";
import { join, relative } from "node:path";
import { hashJson, sha256 } from "../util/hash.ts";
import { writeAtomically } from "../util/write-atomically.ts";
import type { DbtManifest } from "./dbt-manifest.ts";

interface Cached {
  /** Everything that the manifest depends on beside the project's files. */
  readonly setting: string;
  readonly stamps: Readonly<Record<string, string>>;
  readonly contents: string;
  readonly manifest: DbtManifest;
}

/** What a manifest was, or would be, parsed from. */
export interface ProjectState {
  readonly projectDir: string;
  /** Target, digest of the Python lock, and of the program that describes the project. */
  readonly setting: string;
  /** `mtime:size` of each file of the project. */
  readonly stamps: Readonly<Record<string, string>>;
}

/** What dbt writes into a project itself, and editors' and Python's litter. */
const notRead = new Set(["target", "logs", ".git", "__pycache__", "node_modules", ".venv", "venv"]);

/** Looks at the project's files; reads none. */
export function observeProject(projectDir: string, setting: string): ProjectState {
  const stamps: Record<string, string> = {};
  const walk = (directory: string): void => {
    for (const entry of readdirSync(directory, { withFileTypes: true })) {
      const path = join(directory, entry.name);
      if (notRead.has(entry.name)) continue;
      const stat = statSync(path, { throwIfNoEntry: false });
      if (stat?.isDirectory() === true) walk(path);
      else if (stat !== undefined) stamps[relative(projectDir, path)] = `${stat.mtimeMs}:${stat.size}`;
    }
  };
  walk(projectDir);
  return { projectDir, setting, stamps };
}

/** The manifest parsed from exactly this project; undefined when there is none, or something has changed since. */
export function readCachedManifest(file: string, state: ProjectState): DbtManifest | undefined {
  const cached = readCache(file);
  if (cached?.setting !== state.setting) return undefined;
  for (const [name, value] of Object.entries(cached.manifest.environment)) {
    if ((process.env[name] ?? null) !== value) return undefined;
  }
  if (hashJson(cached.stamps) === hashJson(state.stamps)) return cached.manifest;
  if (cached.contents !== digestContents(state)) return undefined;
  // Only touched, by a checkout for instance: next time the stamps alone will do.
  writeCache(file, { ...cached, stamps: state.stamps });
  return cached.manifest;
}

/** Keeps a manifest. `state` must have been observed before it was parsed. */
export function writeCachedManifest(file: string, state: ProjectState, manifest: DbtManifest): void {
  const { setting, stamps } = state;
  writeCache(file, { setting, stamps, contents: digestContents(state), manifest });
}

function digestContents({ projectDir, stamps }: ProjectState): string {
  return hashJson(
    Object.fromEntries(
      Object.keys(stamps).map((path) => [path, sha256(readFileSync(join(projectDir, path), "latin1"))]),
    ),
  );
}

function readCache(file: string): Cached | undefined {
  try {
    return JSON.parse(readFileSync(file, "utf8")) as Cached;
  } catch (error) {
    // None yet, or damaged: as good as none, the project is parsed again.
    if (error instanceof SyntaxError || (error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}

function writeCache(file: string, cached: Cached): void {
  writeAtomically(file, JSON.stringify(cached));
}
