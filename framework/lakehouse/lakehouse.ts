import type { AssetKey } from "../definition/asset-key.ts";
import type { TableDefinition } from "../definition/table.ts";
import type { Metadata } from "../event/event.ts";
import type { Writer } from "./writer.ts";

/** How loaded rows meet the rows already there. */
export type Disposition =
  | { readonly type: "append" }
  | { readonly type: "replace" }
  /** Rows whose key exists replace the stored row. */
  | { readonly type: "merge"; readonly strategy: "upsert"; readonly key: readonly string[] }
  /**
   * Rows whose key exists add nothing. With `unless`, a row whose key exists but that differs (null-safe) from every
   * stored row of that key in one of these columns is inserted as well: a tie, which must not be lost.
   */
  | {
      readonly type: "merge";
      readonly strategy: "insert-only";
      readonly key: readonly string[];
      readonly unless?: readonly string[];
    };

/** Columns by which a merge tells rows apart: the key, and what makes a tie. */
export function identityOf(disposition: Extract<Disposition, { readonly type: "merge" }>): readonly string[] {
  const unless = "unless" in disposition ? (disposition.unless ?? []) : [];
  return [...new Set([...disposition.key, ...unless])];
}

/** What a load did. */
export interface LoadResult {
  readonly rowsRead: number;
  readonly rowsInserted: number;
  readonly rowsUpdated: number;
  /** Rows inserted although their key existed (see `unless`). */
  readonly ties: number;
  /** The snapshot that the load committed; undefined when nothing changed and nothing was committed. */
  readonly snapshotId: string | undefined;
}

/** What a load without rows did. */
export const nothingLoaded: LoadResult = {
  rowsRead: 0,
  rowsInserted: 0,
  rowsUpdated: 0,
  ties: 0,
  snapshotId: undefined,
};

/** A file to load: Parquet, or newline-delimited JSON whose names are the table's columns. */
export interface SourceFile {
  readonly path: string;
  readonly format: "parquet" | "ndjson";
}

/** One Iceberg snapshot. Ids are 64-bit, hence text. */
export interface Snapshot {
  readonly id: string;
  readonly parentId: string | undefined;
  /** The newest snapshot up to this one that changed content: itself, unless it is a `replace`. */
  readonly contentId: string;
  readonly committedAt: Date;
  /** Iceberg's word: `append`, `overwrite`, `delete`, `replace`. */
  readonly operation: string;
  /** Iceberg's summary as it stands, e.g. `added-records`, `total-records`. */
  readonly summary: Readonly<Record<string, string>>;
}

/** A column as a table in the lake has it. */
export interface LakeColumn {
  readonly name: string;
  /** As Iceberg writes it: `long`, `decimal(10,2)`, `timestamptz`; a nested one as JSON. */
  readonly type: string;
  readonly required: boolean;
}

/** What statements cost where an engine charges for them. */
export interface QueryCosts {
  readonly statements: number;
  readonly bytesScanned: number;
  /** By the list price. */
  readonly usd: number;
}

/** A table in the lake, for people. */
export interface TableSummary {
  readonly key: string;
  readonly rows: number | undefined;
  readonly snapshot: Snapshot | undefined;
  readonly location: string;
}

/** How a table lies in storage, as far as its metadata tells: neither rows nor lists of files are read. */
export interface TableLayout {
  /** Files that a reader of the table opens; undefined: whoever wrote last keeps no totals. */
  readonly dataFiles: number | undefined;
  readonly deleteFiles: number | undefined;
  /** Of both; undefined: whoever wrote last keeps no total of them (DuckDB). */
  readonly bytes: number | undefined;
  readonly snapshots: number;
  /** Since the table ceased to show the oldest snapshot that {@link Lakehouse.expire} could remove; undefined: there is none. */
  readonly oldestSnapshotMs: number | undefined;
}

/** What {@link Lakehouse.optimize} did. Files are data and delete files. */
export interface Optimized {
  readonly filesBefore: number;
  readonly filesAfter: number;
  /** Undefined where whoever wrote last keeps no totals. */
  readonly bytesBefore: number | undefined;
  readonly bytesAfter: number | undefined;
}

