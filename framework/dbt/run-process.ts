import { spawn } from "node:child_process";
import { createInterface } from "node:readline";

/** How a process ended. */
export interface ProcessResult {
  /** Null when a signal ended it. */
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/**
 * Runs a process to its end, whatever its exit code.
 *
 * @throws the system's error when it can't be started (`ENOENT`), or the signal's reason when it aborts; the process
 * has ended by then
 */
export async function runProcess(
  command: string,
  args: readonly string[],
  options: {
    readonly signal?: AbortSignal | undefined;
    readonly env?: Readonly<Record<string, string | undefined>>;
    /** Called with every line of stderr as it comes. */
    readonly onErrorLine?: (line: string) => void;
  } = {},
): Promise<ProcessResult> {
  options.signal?.throwIfAborted();
  const child = spawn(command, args, {
    env: { ...process.env, ...options.env },
    stdio: ["ignore", "pipe", "pipe"],
    windowsHide: true,
  });
  const stop = () => child.kill();
  options.signal?.addEventListener("abort", stop, { once: true });
  let stdout = "";
  let stderr = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => (stdout += text));
  createInterface({ input: child.stderr }).on("line", (line) => {
    stderr += `${line}\n`;
    options.onErrorLine?.(line);
  });
  try {
    const code = await new Promise<number | null>((resolve, reject) => {
      child.once("error", reject).once("close", resolve);
    });
    options.signal?.throwIfAborted();
    return { code, stdout, stderr };
  } finally {
    options.signal?.removeEventListener("abort", stop);
  }
}
