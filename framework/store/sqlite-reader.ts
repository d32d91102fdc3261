import type { Database, Statement } from "better-sqlite3";
import type { AssetKey } from "../definition/asset-key.ts";
import type { Unit } from "../definition/unit.ts";
import type { Outcome } from "../event/event.ts";
import type { Json } from "../util/hash.ts";
import type { AlertReader } from "./alerts/alert-records.ts";
import { SqliteAlertReader } from "./alerts/sqlite-alert-reader.ts";
import { newestRows } from "./newest-rows.ts";
import {
  type AttemptRow,
  attemptRecord,
  automationMemory,
  type AutomationRow,
  type CheckResultRow,
  checkResultRecord,
  type EventRow,
  type LineageRow,
  materializationColumns,
  type MaterializationRow,
  materializationRecord,
  type RunRow,
  runRecord,
  storedEvent,
  toJson,
} from "./rows.ts";
import { ownerColumns, type RunOwner } from "./run-owner.ts";
import { SqliteOpenLineageReader } from "./sqlite-open-lineage.ts";
import { type Connection, SqliteScheduleReader } from "./sqlite-schedules.ts";
import { asStoreError } from "./store-error.ts";
import { type TalliedTable, totalQuery } from "./tally.ts";
import type {
  AttemptRecord,
  AutomationMemory,
  CheckResultRecord,
  Instant,
  MaterializationRecord,
  RunRecord,
  StoredEvent,
  StoreReader,
  Total,
  Totals,
} from "./store.ts";

const runColumns = `r.id, r.status, r.trigger, r.target, r.selection, r.tags, r.resumes, r.started_at, r.finished_at,
  ${(["materialized", "fresh", "failed", "skipped", "cancelled"] satisfies Outcome[])
    .map(
      (outcome) =>
        `(SELECT count(DISTINCT key) FROM attempts WHERE run_id = r.id AND outcome = '${outcome}') AS ${outcome}`,
    )
    .join(", ")}`;

const newestMaterializations = newestRows("materializations", ["key", "partition"]);
const newestCheckResults = newestRows("check_results", ["key", "partition", "check_name"], "NOT unpublished");

/** No event of a run precedes its first or follows its last; in between are those of runs beside it. */
const amongThoseOfRun = `id > (SELECT max(@after, first_event - 1) FROM runs WHERE id = @runId)
         AND id <= (SELECT coalesce(last_event, ${Number.MAX_SAFE_INTEGER}) FROM runs WHERE id = @runId)
         AND run_id = @runId`;

/** The reads, on any connection. Statements are compiled once, when first used. */
export class SqliteReader implements StoreReader {
  readonly target: string;
  readonly scheduling: SqliteScheduleReader;
  readonly alerts: AlertReader;
  readonly openLineage: SqliteOpenLineageReader;
  protected readonly database: Database;
  readonly #statements = new Map<string, Statement>();

  constructor(database: Database, target: string) {
    this.database = database;
    this.target = target;
    this.scheduling = new SqliteScheduleReader(this.connection());
    this.alerts = new SqliteAlertReader(this.connection());
    this.openLineage = new SqliteOpenLineageReader(this.connection());
  }

  /** This connection, as lent to what has tables of its own. */
  protected connection(): Connection {
    return {
      target: this.target,
      statement: (sql) => this.statement(sql),
      all: (sql, parameters) => this.all(sql, parameters),
    };
  }