/** What {@link Lakehouse.expire} did. */
export interface Expired {
  readonly snapshotsRemoved: number;
  readonly filesRemoved: number;
  readonly bytesFreed: number;
}

/** Tells which snapshots of a table may still be gone back to, and so must not expire. */
export type SnapshotsInUse = (key: AssetKey) => readonly string[];

/** A value of a row: timestamps as `YYYY-MM-DD HH:MM:SS.ffffff` (UTC), dates as `YYYY-MM-DD`, 64-bit integers outside the safe range and decimals as text. */
export type Value = null | boolean | number | string | readonly Value[] | { readonly [name: string]: Value };

/** A row by column name. */
export type Row = Readonly<Record<string, Value>>;

/**
 * What is written to one table while nobody but its writer sees it. It lives in this process: should that die, the
 * table stays as it was, and what had been written is litter.
 */
export interface Draft {
  /**
   * The lake with the draft in the place of its table, to be written and read in every way: rows, columns, snapshots.
   * Tables without a draft are the lake's own. Not to be closed, and not to be used when the draft has ended.
   */
  readonly lakehouse: Lakehouse;
  /**
   * Makes the draft the table, in one commit, and ends it. Throws `commit-conflict` when somebody has committed to the
   * table since the draft began; it is then still to be discarded.
   */
  publish(): Promise<void>;
  /** Ends the draft: the table stays as it is. Does nothing when it has ended. */
  discard(): Promise<void>;
}

/** A query's answer, streamed: `rows` can be walked once and releases the engine's result when left. */
export interface QueryResult {
  /** Where the engine charges for it. */
  readonly costs?: QueryCosts;
  readonly columns: readonly { readonly name: string; readonly type: string }[];
  readonly rows: AsyncIterable<Row>;
}

/**
 * The tables of one target, whatever engine keeps them.
 *
 * All methods throw FailureError: `lake-unreadable` (storage or metadata broken; nothing was written), `lake-moved` (a copied or moved embedded lake),
 * `query-failed` (the engine refused the statement; its words in `got`), `commit-conflict`, `disk-full`, `cancelled`
 * (the signal aborted). A failed write leaves the table as it was.
 */
