import type { RunEvent } from "../../event/event.ts";
import { unreachable } from "../../util/unreachable.ts";
import { unitName } from "../words/text.ts";
import { partitionCounts } from "./estimate.ts";
import type { ProgressState, RunningAsset } from "./progress-state.ts";

/** The state after one more event. The event's own stamp is the only clock. */
export function reduceProgress(state: ProgressState, event: RunEvent): ProgressState {
  switch (event.type) {
    case "run-started":
      return {
        ...state,
        runId: event.runId,
        target: event.target,
        selection: event.selection,
        workers: event.workers,
        startedMs: Date.parse(event.at),
        keys: event.keys,
        partitions: partitionCounts(event.partitions),
        usualMs: event.usualMs,
      };
    case "asset-started":
      return withRunning(state, event, {
        startedMs: state.running.get(unitName(event))?.startedMs ?? Date.parse(event.at),
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
      if (!state.running.has(unitName(event))) return state;
      return withRunning(state, event, {
        ...(event.message === undefined ? {} : { message: event.message }),
        ...(event.done === undefined ? {} : { done: event.done, total: event.total, unit: event.unit }),
      });
    case "asset-retrying":
      return withRunning(state, event, {
        attempt: event.attempt,
        maxAttempts: event.maxAttempts,
        retry: { untilMs: Date.parse(event.at) + event.delayMs, failure: event.failure },
      });
    case "asset-finished":
      return finish(state, event);
    case "check-finished":
      return {
        ...state,
        checks: [
          ...state.checks,
          {
            key: event.key,
            name: unitName(event),
            check: event.check,
            severity: event.severity,
            blocking: event.blocking,
            result: event.result,
            failure: event.failure,
          },
        ],
      };
    case "resource-progress":
      return withResource(state, event);
    case "cancelling":
      return { ...state, cancelling: event.reason };
    case "run-finished":
      return {
        ...state,
        running: new Map(),
        resources: new Map(),
        ended: { status: event.status, durationMs: event.durationMs },
      };
    case "asset-waiting":
    case "check-started":
    case "log":
      return state;
    default:
      return unreachable(event);
  }
}

function withRunning(
  state: ProgressState,
  event: { readonly key: string; readonly partition?: string },
  change: Partial<Omit<RunningAsset, "key" | "name">>,
): ProgressState {
  const name = unitName(event);
  const before: RunningAsset = state.running.get(name) ?? {
    key: event.key,
    name,
    startedMs: state.startedMs,
    attempt: 1,
    maxAttempts: 1,
    message: undefined,
    done: undefined,
    total: undefined,
    unit: undefined,
    retry: undefined,
  };
  return { ...state, running: new Map(state.running).set(name, { ...before, ...change }) };
}

function finish(state: ProgressState, event: Extract<RunEvent, { type: "asset-finished" }>): ProgressState {
  const running = new Map(state.running);
  const name = unitName(event);
  running.delete(name);
  return {
    ...state,
    running,
    finished: [
      ...state.finished,
      {
        key: event.key,
        name,
        outcome: event.outcome,
        attempts: event.attempts,
        durationMs: event.durationMs,
        causes: event.causes,
        metadata: event.metadata,
        failure: event.failure,
        because: event.because,
      },
    ],
    finishedOf: new Map(state.finishedOf).set(event.key, (state.finishedOf.get(event.key) ?? 0) + 1),
    counts: { ...state.counts, [event.outcome]: state.counts[event.outcome] + 1 },
  };
}

function withResource(
  state: ProgressState,
  event: Extract<RunEvent, { type: "resource-progress" }>,
): ProgressState {
  const resources = new Map(state.resources);
  if (event.finished === true) resources.delete(event.resource);
  else {
    resources.set(event.resource, {
      resource: event.resource,
      message: event.message,
      done: event.done,
      total: event.total,
      sinceMs: resources.get(event.resource)?.sinceMs ?? Date.parse(event.at),
    });
  }
  return { ...state, resources };
}
