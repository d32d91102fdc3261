import type { AssetKey } from "../../definition/asset-key.ts";
import type { Unit } from "../../definition/unit.ts";
import type { Alert } from "../../event/alert.ts";
import type { RunEvent } from "../../event/event.ts";
import type { Failure } from "../../event/failure.ts";
import { storedMetadata } from "../../event/metadata.ts";
import { type AttemptRow, attemptRecord } from "../rows.ts";
import type { Connection } from "../sqlite-schedules.ts";
import type { Instant } from "../instant.ts";
import type { AlertNotice, AlertReader, BrokenRun, FailedAttempt, Measured } from "./alert-records.ts";
import { alertRecord, type AlertRow, noticeRecord, type NoticeRow } from "./alert-rows.ts";

interface BrokenRunRow {
  id: string;
  status: BrokenRun["status"];
  trigger: BrokenRun["trigger"];
  selection: string;
  started_at: string;
  finished_at: string | null;
  started: string | null;
}

const measuredColumns = "id, run_id AS runId, partition, finished_at AS finishedAt, metadata";

/** The reads on any connection. */
export class SqliteAlertReader implements AlertReader {
  protected readonly connection: Connection;

  constructor(connection: Connection) {
    this.connection = connection;
  }

  evaluation(): ReturnType<AlertReader["evaluation"]> {
    const [row] = this.all<{ number: number; success_told: string | null }>(
      `SELECT number, success_told FROM alert_evaluations WHERE target = @target`,
    );
    return { number: row?.number ?? 0, successTold: row?.success_told ?? null };
  }

  firing(): readonly Alert[] {
    return this.all<AlertRow>(
      `SELECT * FROM alerts WHERE target = @target AND resolved_at IS NULL ORDER BY id`,
    ).map(alertRecord);
  }

  history(limit: number): readonly Alert[] {
    return this.all<AlertRow>(`SELECT * FROM alerts WHERE target = @target ORDER BY id DESC LIMIT @limit`, {
      limit,
    }).map(alertRecord);
  }

  alert(id: number): Alert | undefined {
    const [row] = this.all<AlertRow>(`SELECT * FROM alerts WHERE target = @target AND id = @id`, { id });
    return row === undefined ? undefined : alertRecord(row);
  }

  notices(alertIds: readonly number[]): readonly AlertNotice[] {
    return this.all<NoticeRow>(
      `SELECT n.* FROM json_each(@ids) asked JOIN alert_notices n ON n.alert_id = asked.value ORDER BY n.id`,
      { ids: JSON.stringify(alertIds) },
    ).map(noticeRecord);
  }

  unresolvedFailures(): readonly FailedAttempt[] {
    return this.all<AttemptRow>(
      `SELECT a.* FROM attempts a JOIN runs r ON r.id = a.run_id
       WHERE a.outcome = 'failed' AND r.target = @target
         AND NOT EXISTS (
           SELECT 1 FROM attempts l JOIN runs lr ON lr.id = l.run_id
           WHERE l.key = a.key AND l.partition = a.partition AND l.started_at >= a.started_at
             AND (l.started_at > a.started_at OR l.attempt > a.attempt OR l.run_id > a.run_id)
             AND l.outcome IN ('materialized', 'fresh', 'failed') AND lr.target = @target)
         -- The lease stays with a run that will try again.
         AND NOT EXISTS (
           SELECT 1 FROM leases
           WHERE target = @target AND key = a.key AND partition = a.partition AND run_id = a.run_id)
       ORDER BY a.key, a.partition`,
    ).map(attemptRecord);
  }

  brokenRuns(since: Instant): readonly BrokenRun[] {
    const rows = this.all<BrokenRunRow>(
      `SELECT r.id, r.status, r.trigger, r.selection, r.started_at, r.finished_at,
         (SELECT payload FROM events WHERE id = r.first_event) AS started
       FROM runs r
       WHERE r.target = @target AND r.started_at >= @since AND r.status IN ('failed', 'interrupted')
         AND NOT EXISTS (
           SELECT 1 FROM runs l
           WHERE l.target = @target AND l.started_at >= r.started_at AND l.selection = r.selection
             AND l.status IN ('succeeded', 'failed', 'interrupted')
             AND (l.started_at > r.started_at OR l.id > r.id))
       ORDER BY r.started_at, r.id`,
      { since },
    );
    return rows.map((row) => this.#brokenRun(row));
  }

  #brokenRun(row: BrokenRunRow): BrokenRun {
    const attempts = this.all<{ key: AssetKey; outcome: string | null; failure: string | null }>(
      `SELECT key, outcome, failure FROM attempts a WHERE run_id = @runId AND attempt = (
         SELECT max(attempt) FROM attempts WHERE run_id = a.run_id AND key = a.key AND partition = a.partition)
       ORDER BY started_at, key`,
      { runId: row.id },
    );
    const started = row.started === null ? undefined : (JSON.parse(row.started) as RunEvent);
    const failed = new Map<AssetKey, Failure | undefined>();
    for (const { key, outcome, failure } of attempts) {
      if (outcome !== "failed") continue;
      failed.set(key, failure === null ? undefined : (JSON.parse(failure) as Failure));
    }
    return {
      id: row.id,
      status: row.status,
      trigger: row.trigger,
      selection: row.selection,
      startedAt: row.started_at,
      finishedAt: row.finished_at ?? undefined,
      keys:
        started?.type === "run-started"
          ? (started.keys as readonly AssetKey[])
          : // Its events have been pruned.
            [...new Set(attempts.map(({ key }) => key))],
      failed: [...failed].map(([key, failure]) => ({ key, failure })),
      skipped: new Set(attempts.flatMap(({ key, outcome }) => (outcome === "skipped" ? [key] : []))).size,
    };
  }

  measured({ key, partition }: Unit, limit: number): readonly Measured[] {
    return this.#measured(
      `SELECT ${measuredColumns} FROM materializations
       WHERE target = @target AND key = @key AND partition = @partition AND made_at IS NULL AND NOT withdrawn
       ORDER BY id DESC LIMIT @limit`,
      { key, partition, limit },
    );
  }

  measuredPartitions(key: AssetKey): readonly Measured[] {
    return this.#measured(
      `SELECT ${measuredColumns} FROM materializations
       WHERE id IN (SELECT max(id) FROM materializations WHERE target = @target AND key = @key GROUP BY partition)
         AND made_at IS NULL AND NOT withdrawn`,
      { key },
    );
  }

  #measured(sql: string, parameters: Record<string, unknown>): readonly Measured[] {
    return this.all<Omit<Measured, "metadata"> & { metadata: string }>(sql, parameters).map((row) => ({
      ...row,
      metadata: storedMetadata(JSON.parse(row.metadata)),
    }));
  }

  protected all<Row>(sql: string, parameters: Record<string, unknown> = {}): Row[] {
    const named = sql.includes("@target") ? { target: this.connection.target, ...parameters } : parameters;
    return this.connection.all<Row>(sql, named);
  }
}
