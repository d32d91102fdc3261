import type { Cause, Metadata, Outcome, RunEvent, RunStatus } from "../../event/event.ts";
import type { Failure } from "../../event/failure.ts";
import type { CheckFacts } from "../words/check.ts";

/** An asset, or one partition of it, that works now or waits for its next try. */
export interface RunningAsset {
  readonly key: string;
  /** With its partition, where it has one. */
  readonly name: string;
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

/** An asset, or one partition of it, that has its outcome. */
export interface FinishedAsset {
  readonly key: string;
  /** With its partition, where it has one. */
  readonly name: string;
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
  readonly name: string;
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
  /** How many partitions of an asset the run works on, where it has any. */
  readonly partitions: Readonly<Record<string, number>>;
  readonly usualMs: Readonly<Record<string, number>>;
  /** By name, in the order of their start. */
  readonly running: ReadonlyMap<string, RunningAsset>;
  /** In the order of their end; grows only at its end. */
  readonly finished: readonly FinishedAsset[];
  /** How many of each asset have ended. */
  readonly finishedOf: ReadonlyMap<string, number>;
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
  partitions: {},
  usualMs: {},
  running: new Map(),
  finished: [],
  finishedOf: new Map(),
  counts: { materialized: 0, fresh: 0, failed: 0, skipped: 0, cancelled: 0 },
  checks: [],
  resources: new Map(),
  cancelling: undefined,
  ended: undefined,
};
