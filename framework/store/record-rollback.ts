import type { Statement } from "better-sqlite3";
import type { FinishedRollback, RestoredUnit } from "./store.ts";

// Statements of a rollback, each part of a transaction of the caller's.

/**
 * Makes the record of a unit that went back: a copy of the older one, under the rollback's run, that says when its data
 * was made; or one that says that the unit is not there.
 *
 * @returns the record's id
 */
export function insertRestored(
  statement: (sql: string) => Statement,
  target: string,
  { runId, at, snapshotId }: FinishedRollback,
  { key, partition, restores, dataVersion, metadata }: RestoredUnit,
): number | bigint {
  const { lastInsertRowid } = statement(
    `INSERT INTO materializations
       (target, key, partition, run_id, attempt, started_at, finished_at, duration_ms, code_version, data_version,
        snapshot_id, metadata, cursor, made_at, withdrawn)
     VALUES
       (@target, @key, @partition, @runId, 1, @at, @at, 0, @codeVersion, @dataVersion, @snapshotId, @metadata,
        (SELECT cursor FROM materializations WHERE id = @restores), @madeAt, @withdrawn)`,
  ).run({
    target,
    key,
    partition,
    runId,
    at,
    codeVersion: restores?.codeVersion ?? "",
    dataVersion: dataVersion ?? null,
    snapshotId,
    metadata: JSON.stringify(metadata),
    restores: restores?.id ?? null,
    madeAt: restores?.madeAt ?? null,
    withdrawn: restores === undefined ? 1 : 0,
  });
  for (const { upstream, upstreamPartition, dataVersion: version } of restores?.upstreams ?? []) {
    statement(
      `INSERT INTO lineage (materialization_id, upstream, upstream_partition, data_version) VALUES (?, ?, ?, ?)`,
    ).run(lastInsertRowid, upstream, upstreamPartition, version ?? null);
  }
  return lastInsertRowid;
}

/** Sets the unit's cursor to where it stood after the record that counts again. */
export function restoreCursor(
  statement: (sql: string) => Statement,
  target: string,
  { runId, at }: FinishedRollback,
  { key, partition }: RestoredUnit,
  recordId: number | bigint,
): void {
  statement(`DELETE FROM cursors WHERE target = ? AND key = ? AND partition = ?`).run(target, key, partition);
  statement(
    `INSERT INTO cursors (target, key, partition, value, run_id, updated_at)
     SELECT target, key, partition, cursor, @runId, @at FROM materializations WHERE id = @recordId AND cursor IS NOT NULL`,
  ).run({ runId, at, recordId });
}
