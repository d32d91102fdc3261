import type { AssetKey } from "../definition/asset-key.ts";
import type { RunSession } from "./run-session.ts";

/** What a run works on, see the event. */
export interface RunScope {
  /** In topological order. */
  readonly keys: readonly AssetKey[];
  readonly partitions: Readonly<Record<string, readonly string[]>>;
  readonly usualMs: Readonly<Record<string, number>>;
}

/** The decision that was to start a run no longer holds: another process has decided meanwhile. Nothing was recorded. */
export class DecisionLostError extends Error {}

/**
 * Records that a run begins, and what it was asked for: enough to take it up again. Throws {@link DecisionLostError}.
 *
 * @returns the instant of its start
 */
export function recordStart(session: RunSession, { keys, partitions, usualMs }: RunScope): string {
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
    ...whenAny("partitions", partitions),
    workers,
    usualMs,
    ...(forced.length === 0 ? {} : { forced }),
    ...whenAny("tags", tags),
    ...(resumes === undefined ? {} : { resumes }),
  });
  const run = { id: runId, trigger, selection, startedAt: event.at, tags, resumes };
  if (!store.startRun(run, event, request.decision)) throw new DecisionLostError();
  session.show(event);
  return event.at;
}

/** A member of an event that is left out while it is empty. */
export function whenAny<N extends string, T extends object>(name: N, members: T): { readonly [K in N]?: T } {
  return Object.keys(members).length === 0 ? {} : ({ [name]: members } as { readonly [K in N]: T });
}
