import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";

/**
 * When a process of this machine started, as its system tells it: a text to be compared, the same each time it is asked
 * and never that of a later process with the same number. Undefined when there is no such process, or only its
 * remains that nobody has waited for; null when this system does not say.
 */
export function processStart(pid: number): string | null | undefined {
  try {
    return process.platform === "linux" ? fromProc(pid) : fromPs(pid);
  } catch {
    return isRunning(pid) ? null : undefined;
  }
}

/** Clock ticks since the boot, which no change of the clock moves; see proc(5). */
function fromProc(pid: number): string | undefined {
  const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
  // The second field is the program's name in parentheses, and may hold spaces and parentheses itself.
  const [state = "", ...fields] = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  if (state === "Z" || state === "X") return undefined;
  const boot = readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();
  return `${boot}:${fields[18]}`;
}

function fromPs(pid: number): string | undefined {
  const env = { ...process.env, LC_ALL: "C", TZ: "UTC" };
  const output = execFileSync("ps", ["-o", "state=,lstart=", "-p", String(pid)], { encoding: "utf8", env });
  const [, state = "", start = ""] = /^\s*(\S+)\s+(.+)$/.exec(output.trim()) ?? [];
  return state.startsWith("Z") || start === "" ? undefined : start;
}

/** Sends a process, or with a negative number its group, a signal. `gone`: it has ended; `refused`: it is another user's. */
export function signalProcess(pid: number, signal: "SIGTERM" | "SIGKILL"): "sent" | "gone" | "refused" {
  try {
    process.kill(pid, signal);
    return "sent";
  } catch (error) {
    const code = error instanceof Error && "code" in error ? error.code : undefined;
    if (code === "ESRCH") return "gone";
    if (code === "EPERM") return "refused";
    throw error;
  }
}

/** Whether there is a process with this number, or its remains, whoever it belongs to. */
export function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // EPERM: it lives and belongs to somebody else.
    return error instanceof Error && "code" in error && error.code === "EPERM";
  }
}
