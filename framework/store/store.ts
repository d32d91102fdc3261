import type { AssetKey } from "../definition/asset-key.ts";
import type { Unit } from "../definition/unit.ts";
import type {
  CheckOutcome,
  Metadata,
  Outcome,
  RunEvent,
  RunStatus,
  RunTrigger,
  Severity,
} from "../event/event.ts";
import type { Failure } from "../event/failure.ts";
import type { Json } from "../util/hash.ts";
import type { AlertReader, AlertStore } from "./alerts/alert-records.ts";
import type { Instant, Tags } from "./instant.ts";
import type { OpenLineageReader, OpenLineageStore } from "./open-lineage.ts";
import type { RunOwner } from "./run-owner.ts";
import type { ScheduleReader, ScheduleStore } from "./schedules.ts";
import type { StoredEvent } from "./stored-event.ts";

export type { Instant, Tags } from "./instant.ts";
export type { StoredEvent } from "./stored-event.ts";

/** One walk of the materializer. */
export interface RunRecord {
  readonly id: string;
  readonly status: RunStatus;
  readonly trigger: RunTrigger;
  readonly target: string;
  /** As typed; empty for "everything". */
  readonly selection: string;
  /** What the person who started it calls it by. */
  readonly tags: Tags;
  /** The earlier run that it goes on with. */
  readonly resumes: string | undefined;
  readonly startedAt: Instant;
  readonly finishedAt: Instant | undefined;
  /** Assets by outcome so far. */
  readonly counts: Readonly<Record<Outcome, number>>;
}

/** One try at one asset, or one partition of it. `outcome` is undefined while it works, or when its process died. */
export interface AttemptRecord extends Unit {
  readonly runId: string;
  readonly attempt: number;
  readonly startedAt: Instant;
  readonly finishedAt: Instant | undefined;
  readonly outcome: Outcome | undefined;
  readonly failure: Failure | undefined;
}

/** One upstream of one materialization, or one partition of it, with the version that was read. */
export interface LineageEdge {
  readonly upstream: AssetKey;
  /** Empty for an upstream without partitions. */
  readonly upstreamPartition: string;
  readonly downstream: AssetKey;
  readonly dataVersion: string | undefined;
}

/** One finished write of an asset, or of one partition of it. */
export interface MaterializationRecord extends Unit {
  /** Rises with each. */
  readonly id: number;
  readonly runId: string;
  readonly startedAt: Instant;
  readonly finishedAt: Instant;
  /** When its data was made: `finishedAt`, or long before that when a rollback brought it back. */
  readonly madeAt: Instant;
  readonly codeVersion: string;
  readonly dataVersion: string | undefined;
  /** Newest snapshot of the lake table when it finished; undefined without a table. */
  readonly snapshotId: string | undefined;
  readonly metadata: Metadata;
  /** The provenance: what was read. */
  readonly upstreams: readonly LineageEdge[];
}

/** One result of one check. */
export interface CheckResultRecord extends Unit {
  readonly runId: string;
  readonly check: string;
  readonly severity: Severity;
  readonly blocking: boolean;
  readonly at: Instant;
  readonly durationMs: number;
  readonly result: CheckOutcome;
  readonly failure: Failure | undefined;
  /** It is about a draft that did not become the table, or has not yet: it says nothing of what others read. */
  readonly isUnpublished: boolean;
}

/** What automation remembers of an asset between two evaluations. */
export interface AutomationMemory {
  /** Up to where the ticks of each of its cron expressions have been decided, by `tickKey`. */
  readonly ticks: Readonly<Record<string, Instant>>;
  /** The last start, with those of its grounds that have been true ever since. Null: never started. */
  readonly started: {
    readonly at: Instant;
    readonly runId: string;
    readonly grounds: readonly string[];
  } | null;
}

/** What automation decided, and by what: it holds only while nobody else has decided about one of its assets. */
export interface AutomationDecision {
  readonly before: ReadonlyMap<AssetKey, AutomationMemory>;
  /** Of all assets that were judged. */
  readonly after: ReadonlyMap<AssetKey, AutomationMemory>;
}

/** How often something happened, and how long it took altogether. */
export interface Total {
  readonly count: number;
  readonly seconds: number;
}

/** Totals of a target's whole history, pruned runs included: none of them ever falls. */
export interface Totals {
  /** Runs that have ended. `bound`: the least of `durationBounds` that is no less than their duration; null above all. */
  readonly runs: readonly (Total & {
    readonly status: RunStatus;
    readonly trigger: RunTrigger;
    readonly bound: number | null;
  })[];
  /** Attempts with an outcome, and assets that had one without being started. */
  readonly attempts: readonly (Total & {
    readonly key: AssetKey;
    readonly outcome: Outcome;
    readonly isRetry: boolean;
  })[];
  /** Without those that a rollback restored. */
  readonly materializations: readonly (Total & { readonly key: AssetKey })[];
  readonly checks: readonly (Total & {
    readonly key: AssetKey;
    readonly check: string;
    readonly passed: boolean;
  })[];
}

