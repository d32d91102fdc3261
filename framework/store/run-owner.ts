import { hostname } from "node:os";

/** A run whose owner said nothing for this long is dead, whatever its process id says now. */
const deadAfterMs = 120_000;

/** Who works on a run, as the store keeps it. */
export interface RunOwner {
  readonly host: string;
  readonly pid: number;
  readonly heartbeat_at: string;
}

/** Whether nobody works on the run any more: its process is gone, or has been silent for two minutes. */
export function isDead(owner: RunOwner, now: string): boolean {
  const silentMs = Date.parse(now) - Date.parse(owner.heartbeat_at);
  return silentMs > deadAfterMs || (owner.host === hostname() && !isAlive(owner.pid));
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // EPERM: it lives and belongs to somebody else.
    return error instanceof Error && "code" in error && error.code === "EPERM";
  }
}
