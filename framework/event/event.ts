import type { Failure } from "./failure.ts";

/** Result of one asset in one run. */
export type Outcome = "materialized" | "fresh" | "failed" | "skipped" | "cancelled";

/** State of a whole run. `interrupted`: its process died; `cancelled`: a person or a signal stopped it. */
export type RunStatus = "running" | "succeeded" | "failed" | "cancelled" | "interrupted";

/** How bad a failed check is; `warn` never stops anything. */
export type Severity = "warn" | "error";

/** What started a run. */
export type RunTrigger = "cli" | "ui" | "demo" | "schedule" | "automation";

/** One reason why an asset is stale. `chain` leads from this asset to the root, nearest first. */
export type Cause =
  /** Never materialized, or (`tableGone`) its table is no longer in the lake. */
  | { readonly type: "missing"; readonly tableGone?: true }
  | { readonly type: "forced" }
  | { readonly type: "code"; readonly from: string; readonly to: string }
  | { readonly type: "upstream-set"; readonly added: readonly string[]; readonly removed: readonly string[] }
  /** An upstream has another data version than the one read. */
  | {
      readonly type: "data";
      readonly upstream: string;
      /** The first partition that differs, where the upstream has partitions. */
      readonly partition?: string;
      readonly from: string | null;
      readonly to: string | null;
    }
  /** An upstream is itself missing or stale; `chain` are that upstream's own causes. */
  | {
      readonly type: "upstream";
      readonly upstream: string;
      /** The first partition that is, where the upstream has partitions. */
      readonly partition?: string;
      readonly chain: readonly Cause[];
    }
  | { readonly type: "refresh"; readonly lastAt: string | null; readonly everyMs: number }
  | { readonly type: "failed-check"; readonly check: string };

/** Typed metadata that an asset or a check leaves behind. */
export type MetadataValue =
  | { readonly type: "rows"; readonly value: number }
  | { readonly type: "bytes"; readonly value: number }
  | { readonly type: "duration"; readonly ms: number }
  | { readonly type: "number"; readonly value: number }
  | { readonly type: "text"; readonly value: string }
  | { readonly type: "markdown"; readonly value: string }
  | { readonly type: "url"; readonly value: string }
  | { readonly type: "json"; readonly value: unknown }
  | {
      readonly type: "table";
      readonly columns: readonly string[];
      readonly rows: readonly (readonly unknown[])[];
    };

/** Metadata by name. */
export type Metadata = Readonly<Record<string, MetadataValue>>;

/** What a check found. */
export interface CheckOutcome {
  readonly passed: boolean;
  readonly value?: unknown;
  readonly expected?: unknown;
  /** A few of the rows that break it, as plain objects. */
  readonly samples?: readonly Readonly<Record<string, unknown>>[];
  readonly metadata?: Metadata;
}

/** Fields that every event of a run carries. `at` is ISO 8601, UTC, milliseconds. */
interface InRun {
  readonly runId: string;
  readonly at: string;
}

interface OnAsset extends InRun {
  readonly key: string;
  /** Where the asset has partitions. */
  readonly partition?: string;
}

/**
 * Everything that happens in a run. The live view, the plain lines, `--json` and the store all read this union;
 * it holds no wording. `asset-progress` and `resource-progress` are shown and not stored.
 */
export type RunEvent =
  | (InRun & {
      readonly type: "run-started";
      readonly target: string;
      readonly trigger: RunTrigger;
      readonly selection: string;
      /** Keys in topological order. */
      readonly keys: readonly string[];
      /** The partitions that the run works on, in order, of the assets that have partitions. */
      readonly partitions?: Readonly<Record<string, readonly string[]>>;
      readonly workers: number;
      /** Median duration of each key's last 10 materializations, where known. */
      readonly usualMs: Readonly<Record<string, number>>;
      /** Those of the keys that run although they are fresh; absent when none. */
      readonly forced?: readonly string[];
      /** Names and values to find the run by; absent when none. */
      readonly tags?: Readonly<Record<string, string>>;
      /** The earlier run that this one goes on with. */
      readonly resumes?: string;
    })
  | (OnAsset & {
      readonly type: "asset-started";
      readonly attempt: number;
      readonly maxAttempts: number;
      readonly causes: readonly Cause[];
    })
  /** Another run works on it; this one waits until that has ended. */
  | (OnAsset & { readonly type: "asset-waiting"; readonly holder: string })
  | (OnAsset & {
      readonly type: "asset-progress";
      readonly message?: string;
      readonly done?: number;
      readonly total?: number;
      readonly unit?: string;
    })
  | (OnAsset & {
      readonly type: "asset-retrying";
      readonly attempt: number;
      readonly maxAttempts: number;
      readonly delayMs: number;
      readonly failure: Failure;
    })
  | (OnAsset & {
      readonly type: "asset-finished";
      readonly outcome: Outcome;
      readonly attempts: number;
      readonly durationMs: number;
      readonly causes: readonly Cause[];
      readonly dataVersion?: string;
      readonly metadata?: Metadata;
      /** With `failed`. */
      readonly failure?: Failure;
      /** With `skipped`: the upstream that failed. */
      readonly because?: string;
    })
  | (OnAsset & {
      readonly type: "check-started";
      readonly check: string;
      readonly severity: Severity;
      readonly blocking: boolean;
    })
  | (OnAsset & {
      readonly type: "check-finished";
      readonly check: string;
      readonly severity: Severity;
      readonly blocking: boolean;
      readonly durationMs: number;
      readonly result: CheckOutcome;
      /** The check itself could not be run; counts as not passed. */
      readonly failure?: Failure;
    })
  | (InRun & {
      readonly type: "log";
      readonly key?: string;
      readonly level: LogLevel;
      readonly message: string;
    })
  /** Something shared is being made ready: the Python environment, the sandbox org. */
  | (InRun & {
      readonly type: "resource-progress";
      readonly resource: string;
      readonly message: string;
      readonly done?: number;
      readonly total?: number;
      readonly finished?: boolean;
    })
  | (InRun & { readonly type: "cancelling"; readonly reason: "interrupt" | "terminate" | "fail-fast" })
  /** Its process was found gone; recorded by whoever found it. `at` is when it was last heard of. Stored and not shown. */
  | (InRun & { readonly type: "run-interrupted" })
  | (InRun & {
      readonly type: "run-finished";
      readonly status: Exclude<RunStatus, "running" | "interrupted">;
      readonly durationMs: number;
      /** Of an asset with partitions the worst that one of them had. */
      readonly outcomes: Readonly<Record<string, Outcome>>;
      /** Outcomes by asset and partition, of the assets that have partitions. */
      readonly partitions?: Readonly<Record<string, Readonly<Record<string, Outcome>>>>;
    });

/** Levels of log lines, the least first. */
export const logLevels = ["debug", "info", "warn", "error"] as const;

/** Level of a log line. */
export type LogLevel = (typeof logLevels)[number];

/** Receives events in the order in which they happened; must not throw. */
export type EventListener = (event: RunEvent) => void;
