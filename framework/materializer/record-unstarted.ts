import type { AssetKey } from "../definition/asset-key.ts";
import type { Outcome } from "../event/event.ts";
import type { RunSession } from "./run-session.ts";

/** How an asset ended that had nothing to do, was held back or was cancelled while it waited. */
export interface UnstartedEnd {
  readonly outcome: Extract<Outcome, "fresh" | "skipped" | "cancelled">;
  /** With `skipped`: the asset that failed. */
  readonly because?: AssetKey;
}

/** Records the outcome of an asset that was not working when it ended. */
export function recordUnstarted(session: RunSession, key: AssetKey, end: UnstartedEnd): void {
  const { request, runId } = session;
  const event = session.stamp({
    type: "asset-finished",
    key,
    attempts: 0,
    durationMs: 0,
    causes: [],
    ...end,
  });
  request.store.finishAttempt(
    {
      runId,
      key,
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
