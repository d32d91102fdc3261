import type { CheckOutcome, RunStatus, RunTrigger, Severity } from "./event.ts";
import type { Failure } from "./failure.ts";

/** An asset whose failure stands behind something else. */
export interface FailedAsset {
  readonly key: string;
  readonly runId: string;
  readonly failure: Failure | null;
}

/** One or several partitions of an asset, or all of it, that failed; `failure` is the newest. */
interface FailedUnits {
  readonly key: string;
  /** Empty for an asset without partitions. */
  readonly partitions: readonly string[];
  readonly runId: string;
  readonly attempts: number;
  readonly failure: Failure | null;
}

/** A number that is far from what it was. */
interface Anomaly {
  readonly key: string;
  readonly partition: string;
  readonly runId: string;
  /** What was counted: the metadata's name. */
  readonly measure: string;
  readonly value: number;
  /** Of the materializations before it. */
  readonly median: number;
  readonly least: number;
  readonly most: number;
  /** How many these were. */
  readonly of: number;
}

/**
 * What an alert is about, without wording. Kept in the store as it was last found. No row of a table is in it: samples
 * of a check stay where the data is.
 */
export type AlertFacts =
  | {
      readonly type: "run-failed";
      readonly runId: string;
      readonly status: Extract<RunStatus, "failed" | "interrupted">;
      readonly trigger: RunTrigger;
      readonly selection: string;
      readonly failed: readonly FailedAsset[];
      readonly skipped: number;
    }
  | (FailedUnits & { readonly type: "asset-failed" })
  | (FailedUnits & { readonly type: "breaker" })
  | {
      readonly type: "check-failed";
      readonly key: string;
      readonly partitions: readonly string[];
      readonly check: string;
      readonly severity: Severity;
      readonly blocking: boolean;
      readonly runId: string;
      readonly result: Pick<CheckOutcome, "passed" | "value" | "expected">;
      readonly failure: Failure | null;
      /** What failed never became the table. */
      readonly isUnpublished: boolean;
    }
  | {
      readonly type: "overdue";
      readonly key: string;
      readonly knownGoodAt: string | null;
      readonly deadline: string | null;
      /** What it waits for, itself included, nearest first. */
      readonly because: readonly FailedAsset[];
    }
  | {
      readonly type: "no-success";
      /** As in the config; empty for everything. */
      readonly selection: string;
      readonly withinMs: number;
      /** Those that were not known good in time, with when they last were. */
      readonly late: readonly { readonly key: string; readonly knownGoodAt: string | null }[];
      readonly of: number;
      readonly because: readonly FailedAsset[];
    }
  | (Anomaly & { readonly type: "volume-anomaly" })
  | (Anomaly & { readonly type: "scd-anomaly"; readonly total: number })
  | {
      readonly type: "quota";
      readonly key: string;
      readonly runId: string;
      readonly used: number | null;
      readonly limit: number | null;
      /** A run was refused for it. */
      readonly failure: Failure | null;
    };

/** One thing that was wrong from one instant on, and maybe is no longer. */
export interface Alert {
  /** Rises with each. */
  readonly id: number;
  readonly target: string;
  /** Name of the rule in the config. */
  readonly rule: string;
  /** What it is about: an asset key, a selection, a check of an asset. With the rule it is the alert's fingerprint. */
  readonly subject: string;
  readonly severity: "critical" | "warning";
  /** Since when it has been so, as far as the records tell. */
  readonly since: string;
  /** When it was found. */
  readonly firedAt: string;
  readonly resolvedAt: string | null;
  /** Of the assets concerned. */
  readonly owners: readonly string[];
  readonly facts: AlertFacts;
}

/** What is told of an alert: that it began, that it goes on, that it is over. */
export type NoticeKind = "firing" | "repeated" | "resolved";

/** One alert in a message, in words. */
export interface ToldAlert {
  readonly alert: Alert;
  readonly state: NoticeKind;
  /** One line: what. */
  readonly title: string;
  /** Why, as far as it is known; a line each. */
  readonly why: readonly string[];
  /** What to type to see more. */
  readonly command: string;
  /** The section of the handbook that says what to do. */
  readonly handbook: string;
}

/** What a message tells, before it is put in words. */
export interface AlertDigest {
  readonly project: string;
  readonly target: string;
  readonly isTest: boolean;
  /** The worst first, what is over last. */
  readonly alerts: readonly ToldAlert[];
  /** Alerts that the message has no room for. */
  readonly omitted: number;
}

/** What a channel sends: some alerts at once. */
export interface AlertMessage extends AlertDigest {
  /** The same when it has to be sent again, so that a receiver can tell. */
  readonly id: string;
  /** ISO 8601, UTC. */
  readonly at: string;
  /** That of the worst alert. */
  readonly severity: Alert["severity"];
  /** One line. */
  readonly subject: string;
  /** Several lines, plain text. */
  readonly text: string;
}
