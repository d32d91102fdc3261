import type { AssetKey } from "../definition/asset-key.ts";
import type { RunEvent, RunStatus } from "../event/event.ts";
import { toJson } from "./rows.ts";
import { isDead, ownerColumns, type RunOwner, thisOwner } from "./run-owner.ts";
import { SqliteReader } from "./sqlite-reader.ts";
import type {
  AttemptRecord,
  CheckResultRecord,
  FinishedMaterialization,
  Instant,
  StartedRun,
  Store,
} from "./store.ts";

/** The reads and the writes on one connection. Every write is one immediate transaction. */
export class SqliteStore extends SqliteReader implements Store {
  startRun({ tags = {}, resumes, ...run }: StartedRun, event: RunEvent): void {
    this.#transaction(() => {
      this.statement(
        `INSERT INTO runs
           (id, target, status, trigger, selection, tags, resumes, started_at, host, pid, process_start, heartbeat_at)
         VALUES
           (@id, @target, 'running', @trigger, @selection, @tags, @resumes, @startedAt, @host, @pid, @processStart, @startedAt)`,
      ).run({
        ...run,
        ...thisOwner(),
        target: this.target,
        tags: JSON.stringify(tags),
        resumes: resumes ?? null,
      });
      this.#append(event);
    });
  }

  heartbeat(runId: string, at: Instant): void {
    this.#transaction(() => {
      this.statement(`UPDATE runs SET heartbeat_at = @at WHERE id = @runId`).run({ runId, at });
    });
  }

  startAttempt(
    attempt: Pick<AttemptRecord, "runId" | "key" | "attempt" | "startedAt">,
    event: RunEvent,
  ): void {
    this.#transaction(() => {
      this.statement(
        `INSERT INTO attempts (run_id, key, attempt, started_at) VALUES (@runId, @key, @attempt, @startedAt)`,
      ).run(attempt);
      this.#append(event);
    });
  }

  finishMaterialization(done: FinishedMaterialization): void {
    this.#transaction(() => {
      const { lastInsertRowid } = this.statement(
        `INSERT INTO materializations
           (target, key, run_id, attempt, started_at, finished_at, duration_ms, code_version, data_version, snapshot_id, metadata)
         VALUES
           (@target, @key, @runId, @attempt, @startedAt, @finishedAt, @durationMs, @codeVersion, @dataVersion, @snapshotId, @metadata)`,
      ).run({
        target: this.target,
        key: done.key,
        runId: done.runId,
        attempt: done.attempt,
        startedAt: done.startedAt,
        finishedAt: done.finishedAt,
        durationMs: Math.max(0, Date.parse(done.finishedAt) - Date.parse(done.startedAt)),
        codeVersion: done.codeVersion,
        dataVersion: done.dataVersion ?? null,
        snapshotId: done.snapshotId ?? null,
        metadata: JSON.stringify(done.metadata),
      });
      for (const upstream of done.upstreams) {
        this.statement(
          `INSERT INTO lineage (materialization_id, upstream, data_version) VALUES (@id, @upstream, @dataVersion)`,
        ).run({ id: lastInsertRowid, upstream: upstream.key, dataVersion: upstream.dataVersion ?? null });
      }
      if (done.cursor !== undefined) this.#moveCursor(done.key, done);
      this.#endAttempt({ ...done, outcome: done.failure === undefined ? "materialized" : "failed" });
      this.#append(done.event);
    });
  }

  finishAttempt(attempt: Parameters<Store["finishAttempt"]>[0], event: RunEvent): void {
    this.#transaction(() => {
      this.#endAttempt(attempt);
      this.#append(event);
    });
  }

  recordCheck(result: CheckResultRecord, event: RunEvent): void {
    this.#transaction(() => {
      this.statement(
        `INSERT INTO check_results
           (target, key, check_name, run_id, severity, blocking, passed, at, duration_ms, result, failure)
         VALUES
           (@target, @key, @check, @runId, @severity, @blocking, @passed, @at, @durationMs, @result, @failure)`,
      ).run({
        target: this.target,
        key: result.key,
        check: result.check,
        runId: result.runId,
        severity: result.severity,
        blocking: result.blocking ? 1 : 0,
        passed: result.result.passed && result.failure === undefined ? 1 : 0,
        at: result.at,
        durationMs: Math.round(result.durationMs),
        result: JSON.stringify(result.result),
        failure: toJson(result.failure),
      });
      this.#append(event);
    });
  }

  recordEvent(event: RunEvent): void {
    this.#transaction(() => this.#append(event));
  }

  finishRun(runId: string, status: RunStatus, finishedAt: Instant, event: RunEvent): void {
    this.#transaction(() => {
      this.statement(`UPDATE runs SET status = @status, finished_at = @finishedAt WHERE id = @runId`).run({
        runId,
        status,
        finishedAt,
      });
      this.#append(event);
    });
  }

  interruptDeadRuns(now: Instant): readonly string[] {
    return this.#transaction(() => {
      const running = this.all<RunOwner & { id: string }>(
        `SELECT id, ${ownerColumns} FROM runs WHERE status = 'running'`,
        {},
      );
      const dead = running.filter((run) => isDead(run, now));
      for (const { id } of dead) {
        this.statement(
          `UPDATE runs SET status = 'interrupted', finished_at = heartbeat_at WHERE id = @id`,
        ).run({ id });
      }
      return dead.map((run) => run.id);
    });
  }

  #moveCursor(key: AssetKey, done: Pick<FinishedMaterialization, "cursor" | "runId" | "finishedAt">): void {
    this.statement(
      `INSERT INTO cursors (target, key, value, run_id, updated_at) VALUES (@target, @key, @value, @runId, @at)
       ON CONFLICT (target, key, partition) DO UPDATE SET value = @value, run_id = @runId, updated_at = @at`,
    ).run({
      target: this.target,
      key,
      value: JSON.stringify(done.cursor),
      runId: done.runId,
      at: done.finishedAt,
    });
  }

  #endAttempt(attempt: Parameters<Store["finishAttempt"]>[0]): void {
    this.statement(
      `INSERT INTO attempts (run_id, key, attempt, started_at, finished_at, outcome, failure)
       VALUES (@runId, @key, @attempt, @startedAt, @finishedAt, @outcome, @failure)
       ON CONFLICT (run_id, key, partition, attempt)
         DO UPDATE SET finished_at = @finishedAt, outcome = @outcome, failure = @failure`,
    ).run({
      runId: attempt.runId,
      key: attempt.key,
      attempt: attempt.attempt,
      startedAt: attempt.startedAt,
      finishedAt: attempt.finishedAt,
      outcome: attempt.outcome,
      failure: toJson(attempt.failure),
    });
  }

  #append(event: RunEvent): void {
    this.statement(
      `INSERT INTO events (run_id, key, type, at, payload) VALUES (@runId, @key, @type, @at, @payload)`,
    ).run({
      runId: event.runId,
      key: "key" in event ? (event.key ?? null) : null,
      type: event.type,
      at: event.at,
      payload: JSON.stringify(event),
    });
  }

  #transaction<T>(work: () => T): T {
    return this.guarded(() => this.database.transaction(work).immediate());
  }
}
