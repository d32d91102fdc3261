import type { PythonCommand } from "./find-python.ts";
import { venvFailure } from "./install-failure.ts";
import { runProcess } from "./run-process.ts";

/** How pip is called so that it installs into the environment. */
export interface PipCommand {
  readonly command: string;
  readonly args: readonly string[];
}

/**
 * Lets the pip beside the base Python install into an environment that has none: unpacking Python's own copy
 * (`ensurepip`) takes seconds. Where there is none, or one before 22.3, that copy is unpacked after all.
 *
 * @throws FailureError `python-unavailable` when there is no such copy either (Debian without python3-venv)
 */
export async function findPip(
  base: PythonCommand,
  python: string,
  signal?: AbortSignal,
): Promise<PipCommand> {
  const args = ["-m", "pip", "--python", python];
  const { code } = await runProcess(base.command, [...args, "--version"], { signal });
  if (code === 0) return { command: base.command, args };
  const unpacked = await runProcess(python, ["-m", "ensurepip"], { signal });
  if (unpacked.code !== 0) throw venvFailure(base, `${unpacked.stdout}${unpacked.stderr}`);
  return { command: python, args: ["-m", "pip"] };
}
