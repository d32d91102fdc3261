import type { CheckOutcome, LogLevel, Metadata } from "../event/event.ts";
import type { Lakehouse, Row } from "../lakehouse/lakehouse.ts";
import type { SecretProvider } from "../secrets/secret-provider.ts";
import type { Json } from "../util/hash.ts";
import type { AssetKey } from "./asset-key.ts";
import type { Partition } from "./partitions/partition-set.ts";

/** What the project's `resources` and moraine's own provide, by name. */
export interface Resources {
  /** The target's secret provider. */
  readonly secrets: SecretProvider;
  readonly [name: string]: unknown;
}

/** Progress of one asset: a message, a count, or both. */
export interface Progress {
  readonly message?: string;
  readonly done?: number;
  readonly total?: number;
  /** What is counted, plural: `rows`, `models`. */
  readonly unit?: string;
}

/** What every body of the user's code is given. */
export interface WorkContext {
  readonly runId: string;
  /** The project's folder, absolute. */
  readonly projectDir: string;
  /** `.moraine` of the project, absolute. */
  readonly stateDir: string;
  /** Name of the target, e.g. `local`. */
  readonly target: string;
  readonly lakehouse: Lakehouse;
  readonly resources: Resources;
  /** Aborts on timeout and Ctrl-C; the body must end soon after, its slot is held until it does. */
  readonly signal: AbortSignal;
  /** Writes to the run's log. */
  log(message: string, level?: LogLevel): void;
}

/** An upstream as a body reads it; `R` is the type that it declares for its rows, `unknown` without one. */
export interface Input<R> {
  readonly key: AssetKey;
  /** The data version that this run reads; recorded as lineage. Undefined for an upstream with partitions. */
  readonly dataVersion: string | undefined;
  /** The partitions that are read, in order, with their data versions; undefined for an upstream without partitions. */
  readonly partitions:
    | readonly { readonly key: string; readonly dataVersion: string | undefined }[]
    | undefined;
  /** The upstream's name in SQL. */
  readonly sql: string;
  /** SQL predicate for the rows of the partitions that are read, where the upstream's partitions name their columns. */
  readonly where: string | undefined;
  /**
   * All rows (where `where` is known, those), streamed, in no particular order. Where the upstream has a schema, each is
   * validated, and what the schema makes of it is given; when one does not fit, reading ends with FailureError
   * `schema-mismatch`, which counts all that do not.
   */
  rows(): AsyncIterable<R>;
  /** The same rows as they stand in the lake, validated by nothing. */
  rawRows(): AsyncIterable<Row>;
}

/** What the last finished materialization of the asset left. */
export interface LastMaterialization {
  readonly runId: string;
  /** ISO 8601, UTC. */
  readonly at: string;
  readonly dataVersion: string | undefined;
  readonly metadata: Metadata;
}

/** Context of {@link AssetOptions.materialize}. `Inputs` has the keys of `deps`. */
export interface MaterializeContext<Inputs = Readonly<Record<string, Input<unknown>>>> extends WorkContext {
  readonly key: AssetKey;
  /** The partition to make; undefined for an asset without partitions. */
  readonly partition: Partition | undefined;
  readonly inputs: Inputs;
  /** 1 for the first try. */
  readonly attempt: number;
  /** Whether the asset was named with `--force`: redo it whole. */
  readonly forced: boolean;
  readonly lastMaterialization: LastMaterialization | undefined;
  /** What the last success returned as `cursor`; undefined before the first one. */
  readonly cursor: Json | undefined;
  /** Reports progress; may be called often, what is shown is thinned. */
  progress(progress: Progress): void;
  /**
   * Says, before the end, that this materialization changes its data, so that what is slow to start downstream
   * (dbt) can warm up meanwhile.
   */
  announceChange(): void;
  /**
   * Gives the result of a check that the body finds out itself, e.g. a count proven at the source; also when it fails
   * afterwards. The check is declared by `defineCheck` without `run`; any other name throws.
   */
  reportCheck(name: string, result: CheckOutcome): void;
}

/**
 * What a body may return. Without `dataVersion`, the lake table's snapshot, else the provenance, gives one. A value that
 * can't be kept (an empty `dataVersion`, a number in `metadata` that is NaN, a Date in `cursor`) fails the attempt.
 */
export interface MaterializeResult {
  readonly dataVersion?: string | undefined;
  readonly metadata?: Metadata | undefined;
  /** Stored in the transaction that records success, handed to the next materialization. */
  readonly cursor?: Json | undefined;
}

/** Context of a check's body. */
export interface CheckContext extends WorkContext {
  readonly key: AssetKey;
  /** The partition that was made; undefined for an asset without partitions. */
  readonly partition: Partition | undefined;
  /** The asset's name in SQL. */
  readonly sql: string;
  /**
   * What the check found when the asset was materialized the last time; only there while neither the asset's code version
   * nor its table has changed since. A check that depends on nothing else may return it, and the table is not read.
   */
  readonly unchanged?: CheckOutcome | undefined;
}
