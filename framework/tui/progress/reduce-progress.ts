import type { Outcome, RunEvent } from "../../event/event.ts";
import { unreachable } from "../../util/unreachable.ts";
import { unitName } from "../words/text.ts";
import { partitionCounts } from "./estimate.ts";
import type {
  FinishedAsset,
  FinishedCheck,
  ProgressState,
  ResourceProgress,
  RunningAsset,
} from "./progress-state.ts";

/**
 * The state after more events; the given one is left as it is. The events' own stamps are the only clock. What has
 * been noted so far is copied once however many they are: give those of one frame together.
 */
export function reduceProgress(state: ProgressState, events: Iterable<RunEvent>): ProgressState {
  const draft: Draft = {
    ...state,
    running: new Map(state.running),
    finished: [...state.finished],
    finishedOf: new Map(state.finishedOf),
    counts: { ...state.counts },
    checks: [...state.checks],
    resources: new Map(state.resources),
  };
  for (const event of events) apply(draft, event);
  return draft;
}

/** A state that nobody else has seen yet. */
interface Draft extends Mutable<ProgressState> {
  running: Map<string, RunningAsset>;
  finished: FinishedAsset[];
  finishedOf: Map<string, number>;
  counts: Record<Outcome, number>;
  checks: FinishedCheck[];
  resources: Map<string, ResourceProgress>;
}

type Mutable<T> = { -readonly [Name in keyof T]: T[Name] };

function apply(draft: Draft, event: RunEvent): void {
  switch (event.type) {
    case "run-started":
      draft.runId = event.runId;
      draft.target = event.target;
      draft.selection = event.selection;
      draft.workers = event.workers;
      draft.startedMs = Date.parse(event.at);
      draft.keys = event.keys;
      draft.partitions = partitionCounts(event.partitions);
      draft.usualMs = event.usualMs;
      return;
    case "asset-started":
      return noteRunning(draft, event, {
        startedMs: draft.running.get(unitName(event))?.startedMs ?? Date.parse(event.at),
        attempt: event.attempt,
        maxAttempts: event.maxAttempts,
        message: undefined,
        done: undefined,
        total: undefined,
        unit: undefined,
        retry: undefined,
      });
    case "asset-progress":
      // Progress may arrive after the end of a body that was cut off; it must not bring the asset back.
      if (!draft.running.has(unitName(event))) return;
      return noteRunning(draft, event, {
        ...(event.message === undefined ? {} : { message: event.message }),
        ...(event.done === undefined ? {} : { done: event.done, total: event.total, unit: event.unit }),
      });
    case "asset-retrying":
      return noteRunning(draft, event, {
        attempt: event.attempt,
        maxAttempts: event.maxAttempts,
        retry: { untilMs: Date.parse(event.at) + event.delayMs, failure: event.failure },
      });
    case "asset-finished":
      return noteFinished(draft, event);
    case "check-finished":
      draft.checks.push({
        key: event.key,
        name: unitName(event),
        check: event.check,
        severity: event.severity,
        blocking: event.blocking,
        result: event.result,
        failure: event.failure,
      });
      return;
    case "resource-progress":
      return noteResource(draft, event);
    case "cancelling":
      draft.cancelling = event.reason;
      return;
    case "run-finished":
      draft.running.clear();
      draft.resources.clear();
      draft.ended = { status: event.status, durationMs: event.durationMs };
      return;
    case "asset-waiting":
    case "check-started":
    case "log":
    case "run-interrupted":
      return;
    default:
      return unreachable(event);
  }
}

function noteRunning(
  { running, startedMs }: Draft,
  event: { readonly key: string; readonly partition?: string },
  change: Partial<Omit<RunningAsset, "key" | "name">>,
): void {
  const name = unitName(event);
  const before: RunningAsset = running.get(name) ?? {
    key: event.key,
    name,
    startedMs,
    attempt: 1,
    maxAttempts: 1,
    message: undefined,
    done: undefined,
    total: undefined,
    unit: undefined,
    retry: undefined,
  };
  running.set(name, { ...before, ...change });
}

function noteFinished(draft: Draft, event: Extract<RunEvent, { type: "asset-finished" }>): void {
  const name = unitName(event);
  draft.running.delete(name);
  draft.finished.push({
    key: event.key,
    name,
    outcome: event.outcome,
    attempts: event.attempts,
    durationMs: event.durationMs,
    causes: event.causes,
    metadata: event.metadata,
    failure: event.failure,
    because: event.because,
  });
  draft.finishedOf.set(event.key, (draft.finishedOf.get(event.key) ?? 0) + 1);
  draft.counts[event.outcome] += 1;
}

function noteResource({ resources }: Draft, event: Extract<RunEvent, { type: "resource-progress" }>): void {
  if (event.finished === true) {
    resources.delete(event.resource);
    return;
  }
  resources.set(event.resource, {
    resource: event.resource,
    message: event.message,
    done: event.done,
    total: event.total,
    sinceMs: resources.get(event.resource)?.sinceMs ?? Date.parse(event.at),
  });
}
