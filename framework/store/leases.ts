import type { Statement } from "better-sqlite3";
import type { Unit } from "../definition/unit.ts";
import { deadAfterMs, isDead, type RunOwner } from "./run-owner.ts";
import type { Instant, LeaseAnswer } from "./store.ts";

// Statements on the table `leases`, each part of a transaction of the caller's.

interface Holder extends RunOwner {
  readonly run_id: string;
  readonly status: string;
}

/** What a run that takes leases needs to say. */
export interface LeaseRequest {
  readonly target: string;
  readonly runId: string;
  readonly units: readonly Unit[];
  readonly at: Instant;
}

/** Takes all or none. @param interrupt called with a dead holder's run, whose leases it must remove */
export function takeLeases(
  statement: (sql: string) => Statement,
  { target, runId, units, at }: LeaseRequest,
  interrupt: (runId: string) => void,
): LeaseAnswer {
  const holderOf = statement(
    `SELECT l.run_id, r.status, r.host, r.pid, r.process_start AS processStart, r.heartbeat_at AS heartbeatAt
     FROM leases l JOIN runs r ON r.id = l.run_id WHERE l.target = ? AND l.key = ? AND l.partition = ?`,
  );
  for (const unit of units) {
    const holder = holderOf.get(target, unit.key, unit.partition) as Holder | undefined;
    if (holder === undefined || holder.run_id === runId) continue;
    if (holder.status === "running" && !isDead(holder, at)) return { held: false, by: holder.run_id, unit };
    interrupt(holder.run_id);
  }
  const take = statement(
    `INSERT INTO leases (target, key, partition, run_id, acquired_at, heartbeat_at, expires_at) VALUES (?, ?, ?, ?, ?, ?, ?)
     ON CONFLICT (target, key, partition) DO NOTHING`,
  );
  for (const { key, partition } of units) take.run(target, key, partition, runId, at, at, expiryOf(at));
  return { held: true };
}

/** When a lease that was last heard of at `at` may be taken by anybody. */
export function expiryOf(at: Instant): Instant {
  return new Date(Date.parse(at) + deadAfterMs).toISOString();
}
