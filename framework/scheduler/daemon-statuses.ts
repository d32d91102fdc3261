import { whereIsOwner } from "../store/run-owner.ts";
import type { DaemonRecord, ScheduleReader } from "../store/schedules.ts";

/** A daemon that has said nothing for so long hangs. */
const silentAfterMs = 60_000;

/** `none`: no daemon has ever worked on the target. */
export type DaemonState = "ok" | "draining" | "silent" | "dead" | "stopped" | "none";

/** A daemon, and what has become of it. */
export interface DaemonStatus extends DaemonRecord {
  readonly state: Exclude<DaemonState, "none">;
  /** Whether it starts what is due, or at least waits for what it has started. */
  readonly isWorking: boolean;
  /** Since it last said something, milliseconds. */
  readonly silentMs: number;
}

/** The daemons of the reader's target, newest first. */
export function daemonStatuses(reader: ScheduleReader, now: Date): readonly DaemonStatus[] {
  return reader.daemons().map((record) => {
    const silentMs = Math.max(0, now.getTime() - Date.parse(record.heartbeatAt));
    const state = stateOf(record, silentMs);
    return { ...record, state, isWorking: state === "ok" || state === "draining", silentMs };
  });
}

/** One that works, else the newest; undefined when there has never been one. */
export function leadingDaemon(daemons: readonly DaemonStatus[]): DaemonStatus | undefined {
  return daemons.find(({ isWorking }) => isWorking) ?? daemons[0];
}

function stateOf(record: DaemonRecord, silentMs: number): DaemonStatus["state"] {
  if (record.stoppedAt !== undefined) return "stopped";
  if (whereIsOwner(record) === "gone") return "dead";
  if (silentMs > silentAfterMs) return "silent";
  return record.isDraining ? "draining" : "ok";
}
