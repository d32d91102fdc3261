import { join } from "node:path";

/** A step of making the environment; `done` of `total` count packages. */
export interface PythonProgress {
  readonly message: string;
  readonly done?: number;
  readonly total?: number;
  readonly finished?: boolean;
}

/** What the environment was made from; it holds while all of it is unchanged. Written last. */
export interface EnvironmentMarker {
  /** Of all lock files. */
  readonly lockDigest: string;
  readonly pythonVersion: string;
  /** The interpreter behind the environment's own. */
  readonly basePython: string;
}

/** Name of the marker in the environment's folder. */
export const markerFile = "moraine-environment.json";

/** The interpreter of an environment. */
export function interpreterOf(dir: string): string {
  return process.platform === "win32" ? join(dir, "Scripts", "python.exe") : join(dir, "bin", "python");
}
