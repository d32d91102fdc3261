import type { RunEvent } from "../../event/event.ts";
import { unreachable } from "../../util/unreachable.ts";
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
        usualMs: event.usualMs,
      };
    case "asset-started":
      return withRunning(state, event.key, {
        startedMs: state.running.get(event.key)?.startedMs ?? Date.parse(event.at),
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
      if (!state.running.has(event.key)) return state;
      return withRunning(state, event.key, {
        ...(event.message === undefined ? {} : { message: event.message }),
        ...(event.done === undefined ? {} : { done: event.done, total: event.total, unit: event.unit }),
      });
    case "asset-retrying":
      return withRunning(state, event.key, {
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
    case "check-started":
    case "log":
      return state;
    default:
      return unreachable(event);
  }
}

function withRunning(
  state: ProgressState,
  key: string,
  change: Partial<Omit<RunningAsset, "key">>,
): ProgressState {
  const before: RunningAsset = state.running.get(key) ?? {
    key,
    startedMs: state.startedMs,
    attempt: 1,
    maxAttempts: 1,
    message: undefined,
    done: undefined,
    total: undefined,
    unit: undefined,
    retry: undefined,
  };
  return { ...state, running: new Map(state.running).set(key, { ...before, ...change }) };
}

function finish(state: ProgressState, event: Extract<RunEvent, { type: "asset-finished" }>): ProgressState {
  const running = new Map(state.running);
  running.delete(event.key);
  return {
    ...state,
    running,
    finished: [
      ...state.finished,
      {
        key: event.key,
        outcome: event.outcome,
        attempts: event.attempts,
        durationMs: event.durationMs,
        causes: event.causes,
        metadata: event.metadata,
        failure: event.failure,
        because: event.because,
      },
    ],
    finishedKeys: new Set(state.finishedKeys).add(event.key),
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
