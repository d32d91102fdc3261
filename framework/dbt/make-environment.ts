import {
  appendFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { basename, dirname, join } from "node:path";
import { findPython, type PythonCommand } from "./find-python.ts";
import {
  type EnvironmentMarker,
  interpreterOf,
  markerFile,
  type PythonProgress,
} from "./environment-layout.ts";
import { installFailure, venvFailure } from "./install-failure.ts";
import { findPip } from "./find-pip.ts";
import { packageIndexEnvironment } from "./package-index.ts";
import { runProcess } from "./run-process.ts";

interface MakeOptions {
  /** Where the environment shall be, absolute. */
  readonly dir: string;
  readonly lockFiles: readonly string[];
  readonly lockDigest: string;
  readonly onProgress?: (progress: PythonProgress) => void;
  readonly signal?: AbortSignal;
}

/**
 * Makes the environment under a temporary name and renames it when it is complete, so that a kill at any instant
 * leaves none, or a whole one. The caller holds the lock.
 *
 * @throws FailureError `python-unavailable`, or the reason of the signal that aborted
 */
export async function makeEnvironment(options: MakeOptions): Promise<void> {
  const { dir, signal } = options;
  const progress = (update: PythonProgress) => options.onProgress?.(update);
  removeLeftovers(dir);
  const suffix = `${process.pid}-${Date.now().toString(36)}`;
  const temporary = `${dir}.making-${suffix}`;
  try {
    const python = await findPython(signal);
    progress({ message: `making a Python ${python.version} environment` });
    await createVenv(python, temporary, signal);
    await installPackages(python, temporary, options, progress);
    const marker: EnvironmentMarker = {
      lockDigest: options.lockDigest,
      pythonVersion: python.version,
      basePython: realpathSync(interpreterOf(temporary)),
    };
    writeFileSync(join(temporary, markerFile), `${JSON.stringify(marker, undefined, 2)}\n`);
    if (existsSync(dir)) renameSync(dir, `${dir}.old-${suffix}`);
    renameSync(temporary, dir);
    progress({ message: "Python environment ready", finished: true });
  } finally {
    removeLeftovers(dir);
  }
}

/** What killed attempts left, and the environment that has been replaced. */
function removeLeftovers(dir: string): void {
  const parent = dirname(dir);
  mkdirSync(parent, { recursive: true });
  for (const name of readdirSync(parent)) {
    if (!name.startsWith(`${basename(dir)}.making-`) && !name.startsWith(`${basename(dir)}.old-`)) continue;
    try {
      rmSync(join(parent, name), { recursive: true, force: true, maxRetries: 3 });
    } catch (error) {
      // The installer of a killed attempt may still be writing there; the next time removes it.
      if (!["ENOTEMPTY", "EBUSY", "EPERM"].includes((error as NodeJS.ErrnoException).code ?? "")) throw error;
    }
  }
}

async function createVenv(
  python: PythonCommand,
  dir: string,
  signal: AbortSignal | undefined,
): Promise<void> {
  const { code, stdout, stderr } = await runProcess(python.command, ["-m", "venv", "--without-pip", dir], {
    signal,
  });
  if (code !== 0) throw venvFailure(python, `${stdout}${stderr}`);
  // Scripts that uv installs then find their interpreter beside them, also after the rename.
  appendFileSync(join(dir, "pyvenv.cfg"), "relocatable = true\n");
}

async function installPackages(
  base: PythonCommand,
  dir: string,
  { lockFiles, signal }: MakeOptions,
  progress: (update: PythonProgress) => void,
): Promise<void> {
  const python = interpreterOf(dir);
  const total = countPackages(lockFiles);
  progress({ message: "fetching uv, which installs the packages", done: 0, total });
  const pip = await findPip(base, python, signal);
  const uvLock = join(dir, "uv-requirements.txt");
  writeFileSync(uvLock, uvRequirement(lockFiles));
  const fetch = ["install", "--disable-pip-version-check", "--no-input", "--quiet", "--requirement", uvLock];
  const fetched = await runProcess(pip.command, [...pip.args, ...fetch], { signal });
  if (fetched.code !== 0) throw installFailure(fetched.stderr, lockFiles);

  progress({ message: `installing ${total} packages`, done: 0, total });
  const requirements = lockFiles.flatMap((file) => ["--requirement", file]);
  const uv = ["-m", "uv", "pip", "install", "--python", python, "--require-hashes", ...requirements];
  const installed = await runProcess(python, uv, {
    signal,
    env: await packageIndexEnvironment(pip, signal),
    onErrorLine: downloadProgress(total, progress),
  });
  if (installed.code !== 0) throw installFailure(installed.stderr, lockFiles);
}

/** uv names only the downloads that take long; they are what one waits for. */
function downloadProgress(total: number, progress: (update: PythonProgress) => void): (line: string) => void {
  const pending = new Set<string>();
  return (line) => {
    const [, verb, name = ""] = /^ ?(Downloading|Downloaded) (\S+)/.exec(line) ?? [];
    if (verb === "Downloading") pending.add(name);
    if (verb === "Downloaded") pending.delete(name);
    if (verb !== undefined && pending.size > 0)
      progress({
        message: `downloading ${[...pending].join(", ")}`,
        done: Math.max(0, total - pending.size),
        total,
      });
    const installed = /^Installed (\d+) packages?/.exec(line)?.[1];
    if (installed !== undefined) progress({ message: `installed ${installed} packages`, done: total, total });
  };
}

function countPackages(lockFiles: readonly string[]): number {
  const names = lockFiles.flatMap(
    (file) => readFileSync(file, "utf8").match(/^[A-Za-z0-9._-]+(?===)/gm) ?? [],
  );
  return new Set(names).size;
}

/** The lock's own entry of uv with its hashes, so that pip checks them; any uv when the lock has none. */
function uvRequirement(lockFiles: readonly string[]): string {
  const entry = /^uv==[^\\\n]*(?:\\\n[^\\\n]*)*/m;
  const [locked] = lockFiles.flatMap((file) => entry.exec(readFileSync(file, "utf8")) ?? []);
  return `${locked ?? "uv"}\n`;
}
