import type { Cause, Metadata, Outcome, RunEvent, RunStatus } from "../../event/event.ts";
import type { Failure } from "../../event/failure.ts";
import type { CheckFacts } from "../words/check.ts";

/** An asset that works now, or waits for its next try. */
export interface RunningAsset {
  readonly key: string;
  readonly startedMs: number;
  readonly attempt: number;
  readonly maxAttempts: number;
  readonly message: string | undefined;
  readonly done: number | undefined;
  readonly total: number | undefined;
  readonly unit: string | undefined;
  /** Waiting until then for the next try, and why. */
  readonly retry: { readonly untilMs: number; readonly failure: Failure } | undefined;
}

/** An asset that has its outcome. */
export interface FinishedAsset {
  readonly key: string;
  readonly outcome: Outcome;
  readonly attempts: number;
  readonly durationMs: number;
  readonly causes: readonly Cause[];
  readonly metadata: Metadata | undefined;
  readonly failure: Failure | undefined;
  readonly because: string | undefined;
}

/** A check that has its result. */
export interface FinishedCheck extends CheckFacts {
  readonly key: string;
  readonly check: string;
}

/** Something shared that is being made ready. */
export interface ResourceProgress {
  readonly resource: string;
  readonly message: string;
  readonly done: number | undefined;
  readonly total: number | undefined;
  readonly sinceMs: number;
}

/** Everything the live view and the summary say about one run; made from its events alone. */
export interface ProgressState {
  readonly runId: string | undefined;
  readonly target: string;
  readonly selection: string;
  readonly workers: number;
  readonly startedMs: number;
  readonly keys: readonly string[];
  readonly usualMs: Readonly<Record<string, number>>;
  /** In the order of their start. */
  readonly running: ReadonlyMap<string, RunningAsset>;
  /** In the order of their end; grows only at its end. */
  readonly finished: readonly FinishedAsset[];
  readonly finishedKeys: ReadonlySet<string>;
  readonly counts: Readonly<Record<Outcome, number>>;
  readonly checks: readonly FinishedCheck[];
  readonly resources: ReadonlyMap<string, ResourceProgress>;
  readonly cancelling: Extract<RunEvent, { type: "cancelling" }>["reason"] | undefined;
  readonly ended: { readonly status: RunStatus; readonly durationMs: number } | undefined;
}

/** Before the first event. */
export const emptyProgress: ProgressState = {
  runId: undefined,
  target: "",
  selection: "",
  workers: 1,
  startedMs: 0,
  keys: [],
  usualMs: {},
  running: new Map(),
  finished: [],
  finishedKeys: new Set(),
  counts: { materialized: 0, fresh: 0, failed: 0, skipped: 0, cancelled: 0 },
  checks: [],
  resources: new Map(),
  cancelling: undefined,
  ended: undefined,
};