/** What a person or a screen may ask. Bound to one target; never writes, never waits for a writer. */
export interface StoreReader {
  readonly target: string;
  readonly alerts: AlertReader;
  /** Newest first. */
  runs(filter?: {
    readonly limit?: number;
    readonly key?: AssetKey;
    readonly since?: Instant;
    readonly status?: RunStatus;
    /** Only those that have all of them. */
    readonly tags?: Tags;
    readonly selection?: string;
    /** Only those that started earlier. */
    readonly before?: Instant;
  }): readonly RunRecord[];
  /** By whole id, or by a unique beginning of one (at least 4 characters). */
  run(id: string): RunRecord | undefined;
  /** Those that go on with a run, and those that go on with these in turn; oldest first. */
  resumersOf(runId: string): readonly RunRecord[];
  /** Who works on a run, or worked on it last. */
  runOwner(runId: string): RunOwner | undefined;
  attempts(runId: string): readonly AttemptRecord[];
  /** Snapshots of an asset's table to which attempts go back that are under way, or that died and still have to be undone. */
  snapshotsInUse(key: AssetKey): readonly string[];
  /** Oldest first, those with an id above `after`. */
  events(filter: {
    readonly runId?: string;
    readonly key?: AssetKey;
    readonly types?: readonly RunEvent["type"][];
    readonly after?: number;
    readonly limit?: number;
  }): readonly StoredEvent[];
  /** The newest materialization of each asset, whichever its partition. */
  latestMaterializations(): ReadonlyMap<AssetKey, MaterializationRecord>;
  /** The newest materialization of each partition of each asset; of an asset without partitions under the empty key. */
  latestByPartition(): ReadonlyMap<AssetKey, ReadonlyMap<string, MaterializationRecord>>;
  latestOf(unit: Unit): MaterializationRecord | undefined;
  /**
   * What counted for each partition when the record of this id was the newest, and for which of them nothing did any
   * more, since a rollback had withdrawn it (undefined).
   */
  recordsAsOf(key: AssetKey, id: number): ReadonlyMap<string, MaterializationRecord | undefined>;
  /** Newest first. */
  materializations(key: AssetKey, limit?: number): readonly MaterializationRecord[];
  /** What a run wrote, in the order of its writes. */
  runMaterializations(runId: string): readonly MaterializationRecord[];
  /** Outcome and instant of the last attempt of each asset, also of those that failed. */
  latestOutcomes(): ReadonlyMap<
    AssetKey,
    { readonly outcome: Outcome | undefined; readonly at: Instant; readonly runId: string }
  >;
  /**
   * When these assets were last known good, up to an instant (what lies after it was stamped by a wrong clock): the
   * start of the last attempt that materialized the asset, or found it fresh.
   */
  knownGood(keys: readonly AssetKey[], upTo: Instant): ReadonlyMap<AssetKey, Instant>;
  /** The newest result of each check of each asset, for each of its partitions, that is about what is published. */
  latestCheckResults(): ReadonlyMap<AssetKey, readonly CheckResultRecord[]>;
  latestChecksOf(unit: Unit): readonly CheckResultRecord[];
  /** Newest first. */
  checkResults(
    key: AssetKey,
    filter?: { readonly check?: string; readonly limit?: number; readonly runId?: string },
  ): readonly CheckResultRecord[];
  /** What a run's checks found, in the order of their ends. */
  runCheckResults(runId: string): readonly CheckResultRecord[];
  /** Median milliseconds of the last 10 materializations of each asset. */
  usualDurations(): ReadonlyMap<AssetKey, number>;
  cursor(unit: Unit): Json | undefined;
  automationMemories(): ReadonlyMap<AssetKey, AutomationMemory>;
  /** Schedules, sensors, their ticks, and daemons. */
  readonly scheduling: ScheduleReader;
  /** What OpenLineage has been told. */
  readonly openLineage: OpenLineageReader;
  /** Reads the whole history: a moment for each hundred thousand attempts. Nothing of it changes while {@link newestEventId} stays. */
  totals(): Totals;
  /** Of the newest event that any run of any target ever recorded; 0 before the first. */
  newestEventId(): number;
  /** What `work` reads is of one moment, whatever is written meanwhile. */
  atOneMoment<T>(work: () => T): T;
  /** Moves on any other connection's commit (`PRAGMA data_version`), and when this one marks a run as dead. */
  changeCounter(): number;
  close(): void;
}

/** Whether the leases were got; if not, the run that holds one of them. */
export type LeaseAnswer =
  | { readonly held: true }
  | { readonly held: false; readonly by: string; readonly unit: Unit };

/** An attempt that begins. */
export interface StartedAttempt extends Unit {
  readonly runId: string;
  readonly attempt: number;
  readonly startedAt: Instant;
  /** The table's snapshot now, empty when it has none; undefined when a killed attempt shall not be undone. */
  readonly snapshotBefore: string | undefined;
}

/** An attempt that started, never ended, and whose process is gone. */
export type UnreconciledAttempt = StartedAttempt;

