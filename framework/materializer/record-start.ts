import type { AssetKey } from "../definition/asset-key.ts";
import type { RunSession } from "./run-session.ts";

/**
 * Records that a run begins, and what it was asked for: enough to take it up again.
 *
 * @param keys in topological order
 * @returns the instant of its start
 */
export function recordStart(
  session: RunSession,
  keys: readonly AssetKey[],
  usualMs: Readonly<Record<string, number>>,
): string {
  const { request, runId } = session;
  const { store, selection, trigger, workers, resumes } = request;
  const forced = keys.filter((key) => request.forced.has(key));
  // The event is redacted as a whole, the row is not.
  const tags = JSON.parse(request.redact(JSON.stringify(request.tags ?? {}))) as Record<string, string>;
  const event = session.stamp({
    type: "run-started",
    target: store.target,
    trigger,
    selection,
    keys,
    workers,
    usualMs,
    ...(forced.length === 0 ? {} : { forced }),
    ...(Object.keys(tags).length === 0 ? {} : { tags }),
    ...(resumes === undefined ? {} : { resumes }),
  });
  store.startRun({ id: runId, trigger, selection, startedAt: event.at, tags, resumes }, event);
  session.show(event);
  return event.at;
}
