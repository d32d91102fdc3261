import type { AssetKey } from "../../definition/asset-key.ts";
import type { Alert, NoticeKind } from "../../event/alert.ts";
import type { Metadata, RunStatus, RunTrigger } from "../../event/event.ts";
import type { Failure } from "../../event/failure.ts";
import type { Unit } from "../../definition/unit.ts";
import type { Instant } from "../instant.ts";

/** What a channel is told of an alert. */
export interface AlertNotice {
  /** Rises with each. */
  readonly id: number;
  readonly alertId: number;
  readonly channel: string;
  readonly kind: NoticeKind;
  /** Of repetitions which one, from 1; 0 for the others. */
  readonly round: number;
  readonly queuedAt: Instant;
  /** `hold`: not sent in quiet hours. */
  readonly quiet: "send" | "hold";
  /** Not sent earlier: the next try. */
  readonly dueAt: Instant;
  /** Tries that failed. */
  readonly attempts: number;
  /** Of the last of them. */
  readonly failure: Failure | null;
  /** Null: still to be sent. */
  readonly sentAt: Instant | null;
}

/** A notice to be queued. */
export type NewNotice = Pick<AlertNotice, "channel" | "kind" | "round" | "quiet">;

/** What one evaluation found to have changed. */
export interface AlertChanges {
  /** The {@link AlertReader.evaluation} that it began from. */
  readonly basis: number;
  readonly at: Instant;
  readonly opened: readonly {
    readonly alert: Omit<Alert, "id" | "target" | "firedAt" | "resolvedAt">;
    readonly notices: readonly NewNotice[];
  }[];
  /** Those that go on: what is newly known of them, and what is told. */
  readonly kept: readonly {
    readonly id: number;
    readonly found: Pick<Alert, "severity" | "owners" | "facts">;
    readonly notices: readonly NewNotice[];
  }[];
  readonly resolved: readonly { readonly id: number; readonly notices: readonly NewNotice[] }[];
}

/** A run that failed or was interrupted, the newest of its selection that came to an end. */
export interface BrokenRun {
  readonly id: string;
  readonly status: Extract<RunStatus, "failed" | "interrupted">;
  readonly trigger: RunTrigger;
  /** As typed; empty for "everything". */
  readonly selection: string;
  readonly startedAt: Instant;
  readonly finishedAt: Instant | undefined;
  /** What it was to work on; empty when it only ran checks. */
  readonly keys: readonly AssetKey[];
  readonly failed: readonly { readonly key: AssetKey; readonly failure: Failure | undefined }[];
  readonly skipped: number;
}

/** An attempt that failed. */
export interface FailedAttempt extends Unit {
  readonly runId: string;
  readonly attempt: number;
  readonly startedAt: Instant;
  readonly failure: Failure | undefined;
}

/** The metadata of one materialization. */
export interface Measured {
  readonly id: number;
  readonly runId: string;
  readonly partition: string;
  readonly finishedAt: Instant;
  readonly metadata: Metadata;
}

/** What alerts are worked out from, beside what a store's reader tells, and what is known of them. */
export interface AlertReader {
  /** How often the rules have been judged, and up to which known-good instant the heartbeat has told of success. */
  evaluation(): { readonly number: number; readonly successTold: Instant | null };
  /** In the order in which they were found. */
  firing(): readonly Alert[];
  /** Newest first, those that are over included. */
  history(limit: number): readonly Alert[];
  alert(id: number): Alert | undefined;
  /** Of these alerts, in order. */
  notices(alertIds: readonly number[]): readonly AlertNotice[];
  /** The newest failed attempt of each asset and partition that none made good since, unless it is being retried. */
  unresolvedFailures(): readonly FailedAttempt[];
  /** @param since only runs that started at or after it */
  brokenRuns(since: Instant): readonly BrokenRun[];
  /** The newest materializations of a unit, newest first, without those that a rollback restored. */
  measured(unit: Unit, limit: number): readonly Measured[];
  /** The newest materialization of each partition of an asset, unless a rollback restored or withdrew it. */
  measuredPartitions(key: AssetKey): readonly Measured[];
}

/** The reader plus the writes, each one transaction. */
export interface AlertStore extends AlertReader {
  /**
   * Records what an evaluation found, unless another one came first.
   *
   * @returns false when nothing was recorded
   */
  record(changes: AlertChanges): boolean;
  /**
   * Takes what a channel is to be told by now, with what precedes it. Nobody else gets it before `until`, so that of
   * several processes one sends it; if that one dies, another does after `until`.
   */
  claim(taken: {
    readonly channel: string;
    /** Who takes it. */
    readonly claim: string;
    readonly now: Instant;
    readonly until: Instant;
    /** Only what may be sent in quiet hours. */
    readonly isQuiet: boolean;
  }): readonly AlertNotice[];
  /** Says what became of notices that `claim` had taken: they were sent, or are tried again at `dueAt`. */
  settle(
    ids: readonly number[],
    claim: string,
    result: { readonly sentAt: Instant } | { readonly failure: Failure; readonly dueAt: Instant },
  ): void;
  /** Says that the heartbeat has told of the success up to a known-good instant. */
  tellSuccess(knownGoodAt: Instant, at: Instant): void;
}
