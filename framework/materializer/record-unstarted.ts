import type { Unit } from "../definition/unit.ts";
import type { Outcome } from "../event/event.ts";
import { type RunSession, unitFields } from "./run-session.ts";

/** How a unit ended that had nothing to do, was held back or was cancelled while it waited. */
export interface UnstartedEnd {
  readonly outcome: Extract<Outcome, "fresh" | "skipped" | "cancelled">;
  /** With `skipped`: the unit that failed, or the asset of which nothing is there. */
  readonly because?: string;
}

/** Records the outcome of a unit that was not working when it ended. */
export function recordUnstarted(session: RunSession, unit: Unit, end: UnstartedEnd): void {
  const { request, runId } = session;
  const event = session.stamp({
    type: "asset-finished",
    ...unitFields(unit),
    attempts: 0,
    durationMs: 0,
    causes: [],
    ...end,
  });
  request.store.finishAttempt(
    {
      runId,
      key: unit.key,
      partition: unit.partition,
      attempt: 0,
      startedAt: event.at,
      finishedAt: event.at,
      outcome: end.outcome,
      failure: undefined,
    },
    event,
  );
  session.show(event);
}
