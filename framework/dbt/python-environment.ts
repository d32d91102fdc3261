import { existsSync, readFileSync, realpathSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { hashJson } from "../util/hash.ts";
import { fail } from "../event/failure.ts";
import { withFileLock } from "../util/file-lock.ts";
import {
  type EnvironmentMarker,
  interpreterOf,
  markerFile,
  type PythonProgress,
} from "./environment-layout.ts";

export type { PythonProgress } from "./environment-layout.ts";

/** Python with dbt. */
export interface PythonEnvironment {
  /** The interpreter, absolute. */
  readonly python: string;
  readonly dir: string;
}

/** What {@link ensurePythonEnvironment} takes. */
export interface PythonEnvironmentOptions {
  /** `.moraine`, absolute. */
  readonly stateDir: string;
  /** The lock file: exact versions with hashes. */
  readonly requirementsFile: string;
  /** More lock files with hashes, e.g. what tests need. */
  readonly extraRequirementsFiles?: readonly string[];
  /** @default `venv` in `stateDir` */
  readonly venvDir?: string;
  readonly onProgress?: (progress: PythonProgress) => void;
  readonly signal?: AbortSignal;
}

/**
 * Finds the Python environment, or makes it: no process is started when it is there and its lock files have not
 * changed. Of two processes that need it at once, one makes it and the other waits.
 *
 * @throws FailureError `python-unavailable`: no Python >= 3.10, no venv module, no network, a hash that differs;
 * `cancelled`
 */
export async function ensurePythonEnvironment(options: PythonEnvironmentOptions): Promise<PythonEnvironment> {
  const dir = resolve(options.venvDir ?? join(options.stateDir, "venv"));
  const lockFiles = [options.requirementsFile, ...(options.extraRequirementsFiles ?? [])];
  const lockDigest = hashJson(lockFiles.map(readLockFile));
  const present = findEnvironment(dir, lockDigest);
  if (present !== undefined) return present;
  try {
    return await makeAlone({ ...options, dir, lockFiles, lockDigest });
  } catch (error) {
    if (options.signal?.aborted !== true) throw error;
    const message = "making the Python environment was cancelled";
    return fail({ reason: "cancelled", message, retryable: false }, error);
  }
}

interface MakeOptions extends PythonEnvironmentOptions {
  readonly dir: string;
  readonly lockFiles: readonly string[];
  readonly lockDigest: string;
}

async function makeAlone(options: MakeOptions): Promise<PythonEnvironment> {
  const { dir, lockDigest, signal, onProgress } = options;
  const onWait = (pid: number) =>
    onProgress?.({ message: `process ${pid} is making the Python environment, waiting for it` });
  return withFileLock(join(dirname(dir), `${basename(dir)}.lock`), { signal, onWait }, async () => {
    const madeMeanwhile = findEnvironment(dir, lockDigest);
    if (madeMeanwhile !== undefined) return madeMeanwhile;
    const { makeEnvironment } = await import("./make-environment.ts");
    await makeEnvironment(options);
    const made = findEnvironment(dir, lockDigest);
    if (made === undefined)
      throw new Error(`Internal error: expected a Python environment in ${dir}, got none`);
    return made;
  });
}

function findEnvironment(dir: string, lockDigest: string): PythonEnvironment | undefined {
  const marker = readMarker(join(dir, markerFile));
  const python = interpreterOf(dir);
  // A Python that was removed or replaced behind the environment leaves a dangling or redirected link.
  if (marker?.lockDigest !== lockDigest || !existsSync(python) || realpathSync(python) !== marker.basePython)
    return undefined;
  return { python, dir };
}

function readMarker(file: string): EnvironmentMarker | undefined {
  if (!existsSync(file)) return undefined;
  try {
    return JSON.parse(readFileSync(file, "utf8")) as EnvironmentMarker;
  } catch (error) {
    // Damaged: as good as none, the environment is made again.
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

function readLockFile(file: string): string {
  if (existsSync(file)) return readFileSync(file, "utf8");
  return fail({
    reason: "python-unavailable",
    message: "the lock file of the Python environment is missing",
    expected: "requirements with exact versions and hashes",
    where: file,
    next: "restore it, or compile it: uv pip compile --generate-hashes --universal",
    retryable: false,
  });
}
