import type { TableDefinition } from "../../definition/table.ts";
import { currentSnapshot, type TableMetadata } from "../catalog/table-metadata.ts";
import {
  type Disposition,
  type Lakehouse,
  type LoadResult,
  nothingLoaded,
  type Snapshot,
} from "../lakehouse.ts";
import type { AwsClients } from "./aws-clients.ts";
import { loadSql, newKeysSql, stagedRowsSql } from "./load-sql.ts";
import type { QueryRunner } from "./query-runner.ts";
import { openResult, readUpdateCount } from "./results.ts";
import type { S3Objects } from "./s3-objects.ts";
import { sliceColumn } from "./slices.ts";
import type { Staged } from "./staging.ts";
import { allSnapshots, branchSnapshots } from "./table-snapshots.ts";

/** What {@link load} works with. */
export interface LoadContext {
  readonly table: TableDefinition;
  readonly disposition: Disposition;
  readonly staged: Staged;
  readonly signal: AbortSignal | undefined;
  readonly runner: QueryRunner;
  readonly clients: AwsClients;
  readonly objects: S3Objects;
  /** The table as it is now. */
  read(): Promise<TableMetadata>;
  restore(change: Parameters<Lakehouse["restore"]>[1]): Promise<void>;
}

/**
 * Brings staged rows into the table: one statement and one commit, or several where the rows go into more than 100
 * partitions. When one of several fails, those before it are taken back, so that the table is as it was.
 */
export async function load(context: LoadContext): Promise<LoadResult> {
  const { table, disposition, staged } = context;
  const before = await context.read();
  const newKeys = await countNewKeys(context);
  const statements = Array.from({ length: staged.slices }, (_, slice) =>
    loadSql(
      table,
      // The rows of the table go with the first slice of what replaces them.
      disposition.type === "replace" && slice > 0 ? { type: "append" } : disposition,
      sourceSql(context, slice),
    ),
  ).flat();
  let commits = 0;
  try {
    // A statement that changes no row commits nothing.
    for (const sql of statements) commits += (await write(context, sql, totalBytes(before))) > 0 ? 1 : 0;
  } catch (error) {
    await takeBack(context, before, commits);
    throw error;
  }
  if (commits === 0) return { ...nothingLoaded, rowsRead: staged.rowsRead };
  const { added, updated, snapshotId } = changes(before, await context.read());
  const rowsInserted = disposition.type === "replace" ? added : added - updated;
  return {
    rowsRead: staged.rowsRead,
    rowsInserted,
    rowsUpdated: disposition.type === "replace" ? 0 : updated,
    ties: newKeys === undefined ? 0 : rowsInserted - newKeys,
    snapshotId,
  };
}

function sourceSql({ table, staged }: LoadContext, slice: number): string {
  return stagedRowsSql(table, staged.name, staged.slices > 1 ? `${sliceColumn} = ${slice}` : undefined);
}

/** @returns rows that the statement inserted, updated and deleted */
async function write(
  { table, staged, runner, clients, signal }: LoadContext,
  sql: string,
  tableBytes: number,
) {
  const scansAtMost = sql.startsWith("INSERT") ? staged.bytes : staged.bytes + tableBytes;
  const { id } = await runner.run({ sql, table: table.key, scansAtMost, signal });
  return readUpdateCount(clients, { id });
}

/** Of a merge that counts ties: how many keys are new. */
async function countNewKeys(context: LoadContext): Promise<number | undefined> {
  const { table, disposition, staged, runner, signal } = context;
  const countsTies =
    disposition.type === "merge" &&
    disposition.strategy === "insert-only" &&
    (disposition.unless?.length ?? 0) > 0;
  if (!countsTies) return undefined;
  const source = stagedRowsSql(table, staged.name, undefined);
  const sql = newKeysSql(table, disposition.key, source);
  const { id, location } = await runner.run({ sql, table: table.key, signal });
  for await (const row of (await openResult(context, { id, hasHeader: true, location, signal })).rows)
    return Number(Object.values(row)[0]);
  return undefined;
}

/** Bytes of the table's files, which no statement reads more of. */
function totalBytes(metadata: TableMetadata): number {
  return Number(currentSnapshot(metadata)?.summary?.["total-files-size"] ?? 0);
}

/** What the snapshots after a state changed in all. */
function changes(before: TableMetadata, after: TableMetadata) {
  const made = madeSince(before, after);
  const sum = (name: string) => made.reduce((total, { summary }) => total + Number(summary[name] ?? 0), 0);
  return { added: sum("added-records"), updated: sum("added-position-deletes"), snapshotId: made[0]?.id };
}

/** Undoes the commits of a load that failed half-way, provided that the table has no others since. */
async function takeBack(context: LoadContext, before: TableMetadata, commits: number): Promise<void> {
  const made = madeSince(before, await context.read());
  if (commits === 0 || made.length !== commits) return;
  await context.restore({ from: made[0]?.id, to: branchSnapshots(before)[0]?.id });
}

/** Snapshots of the branch that were not there before, newest first. */
function madeSince(before: TableMetadata, after: TableMetadata): readonly Snapshot[] {
  const known = new Set(allSnapshots(before).map(({ id }) => id));
  return branchSnapshots(after).filter(({ id }) => !known.has(id));
}