  runs(filter: Parameters<StoreReader["runs"]>[0] = {}): readonly RunRecord[] {
    return this.all<RunRow>(
      `SELECT ${runColumns} FROM runs r
       WHERE r.target = @target AND (@since IS NULL OR r.started_at >= @since) AND (@status IS NULL OR r.status = @status)
         AND (@key IS NULL OR EXISTS (SELECT 1 FROM attempts WHERE run_id = r.id AND key = @key))
         AND (@selection IS NULL OR r.selection = @selection) AND (@before IS NULL OR r.started_at < @before)
         AND NOT EXISTS (SELECT 1 FROM json_each(@tags) asked WHERE NOT EXISTS (
           SELECT 1 FROM json_each(r.tags) tag WHERE tag.key = asked.key AND tag.value = asked.value))
       ORDER BY r.started_at DESC, r.id DESC LIMIT @limit`,
      {
        target: this.target,
        since: filter.since ?? null,
        status: filter.status ?? null,
        key: filter.key ?? null,
        selection: filter.selection ?? null,
        before: filter.before ?? null,
        tags: JSON.stringify(filter.tags ?? {}),
        limit: filter.limit ?? -1,
      },
    ).map(runRecord);
  }

  run(id: string): RunRecord | undefined {
    const rows = this.all<RunRow>(
      `SELECT ${runColumns} FROM runs r WHERE r.id = @id OR (length(@id) >= 4 AND substr(r.id, 1, length(@id)) = @id) LIMIT 2`,
      { id },
    );
    const exact = rows.find((row) => row.id === id);
    const only = exact ?? (rows.length === 1 ? rows[0] : undefined);
    return only === undefined ? undefined : runRecord(only);
  }

  resumersOf(runId: string): readonly RunRecord[] {
    return this.all<RunRow>(
      `WITH RECURSIVE resumers (id) AS (
         SELECT id FROM runs WHERE resumes = @runId
         UNION SELECT r.id FROM runs r JOIN resumers ON r.resumes = resumers.id)
       SELECT ${runColumns} FROM runs r WHERE r.id IN (SELECT id FROM resumers) ORDER BY r.started_at, r.id`,
      { runId },
    ).map(runRecord);
  }

  runOwner(runId: string): RunOwner | undefined {
    return this.all<RunOwner>(`SELECT ${ownerColumns} FROM runs WHERE id = @runId`, { runId })[0];
  }

  attempts(runId: string): readonly AttemptRecord[] {
    return this.all<AttemptRow>(
      `SELECT run_id, key, partition, attempt, started_at, finished_at, outcome, failure FROM attempts
       WHERE run_id = @runId ORDER BY started_at, key, partition, attempt`,
      { runId },
    ).map(attemptRecord);
  }

  snapshotsInUse(key: AssetKey): readonly string[] {
    return this.all<{ snapshot: string }>(
      `SELECT DISTINCT snapshot_before AS snapshot FROM attempts
       WHERE run_id IN (
           SELECT id FROM runs WHERE target = @target AND status = 'running'
           UNION SELECT id FROM runs WHERE target = @target AND unsettled = 1)
         AND key = @key AND outcome IS NULL AND reconciled IS NULL AND snapshot_before <> ''`,
      { key, target: this.target },
    ).map(({ snapshot }) => snapshot);
  }

  events(filter: Parameters<StoreReader["events"]>[0]): readonly StoredEvent[] {
    return this.all<EventRow>(
      `SELECT id, payload FROM events
       WHERE ${filter.runId === undefined ? "id > @after" : amongThoseOfRun} AND (@key IS NULL OR key = @key)
         AND (@types IS NULL OR type IN (SELECT value FROM json_each(@types)))
       ORDER BY id LIMIT @limit`,
      {
        after: filter.after ?? 0,
        ...(filter.runId === undefined ? {} : { runId: filter.runId }),
        key: filter.key ?? null,
        types: toJson(filter.types),
        limit: filter.limit ?? -1,
      },
    ).map(storedEvent);
  }

