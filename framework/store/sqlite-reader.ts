import type { Database, Statement } from "better-sqlite3";
import type { AssetKey } from "../definition/asset-key.ts";
import type { Outcome } from "../event/event.ts";
import type { Json } from "../util/hash.ts";
import {
  type AttemptRow,
  attemptRecord,
  type CheckResultRow,
  checkResultRecord,
  type EventRow,
  type MaterializationRow,
  materializationRecord,
  type RunRow,
  runRecord,
  storedEvent,
} from "./rows.ts";
import { ownerColumns, type RunOwner } from "./run-owner.ts";
import { asStoreError } from "./store-error.ts";
import type {
  AttemptRecord,
  CheckResultRecord,
  MaterializationRecord,
  RunRecord,
  StoredEvent,
  StoreReader,
} from "./store.ts";

const runColumns = `r.id, r.status, r.trigger, r.target, r.selection, r.tags, r.resumes, r.started_at, r.finished_at,
  ${(["materialized", "fresh", "failed", "skipped", "cancelled"] satisfies Outcome[])
    .map(
      (outcome) =>
        `(SELECT count(DISTINCT key) FROM attempts WHERE run_id = r.id AND outcome = '${outcome}') AS ${outcome}`,
    )
    .join(", ")}`;

const materializationColumns = `m.id, m.run_id, m.key, m.started_at, m.finished_at, m.code_version, m.data_version,
  m.snapshot_id, m.metadata,
  (SELECT json_group_array(json_array(upstream, data_version)) FROM lineage WHERE materialization_id = m.id) AS upstreams`;

/** The reads, on any connection. Statements are compiled once, when first used. */
export class SqliteReader implements StoreReader {
  readonly target: string;
  protected readonly database: Database;
  readonly #statements = new Map<string, Statement>();

  constructor(database: Database, target: string) {
    this.database = database;
    this.target = target;
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
      `SELECT run_id, key, attempt, started_at, finished_at, outcome, failure FROM attempts
       WHERE run_id = @runId ORDER BY started_at, key, attempt`,
      { runId },
    ).map(attemptRecord);
  }

  events(filter: { runId?: string; key?: AssetKey; after?: number; limit?: number }): readonly StoredEvent[] {
    return this.all<EventRow>(
      `SELECT id, payload FROM events
       WHERE id > @after AND (@runId IS NULL OR run_id = @runId) AND (@key IS NULL OR key = @key)
       ORDER BY id LIMIT @limit`,
      {
        after: filter.after ?? 0,
        runId: filter.runId ?? null,
        key: filter.key ?? null,
        limit: filter.limit ?? -1,
      },
    ).map(storedEvent);
  }

  latestMaterializations(): ReadonlyMap<AssetKey, MaterializationRecord> {
    const rows = this.all<MaterializationRow>(
      `SELECT ${materializationColumns} FROM materializations m
       WHERE m.id IN (SELECT max(id) FROM materializations WHERE target = @target AND partition = '' GROUP BY key)`,
      { target: this.target },
    );
    return new Map(rows.map((row) => [row.key, materializationRecord(row)]));
  }

  materializations(key: AssetKey, limit = -1): readonly MaterializationRecord[] {
    return this.all<MaterializationRow>(
      `SELECT ${materializationColumns} FROM materializations m
       WHERE m.target = @target AND m.key = @key ORDER BY m.id DESC LIMIT @limit`,
      { target: this.target, key, limit },
    ).map(materializationRecord);
  }

  runMaterializations(runId: string): readonly MaterializationRecord[] {
    return this.all<MaterializationRow>(
      `SELECT ${materializationColumns} FROM materializations m WHERE m.run_id = @runId ORDER BY m.id`,
      { runId },
    ).map(materializationRecord);
  }

  latestOutcomes(): ReturnType<StoreReader["latestOutcomes"]> {
    // SQLite takes the other columns from the row that holds the maximum.
    const rows = this.all<{ key: AssetKey; outcome: Outcome | null; at: string; run_id: string }>(
      `SELECT a.key, a.outcome, max(a.started_at || printf('%06d', a.attempt)) AS latest, a.started_at AS at, a.run_id
       FROM attempts a JOIN runs r ON r.id = a.run_id WHERE r.target = @target GROUP BY a.key`,
      { target: this.target },
    );
    return new Map(
      rows.map((row) => [row.key, { outcome: row.outcome ?? undefined, at: row.at, runId: row.run_id }]),
    );
  }

  latestCheckResults(): ReadonlyMap<AssetKey, readonly CheckResultRecord[]> {
    const rows = this.all<CheckResultRow>(
      `SELECT * FROM check_results
       WHERE id IN (SELECT max(id) FROM check_results WHERE target = @target GROUP BY key, check_name)
       ORDER BY key, check_name`,
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

  usualDurations(): ReadonlyMap<AssetKey, number> {
    const rows = this.all<{ key: AssetKey; durations: string }>(
      `SELECT key, json_group_array(duration_ms) AS durations FROM (
         SELECT key, duration_ms, row_number() OVER (PARTITION BY key ORDER BY id DESC) AS age
         FROM materializations WHERE target = @target)
       WHERE age <= 10 GROUP BY key`,
      { target: this.target },
    );
    return new Map(rows.map((row) => [row.key, median(JSON.parse(row.durations) as number[])]));
  }

  cursor(key: AssetKey): Json | undefined {
    const [row] = this.all<{ value: string }>(
      `SELECT value FROM cursors WHERE target = @target AND key = @key AND partition = ''`,
      { target: this.target, key },
    );
    return row === undefined ? undefined : (JSON.parse(row.value) as Json);
  }

  changeCounter(): number {
    return this.guarded(() => Number(this.database.pragma("data_version", { simple: true })));
  }

  close(): void {
    this.database.close();
  }

  protected all<Row>(sql: string, parameters: Record<string, unknown>): Row[] {
    return this.guarded(() => this.statement(sql).all(parameters) as Row[]);
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
