import type { Statement } from "better-sqlite3";
import type { RunStatus } from "../event/event.ts";
import type { TickFailureReason } from "../event/daemon-event.ts";
import type { Ending, TickRequest } from "./schedules.ts";
import type { Instant } from "./instant.ts";

// What becomes of a tick when its run has ended; part of the transaction that records the end, so that no daemon has to be
// there for it and none can decide otherwise.

/** How a run ended, as its tick sees it. */
export interface TickEnd {
  readonly status: Exclude<RunStatus, "running"> | "not-started";
  readonly message?: string;
  readonly at: Instant;
}

interface OpenRow {
  readonly id: number;
  readonly attempt: number;
  readonly request: string;
  readonly ending: Ending | null;
}

/** Ends the started tick of a run, if it has one, or puts it back into the queue. */
export function settleTick(statement: (sql: string) => Statement, runId: string, end: TickEnd): void {
  const tick = statement(
    `SELECT id, attempt, request, ending FROM ticks WHERE run_id = ? AND status = 'started'`,
  ).get(runId) as OpenRow | undefined;
  if (tick === undefined) return;
  const { retry } = JSON.parse(tick.request) as TickRequest;
  const reason = reasonOf(end.status, tick.ending);
  const message = end.message ?? null;
  if (reason === undefined) {
    statement(
      `UPDATE ticks SET status = 'succeeded', reason = NULL, message = NULL, finished_at = @at, ending = NULL WHERE id = @id`,
    ).run({ id: tick.id, at: end.at });
    return;
  }
  const again = (attempt: number, notBefore: Instant) =>
    statement(
      `UPDATE ticks SET status = 'queued', attempt = @attempt, not_before = @notBefore, reason = @reason, message = @message,
         ending = NULL WHERE id = @id`,
    ).run({ id: tick.id, attempt, notBefore, reason, message });
  // It was told to end for the daemon's sake alone: that was no attempt of its own.
  if (tick.ending === "drain") again(tick.attempt - 1, end.at);
  else if (tick.attempt < retry.maxAttempts && mayPass(statement, runId, reason)) {
    const delayMs = Math.min(retry.maxDelayMs, retry.baseDelayMs * 2 ** (tick.attempt - 1));
    again(tick.attempt, new Date(Date.parse(end.at) + delayMs).toISOString());
  } else {
    statement(
      `UPDATE ticks SET status = 'failed', reason = @reason, message = @message, finished_at = @at WHERE id = @id`,
    ).run({ id: tick.id, reason, message, at: end.at });
  }
}

/** Undefined: it succeeded. */
function reasonOf(status: TickEnd["status"], ending: Ending | null): TickFailureReason | undefined {
  if (status === "succeeded") return undefined;
  if (ending === "deadline" || ending === "memory") return ending;
  if (status === "failed") return "run-failed";
  if (status === "interrupted") return "died";
  return status;
}

/** Whether another run may do better: not what a person has stopped, and not what fails the same way each time. */
function mayPass(statement: (sql: string) => Statement, runId: string, reason: TickFailureReason): boolean {
  if (reason === "cancelled") return false;
  if (reason !== "run-failed") return true;
  const retryable = statement(
    `SELECT 1 FROM attempts a WHERE run_id = ? AND outcome = 'failed' AND failure ->> 'retryable' = 1
       AND attempt = (SELECT max(attempt) FROM attempts WHERE run_id = a.run_id AND key = a.key AND partition = a.partition)`,
  ).get(runId);
  return retryable !== undefined;
}