  latestMaterializations(): ReadonlyMap<AssetKey, MaterializationRecord> {
    const records = this.#withLineage(
      `${newestMaterializations}
       SELECT ${materializationColumns} FROM materializations m
       WHERE m.id IN (
         SELECT max(id) FROM newest JOIN materializations USING (id, key) WHERE NOT withdrawn GROUP BY key)`,
      { target: this.target },
    );
    return new Map(records.map((record) => [record.key, record]));
  }

  latestByPartition(): ReturnType<StoreReader["latestByPartition"]> {
    const records = this.#withLineage(
      `${newestMaterializations}
       SELECT ${materializationColumns} FROM materializations m
       WHERE m.id IN (SELECT id FROM newest) AND NOT m.withdrawn`,
      { target: this.target },
    );
    const byKey = new Map<AssetKey, Map<string, MaterializationRecord>>();
    for (const record of records) {
      const partitions = byKey.get(record.key);
      if (partitions === undefined) byKey.set(record.key, new Map([[record.partition, record]]));
      else partitions.set(record.partition, record);
    }
    return byKey;
  }

  latestOf({ key, partition }: Unit): MaterializationRecord | undefined {
    const [record] = this.#withLineage(
      `SELECT ${materializationColumns} FROM materializations m
       WHERE NOT m.withdrawn AND m.id = (
         SELECT id FROM materializations
         WHERE target = @target AND key = @key AND partition = @partition ORDER BY id DESC LIMIT 1)`,
      { target: this.target, key, partition },
    );
    return record;
  }

  recordsAsOf(key: AssetKey, id: number): ReturnType<StoreReader["recordsAsOf"]> {
    const newest = `SELECT max(id) FROM materializations
      WHERE target = @target AND key = @key AND id <= @id GROUP BY partition`;
    const parameters = { target: this.target, key, id };
    const records = this.#withLineage(
      `SELECT ${materializationColumns} FROM materializations m WHERE m.id IN (${newest}) AND NOT m.withdrawn`,
      parameters,
    );
    const withdrawn = this.all<{ partition: string }>(
      `SELECT partition FROM materializations WHERE id IN (${newest}) AND withdrawn`,
      parameters,
    );
    return new Map([
      ...withdrawn.map(({ partition }) => [partition, undefined] as const),
      ...records.map((record) => [record.partition, record] as const),
    ]);
  }

  materializations(key: AssetKey, limit = -1): readonly MaterializationRecord[] {
    return this.#withLineage(
      `SELECT ${materializationColumns} FROM materializations m
       WHERE m.target = @target AND m.key = @key AND NOT m.withdrawn ORDER BY m.id DESC LIMIT @limit`,
      { target: this.target, key, limit },
    );
  }

  runMaterializations(runId: string): readonly MaterializationRecord[] {
    return this.#withLineage(
      `SELECT ${materializationColumns} FROM attempts a JOIN materializations m ON m.id = a.materialization_id
       WHERE a.run_id = @runId AND NOT m.withdrawn ORDER BY m.id`,
      { runId },
    );
  }

  latestOutcomes(): ReturnType<StoreReader["latestOutcomes"]> {
    // Every key once, then back from its last attempt to one of this target: no more is read of a long history.
    const rows = this.all<{ key: AssetKey; outcome: Outcome | null; at: string; run_id: string }>(
      `WITH RECURSIVE keys (key) AS (
         SELECT min(key) FROM attempts
         UNION ALL SELECT (SELECT min(key) FROM attempts WHERE key > keys.key) FROM keys WHERE key IS NOT NULL)
       SELECT a.key, a.outcome, a.started_at AS at, a.run_id FROM keys JOIN attempts a
         ON (a.run_id, a.key, a.partition, a.attempt) = (
           SELECT last.run_id, last.key, last.partition, last.attempt FROM attempts last
           WHERE last.key = keys.key AND (SELECT target FROM runs WHERE id = last.run_id) = @target
           ORDER BY last.started_at DESC, last.attempt DESC LIMIT 1)`,
      { target: this.target },
    );
    return new Map(
      rows.map((row) => [row.key, { outcome: row.outcome ?? undefined, at: row.at, runId: row.run_id }]),
    );
  }

  knownGood(keys: readonly AssetKey[], upTo: Instant): ReadonlyMap<AssetKey, Instant> {
    const rows = this.all<{ key: AssetKey; at: string | null }>(
      `SELECT asked.value AS key, (
         SELECT coalesce(
           (SELECT made_at FROM materializations WHERE id = a.materialization_id), a.started_at) FROM attempts a
         WHERE a.key = asked.value AND a.outcome IN ('materialized', 'fresh') AND a.started_at <= @upTo
           AND (SELECT target FROM runs WHERE id = a.run_id) = @target
         ORDER BY a.started_at DESC LIMIT 1) AS at
       FROM json_each(@keys) AS asked`,
      { keys: JSON.stringify(keys), upTo, target: this.target },
    );
    return new Map(rows.flatMap(({ key, at }) => (at === null ? [] : [[key, at]])));
  }

  latestCheckResults(): ReadonlyMap<AssetKey, readonly CheckResultRecord[]> {
    const rows = this.all<CheckResultRow>(
      `${newestCheckResults}
       SELECT * FROM check_results WHERE id IN (SELECT id FROM newest) ORDER BY key, partition, check_name`,
      { target: this.target },
    );
    const byKey = new Map<AssetKey, CheckResultRecord[]>();
    for (const row of rows) {
      const results = byKey.get(row.key) ?? [];
      results.push(checkResultRecord(row));
      byKey.set(row.key, results);
    }
    return byKey;
  }

  latestChecksOf({ key, partition }: Unit): readonly CheckResultRecord[] {
    return this.all<CheckResultRow>(
      `SELECT * FROM check_results
       WHERE id IN (SELECT max(id) FROM check_results
                    WHERE target = @target AND key = @key AND partition = @partition AND NOT unpublished
                    GROUP BY check_name)
       ORDER BY check_name`,
      { target: this.target, key, partition },
    ).map(checkResultRecord);
  }

  checkResults(
    key: AssetKey,
    filter: { check?: string; limit?: number; runId?: string } = {},
  ): readonly CheckResultRecord[] {
    return this.all<CheckResultRow>(
      `SELECT * FROM check_results
       WHERE target = @target AND key = @key AND (@check IS NULL OR check_name = @check) AND (@runId IS NULL OR run_id = @runId)
       ORDER BY id DESC LIMIT @limit`,
      {
        target: this.target,
        key,
        check: filter.check ?? null,
        runId: filter.runId ?? null,
        limit: filter.limit ?? -1,
      },
    ).map(checkResultRecord);
  }

  runCheckResults(runId: string): readonly CheckResultRecord[] {
    return this.all<CheckResultRow>(`SELECT * FROM check_results WHERE run_id = @runId ORDER BY id`, {
      runId,
    }).map(checkResultRecord);
  }

  usualDurations(): ReadonlyMap<AssetKey, number> {
    // Of an asset with many partitions the ten that were written last say enough; no more is read of a long history.
    const rows = this.tuples<readonly [key: AssetKey, durationMs: number]>(
      `${newestMaterializations},
       recent AS (SELECT key, partition, row_number() OVER (PARTITION BY key ORDER BY id DESC) AS age FROM newest)
       SELECT m.key, m.duration_ms FROM recent JOIN materializations m ON m.id IN (
         SELECT id FROM materializations
         WHERE target = @target AND key = recent.key AND partition = recent.partition
           AND made_at IS NULL AND NOT withdrawn
         ORDER BY id DESC LIMIT 10)
       WHERE recent.age <= 10 ORDER BY m.key, m.id DESC`,
      { target: this.target },
    );
    const durations = new Map<AssetKey, number[]>();
    for (const [key, durationMs] of rows) {
      const found = durations.get(key);
      if (found === undefined) durations.set(key, [durationMs]);
      else if (found.length < 10) found.push(durationMs);
    }
    return new Map([...durations].map(([key, found]) => [key, median(found)]));
  }

  cursor({ key, partition }: Unit): Json | undefined {
    const [row] = this.all<{ value: string }>(
      `SELECT value FROM cursors WHERE target = @target AND key = @key AND partition = @partition`,
      { target: this.target, key, partition },
    );
    return row === undefined ? undefined : (JSON.parse(row.value) as Json);
  }

  automationMemories(): ReadonlyMap<AssetKey, AutomationMemory> {
    const rows = this.all<AutomationRow>(`SELECT * FROM automation WHERE target = @target`, {
      target: this.target,
    });
    return new Map(rows.map((row) => [row.key, automationMemory(row)]));
  }

  totals(): Totals {
    return {
      runs: this.#total("runs", ([status, trigger, bound]) => ({ status, trigger, bound })),
      attempts: this.#total("attempts", ([key, outcome, isRetry]) => ({
        key,
        outcome,
        isRetry: isRetry === 1,
      })),
      materializations: this.#total("materializations", ([key]) => ({ key })),
      checks: this.#total("check_results", ([key, check, passed]) => ({ key, check, passed: passed === 1 })),
    } as Totals;
  }

  #total<Labels>(table: TalliedTable, labelsOf: (labels: readonly unknown[]) => Labels): (Total & Labels)[] {
    return this.tuples<readonly [labels: string, count: number, seconds: number]>(totalQuery(table), {
      target: this.target,
    }).map(([labels, count, seconds]) => ({
      ...labelsOf(JSON.parse(labels) as readonly unknown[]),
      count,
      seconds,
    }));
  }

  newestEventId(): number {
    const [row] = this.all<{ id: number | null }>(`SELECT max(id) AS id FROM events`, {});
    return row?.id ?? 0;
  }

  atOneMoment<T>(work: () => T): T {
    return this.guarded(() => this.database.transaction(work).deferred());
  }

  changeCounter(): number {
    // Compiled once, unlike `database.pragma`: a run asks several times for each asset.
    return this.guarded(() => Number(this.statement("PRAGMA data_version").pluck().get()));
  }

  close(): void {
    this.database.close();
  }

  /** Reads materializations by a query for {@link materializationColumns}, and what each was made from. */
  #withLineage(sql: string, parameters: Record<string, unknown>): readonly MaterializationRecord[] {
    const read = this.database.transaction(() => {
      const found = this.tuples<MaterializationRow>(sql, parameters).map(materializationRecord);
      const records = new Map(found.map((record) => [record.id, record]));
      const edges = this.tuples<LineageRow>(
        `SELECT materialization_id, upstream, upstream_partition, data_version FROM lineage
         WHERE materialization_id IN (SELECT value FROM json_each(@ids))`,
        { ids: JSON.stringify([...records.keys()]) },
      );
      for (const [id, upstream, upstreamPartition, version] of edges) {
        const record = records.get(id);
        const dataVersion = version ?? undefined;
        record?.upstreams.push({ upstream, upstreamPartition, downstream: record.key, dataVersion });
      }
      return found;
    });
    // One transaction, or a row pruned in between would look as if it had been made from nothing.
    return this.guarded(read);
  }

  protected all<Row>(sql: string, parameters: Record<string, unknown>): Row[] {
    return this.guarded(() => this.statement(sql).all(parameters) as Row[]);
  }

  /** The same with each row as an array of its columns. Of one text, a statement gives either these or objects. */
  protected tuples<Row>(sql: string, parameters: Record<string, unknown>): Row[] {
    return this.guarded(() => this.statement(sql).raw().all(parameters) as Row[]);
  }

  /** A file can turn out to be damaged, or its disk full, long after it was opened. @throws StoreError */
  protected guarded<T>(work: () => T): T {
    try {
      return work();
    } catch (error) {
      throw asStoreError(error, this.database.name);
    }
  }

  protected statement(sql: string): Statement {
    const known = this.#statements.get(sql);
    if (known !== undefined) return known;
    const statement = this.database.prepare(sql);
    this.#statements.set(sql, statement);
    return statement;
  }
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const upper = sorted[middle] ?? 0;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? 0) + upper) / 2;
}