export interface Lakehouse {
  /** `embedded`, `rest` or `athena`. */
  readonly name: string;
  /** Whether {@link restore} works. Where it doesn't (Athena), it throws `query-failed`. */
  readonly canRestore: boolean;
  /** Whether {@link draft} works. Where it doesn't (Athena, within a draft), it throws `query-failed`. */
  readonly canDraft: boolean;
  /** The SQL name of a table in this engine, quoted. */
  tableName(key: AssetKey): string;
  /**
   * Makes namespace and table when missing and adds columns that the definition has and the table lacks.
   * A column that the definition no longer has stays.
   */
  ensureTable(table: TableDefinition, signal?: AbortSignal): Promise<void>;
  /** Loads files in one atomic commit. */
  load(options: {
    readonly table: TableDefinition;
    readonly files: readonly SourceFile[];
    readonly disposition: Disposition;
    readonly signal?: AbortSignal;
  }): Promise<LoadResult>;
  /** Runs one statement. `readOnly` (default true) refuses anything but a query. Tables are named `namespace.table`. */
  query(
    sql: string,
    options?: {
      readonly parameters?: readonly (string | number | boolean | null)[];
      readonly readOnly?: boolean;
      readonly signal?: AbortSignal;
    },
  ): Promise<QueryResult>;
  /** Newest snapshot; undefined when the table does not exist or is empty of snapshots. */
  currentSnapshot(key: AssetKey): Promise<Snapshot | undefined>;
  /** Snapshots of the current branch, newest first. */
  history(key: AssetKey): Promise<readonly Snapshot[]>;
  /**
   * Every snapshot that the table still has, newest first: also those that a {@link restore} took out of the branch,
   * and the steps of a transaction.
   */
  snapshots(key: AssetKey): Promise<readonly Snapshot[]>;
  /**
   * Makes the snapshot `to` the current one, in one commit, provided that `from` still is. Undefined stands for no
   * snapshot: the table is there and empty. The data version follows; columns that came later stay, as NULL.
   *
   * Throws `commit-conflict` when another snapshot than `from` is current, `query-failed` when the table has no
   * snapshot `to`.
   */
  restore(
    key: AssetKey,
    change: { readonly from: string | undefined; readonly to: string | undefined },
  ): Promise<void>;
  /**
   * Begins a draft of a table, which may not exist yet. One at a time of each table: waits for an earlier one of this
   * process. Those that got the {@link connectionEnvironment} write to and read the drafts as well.
   */
  draft(key: AssetKey, signal?: AbortSignal): Promise<Draft>;
  /**
   * Stamps the snapshots that this process, and those it gave its {@link connectionEnvironment} to, commit to the
   * table, until the returned function is called; see `writerOf`. Of several writers at a time to one table the
   * stamp holds what they have in common. A lake that can't stamp does nothing.
   */
  attribute(key: AssetKey, writer: Writer): () => void;
  /** Id of the newest snapshot that changed content (`replace` does not count); undefined when there is none. */
  dataVersion(key: AssetKey): Promise<string | undefined>;
  /** Whether the table exists, snapshots or not. */
  exists(key: AssetKey): Promise<boolean>;
  /** Columns of the newest schema, in the table's order; undefined when it does not exist. */
  columns(key: AssetKey): Promise<readonly LakeColumn[] | undefined>;
  tables(): Promise<readonly TableSummary[]>;
  /** Undefined when the table does not exist. Costs no more than {@link currentSnapshot}. */
  layout(key: AssetKey): Promise<TableLayout | undefined>;
  /** Rewrites small files and drops delete files; the content stays, and with it the data version. Says what it did. */
  optimize(key: AssetKey, signal?: AbortSignal): Promise<Optimized>;
  /**
   * Removes snapshots, then files that nothing refers to. What the table has shown within the last `olderThanMs` stays, and
   * what a branch or tag names, what an attempt under way may go back to, and the data version. A lake whose engine knows
   * less exact rules keeps more.
   */
  expire(
    key: AssetKey,
    options: { readonly olderThanMs: number; readonly signal?: AbortSignal },
  ): Promise<Expired>;
  drop(key: AssetKey): Promise<void>;
  /** What writing the table has cost since this was last asked for; undefined where nothing is charged. */
  takeCosts?(key: AssetKey): QueryCosts | undefined;
  /** Whether the engine lacks something that {@link installEngine} fetches. @default never */
  lacksEngine?(): boolean;
  /** Fetches what the engine lacks, as its first use would. Throws FailureError. */
  installEngine?(): Promise<void>;
  /** Notes what another process scanned to write the table. */
  addCosts?(key: AssetKey, bytesScanned: number): void;
  /** Environment variables by which another process (dbt) opens this lake; see the lakehouse's own page. */
  connectionEnvironment(): Promise<Readonly<Record<string, string>>>;
  /** Ends the engine and whatever it serves; may be called twice. */
  close(): Promise<void>;
}

/** What writing a table has cost, for its materialization; nothing where nothing is charged. */
export function costMetadata(costs: QueryCosts | undefined): Metadata {
  if (costs === undefined) return {};
  return {
    bytes_scanned: { type: "bytes", value: costs.bytesScanned },
    query_cost: { type: "text", value: `$${costs.usd.toFixed(6)}` },
  };
}

/** Reads a whole answer; for small results only. */
export async function collectRows(result: QueryResult): Promise<Row[]> {
  const rows: Row[] = [];
  for await (const row of result.rows) rows.push(row);
  return rows;
}

/**
 * Rows of a table by its newest snapshot's summary, without reading any: Iceberg's `total-records` still counts rows
 * that delete files mark. Undefined when the writer kept no totals, or deleted by value.
 */
export function rowCountOf(snapshot: Pick<Snapshot, "summary"> | undefined): number | undefined {
  if (snapshot === undefined) return 0;
  const { summary } = snapshot;
  const total = summary["total-records"];
  if (total === undefined || Number(summary["total-equality-deletes"] ?? 0) > 0) return undefined;
  return Number(total) - Number(summary["total-position-deletes"] ?? 0);
}
