import { fail } from "../event/failure.ts";
import { runProcess } from "./run-process.ts";

/** A Python that can make the environment. */
export interface PythonCommand {
  readonly command: string;
  /** E.g. `3.11.7`. */
  readonly version: string;
}

const oldestMinor = 10;
/** The newest that dbt 1.11 says it supports; a newer one is taken only when there is no other. */
const newestTestedMinor = 13;

const usualCommands = ["python3", "python", "python3.13", "python3.12", "python3.11", "python3.10"];

/**
 * Finds Python >= 3.10: `MORAINE_PYTHON` when set, else the first that fits of `python3`, `python`, `python3.13` ...
 *
 * @throws FailureError `python-unavailable`
 */
export async function findPython(signal?: AbortSignal): Promise<PythonCommand> {
  const wanted = process.env["MORAINE_PYTHON"];
  const found: PythonCommand[] = [];
  for (const command of wanted === undefined || wanted === "" ? usualCommands : [wanted]) {
    const version = await versionOf(command, signal);
    if (version === undefined) continue;
    const python = { command, version };
    if (minorOf(version) >= oldestMinor && minorOf(version) <= newestTestedMinor) return python;
    found.push(python);
  }
  const newer = found.find((python) => minorOf(python.version) > newestTestedMinor);
  return newer ?? failWithout(found, wanted);
}

function failWithout(found: readonly PythonCommand[], wanted: string | undefined): never {
  const listed = found.map((python) => `${python.command} ${python.version}`).join(", ");
  return fail({
    reason: "python-unavailable",
    message:
      found.length === 0
        ? "Python is needed for dbt and was not found"
        : "the Python found is too old for dbt",
    expected: `Python 3.${oldestMinor} or newer`,
    got: found.length === 0 ? `no ${wanted ? `program ${wanted}` : "python3 or python on PATH"}` : listed,
    next: wanted
      ? "point MORAINE_PYTHON at a Python 3.10 or newer, or unset it"
      : "install Python 3.10 or newer (python.org, apt, brew), or name one with MORAINE_PYTHON=/path/to/python3",
    retryable: false,
  });
}

async function versionOf(command: string, signal: AbortSignal | undefined): Promise<string | undefined> {
  try {
    const script = "import platform; print(platform.python_version())";
    const { code, stdout } = await runProcess(command, ["-c", script], { signal });
    return code === 0 && /^\d+\.\d+\.\d+/.test(stdout) ? stdout.trim() : undefined;
  } catch (error) {
    signal?.throwIfAborted();
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT" || code === "EACCES") return undefined;
    throw error;
  }
}

/** 11 for `3.11.7`; 0 for Python 2, which is too old in any case. */
function minorOf(version: string): number {
  const [major, minor] = version.split(".").map(Number);
  return major === 3 ? (minor ?? 0) : (major ?? 0) > 3 ? Number.POSITIVE_INFINITY : 0;
}
