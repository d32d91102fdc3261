import { hostname } from "node:os";
import { processStart } from "../util/process-start.ts";

/** How long a run may say nothing before those who can't look at its process take it for dead. */
export const deadAfterMs = 120_000;

/** The process that works on a run, as the store keeps it. */
export interface RunOwner {
  readonly host: string;
  readonly pid: number;
  /** See {@link processStart}; null when the owner's system did not say. */
  readonly processStart: string | null;
  readonly heartbeatAt: string;
}

/** The columns of `runs` that make a {@link RunOwner}. */
export const ownerColumns = "host, pid, process_start AS processStart, heartbeat_at AS heartbeatAt";

/** This process as the owner of a run. */
export function thisOwner(): Omit<RunOwner, "heartbeatAt"> {
  return { host: hostname(), pid: process.pid, processStart: processStart(process.pid) ?? null };
}

/**
 * Whether nobody works on the run any more. On its own machine the process itself is looked at, so that no jump of the
 * clock and no suspended laptop makes a living run dead; elsewhere it is one that was silent for two minutes.
 */
export function isDead(owner: RunOwner, now: string): boolean {
  const where = whereIsOwner(owner);
  if (where === "here" || where === "gone") return where === "gone";
  return Date.parse(now) - Date.parse(owner.heartbeatAt) > deadAfterMs;
}

/**
 * What this machine can tell of an owner: `here`, and certainly that process; `gone`; `unsure`, when a process of that
 * number lives but may be a later one; or it is `elsewhere`.
 */
export function whereIsOwner(owner: RunOwner): "here" | "gone" | "unsure" | "elsewhere" {
  if (owner.host !== hostname()) return "elsewhere";
  const start = processStart(owner.pid);
  if (start === undefined) return "gone";
  if (start === null || owner.processStart === null) return "unsure";
  return start === owner.processStart ? "here" : "gone";
}
