import { setImmediate } from "node:timers/promises";

/** Whether a process of this number lives. */
export function isThere(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

/** Resolves when none of the processes is left; the test's own time is the limit. */
export async function ended(pids: readonly number[]): Promise<void> {
  while (pids.some(isThere)) await setImmediate();
}