/** Everything that one finished materialization leaves, committed in one transaction. */
export interface FinishedMaterialization extends Unit {
  readonly runId: string;
  readonly attempt: number;
  readonly startedAt: Instant;
  readonly finishedAt: Instant;
  readonly codeVersion: string;
  readonly dataVersion: string | undefined;
  readonly snapshotId: string | undefined;
  readonly metadata: Metadata;
  readonly upstreams: readonly (Unit & { readonly dataVersion: string | undefined })[];
  /** Undefined leaves the stored cursor as it is. */
  readonly cursor: Json | undefined;
  /** Set when a blocking check failed: the table was written, so its provenance counts, but the outcome is `failed`. */
  readonly failure: Failure | undefined;
  readonly event: RunEvent;
}

/** One unit that a rollback takes back. */
export interface RestoredUnit extends Unit {
  /** The older record whose provenance and cursor count again; undefined when the unit was not there yet. */
  readonly restores: MaterializationRecord | undefined;
  readonly dataVersion: string | undefined;
  readonly metadata: Metadata;
  /** What its checks had found of that data. */
  readonly checks: readonly CheckResultRecord[];
  /** That it started and that it finished. */
  readonly events: readonly RunEvent[];
}

/** Everything that a rollback leaves, committed in one transaction. */
export interface FinishedRollback {
  readonly runId: string;
  readonly at: Instant;
  /** The newest snapshot that changed content, as the table now is. */
  readonly snapshotId: string;
  readonly units: readonly RestoredUnit[];
  /** That the run has finished. */
  readonly event: RunEvent;
}

/** What is known of a run when it starts. */
export type StartedRun = Pick<RunRecord, "id" | "trigger" | "selection" | "startedAt"> &
  Partial<Pick<RunRecord, "tags" | "resumes">>;

/** The reader plus the writes, each one transaction. Used by the materializer alone. */
export interface Store extends StoreReader {
  readonly scheduling: ScheduleStore;
  readonly alerts: AlertStore;
  readonly openLineage: OpenLineageStore;
  /**
   * Records the run as running, owned by this process, together with the decision of automation that starts it. One with
   * the trigger `schedule` has a tick, which ends with it.
   *
   * @returns false when the decision no longer holds, or the tick was given to another run, and nothing was recorded
   */
  startRun(run: StartedRun, event: RunEvent, decision?: AutomationDecision): boolean;
  /** Says that this process still works on the run, and on what it has leases for. */
  heartbeat(runId: string, at: Instant): void;
  /**
   * Takes the leases of all these units for a run, or of none: one writer per unit over all processes. Leases of runs
   * whose process died are taken over, and those runs become `interrupted`.
   */
  acquireLeases(runId: string, units: readonly Unit[], at: Instant): LeaseAnswer;
  releaseLeases(runId: string, units: readonly Unit[]): void;
  /** False when another run has taken over, or may. */
  holdsLease(runId: string, unit: Unit): boolean;
  startAttempt(attempt: StartedAttempt, event: RunEvent): void;
  /**
   * Takes the unit's lease and starts the attempt in one transaction.
   *
   * @param changes the change counter by which the attempt was decided
   * @returns false, and the attempt has not started, when another run has the lease or anything has changed since; in the
   * second case this run has the lease
   */
  startLeasedAttempt(attempt: StartedAttempt, event: RunEvent, changes: number): boolean;
  /**
   * Records provenance, lineage, cursor and outcome together, and gives the unit's lease back. What the attempt's checks
   * found counts as published from now on.
   *
   * @returns the id of the record; undefined when the run had lost the lease: somebody took it for dead and may have written
   * since, and nothing was recorded
   */
  finishMaterialization(materialization: FinishedMaterialization): number | undefined;
  /**
   * Makes older records count again: provenance, lineage, cursors, check results, outcomes and the run's end together.
   *
   * @returns false when the run had lost a lease, and nothing was recorded
   */
  finishRollback(rollback: FinishedRollback): boolean;
  /** An attempt that ended without a materialization, or an asset that never started (`attempt` 0). */
  finishAttempt(
    attempt: Omit<AttemptRecord, "outcome" | "finishedAt"> & {
      readonly outcome: Outcome;
      readonly finishedAt: Instant;
      /** Whether another attempt follows, for which the lease is kept. */
      readonly isRetried?: boolean;
    },
    event: RunEvent,
  ): void;
  /** Keeps a decision to start nothing. @returns false when it no longer holds, and nothing was kept */
  rememberAutomation(decision: AutomationDecision): boolean;
  /** Attempts whose process died, that no run has dealt with; oldest first. */
  unreconciledAttempts(): readonly UnreconciledAttempt[];
  /** Says what was done about them. */
  markReconciled(attempts: readonly UnreconciledAttempt[], how: "undone" | "kept"): void;
  recordCheck(result: CheckResultRecord, event: RunEvent): void;
  recordEvent(event: RunEvent): void;
  finishRun(runId: string, status: RunStatus, finishedAt: Instant, event: RunEvent): void;
  /** Marks a run of this process as `interrupted`, when it is still running, and frees its leases. */
  interruptRun(runId: string): void;
  /** Marks running runs as `interrupted` whose process is gone; returns their ids. */
  interruptDeadRuns(now: Instant): readonly string[];
}
