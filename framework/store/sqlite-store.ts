import { isDeepStrictEqual } from "node:util";
import type { Unit } from "../definition/unit.ts";
import type { RunEvent, RunStatus } from "../event/event.ts";
import type { AlertStore } from "./alerts/alert-records.ts";
import { SqliteAlertStore } from "./alerts/sqlite-alert-store.ts";
import { expiryOf, takeLeases } from "./leases.ts";
import { insertRestored, restoreCursor } from "./record-rollback.ts";
import { automationRow, toJson } from "./rows.ts";
import { isDead, ownerColumns, type RunOwner, thisOwner } from "./run-owner.ts";
import { settleTick, type TickEnd } from "./settle-tick.ts";
import { SqliteOpenLineageStore } from "./sqlite-open-lineage.ts";
import { SqliteReader } from "./sqlite-reader.ts";
import { SqliteScheduleStore } from "./sqlite-schedules.ts";
import type {
  AutomationDecision,
  CheckResultRecord,
  FinishedMaterialization,
  FinishedRollback,
  Instant,
  LeaseAnswer,
  StartedAttempt,
  StartedRun,
  Store,
  UnreconciledAttempt,
} from "./store.ts";

type EndedAttempt = Parameters<Store["finishAttempt"]>[0] & {
  /** Of what it wrote. */
  readonly materializationId?: number | bigint;
};

/** Of `attempts a`: its process died, and nobody has dealt with that yet. */
const isUnsettled = "a.outcome IS NULL AND a.reconciled IS NULL";

/** The reads and the writes on one connection. Every write is one immediate transaction. */
export class SqliteStore extends SqliteReader implements Store {
  /** Made once: making one takes longer than most writes. */
  readonly #writes = this.database.transaction((work: () => unknown) => work());

  override readonly alerts: AlertStore = new SqliteAlertStore(this.connection(), (work) =>
    this.#transaction(work),
  );
  override readonly scheduling = new SqliteScheduleStore(this.connection(), (work) =>
    this.#transaction(work),
  );

  override readonly openLineage = new SqliteOpenLineageStore(this.connection(), (work) =>
    this.#transaction(work),
  );

  /** Runs that this connection has found dead. */
  #interrupted = 0;

  startRun(
    { tags = {}, resumes, ...run }: StartedRun,
    event: RunEvent,
    decision?: AutomationDecision,
  ): boolean {
    return this.#transaction(() => {
      if (decision !== undefined && !this.#remember(decision)) return false;
      if (run.trigger === "schedule" && !this.#hasTick(run.id)) return false;
      this.statement(
        `INSERT INTO runs
           (id, target, status, trigger, selection, tags, resumes, started_at, host, pid, process_start, heartbeat_at,
            first_event)
         VALUES
           (@id, @target, 'running', @trigger, @selection, @tags, @resumes, @startedAt, @host, @pid, @processStart, @startedAt,
            @firstEvent)`,
      ).run({
        ...run,
        ...thisOwner(),
        target: this.target,
        tags: JSON.stringify(tags),
        resumes: resumes ?? null,
        firstEvent: this.#append(event),
      });
      return true;
    });
  }

  /** Whether the run's tick still waits for it: one whose start took too long may have been given to another. */
  #hasTick(runId: string): boolean {
    const tick = this.statement(`SELECT 1 FROM ticks WHERE run_id = ? AND status = 'started'`).get(runId);
    return tick !== undefined;
  }

  heartbeat(runId: string, at: Instant): void {
    this.#transaction(() => {
      this.statement(`UPDATE runs SET heartbeat_at = @at WHERE id = @runId`).run({ runId, at });
      this.statement(
        `UPDATE leases SET heartbeat_at = @at, expires_at = @expiresAt WHERE run_id = @runId`,
      ).run({ runId, at, expiresAt: expiryOf(at) });
    });
  }

  acquireLeases(runId: string, units: readonly Unit[], at: Instant): LeaseAnswer {
    return this.#transaction(() => this.#takeLeases(runId, units, at));
  }

  #takeLeases(runId: string, units: readonly Unit[], at: Instant): LeaseAnswer {
    return takeLeases(
      (sql) => this.statement(sql),
      { target: this.target, runId, units, at },
      (dead) => this.#interrupt(dead),
    );
  }

  releaseLeases(runId: string, units: readonly Unit[]): void {
    this.#transaction(() => {
      for (const unit of units) this.#release(runId, unit);
    });
  }

  holdsLease(runId: string, { key, partition }: Unit): boolean {
    const held = this.statement(
      `SELECT 1 FROM leases WHERE target = @target AND key = @key AND partition = @partition AND run_id = @runId`,
    ).get({ target: this.target, key, partition, runId });
    return held !== undefined;
  }

  startAttempt(attempt: StartedAttempt, event: RunEvent): void {
    this.#transaction(() => this.#insertAttempt(attempt, event));
  }

  startLeasedAttempt(attempt: StartedAttempt, event: RunEvent, changes: number): boolean {
    return this.#transaction(() => {
      const { held } = this.#takeLeases(attempt.runId, [attempt], event.at);
      // Asked afterwards: the holder may have been found dead, and then what it left comes first.
      if (!held || this.changeCounter() !== changes) return false;
      this.#insertAttempt(attempt, event);
      return true;
    });
  }

  #insertAttempt({ snapshotBefore, ...attempt }: StartedAttempt, event: RunEvent): void {
    this.statement(
      `INSERT INTO attempts (run_id, key, partition, attempt, started_at, snapshot_before)
       VALUES (@runId, @key, @partition, @attempt, @startedAt, @snapshotBefore)`,
    ).run({ ...attempt, snapshotBefore: snapshotBefore ?? null });
    this.#append(event);
  }

  finishMaterialization(done: FinishedMaterialization): number | undefined {
    return this.#transaction(() => {
      if (!this.#release(done.runId, done)) return undefined;
      const { lastInsertRowid } = this.statement(
        `INSERT INTO materializations
           (target, key, partition, run_id, attempt, started_at, finished_at, duration_ms, code_version, data_version, snapshot_id,
            metadata, cursor)
         VALUES
           (@target, @key, @partition, @runId, @attempt, @startedAt, @finishedAt, @durationMs, @codeVersion, @dataVersion, @snapshotId,
            @metadata, coalesce(@cursor, (SELECT value FROM cursors WHERE target = @target AND key = @key AND partition = @partition)))`,
      ).run({
        target: this.target,
        key: done.key,
        partition: done.partition,
        runId: done.runId,
        attempt: done.attempt,
        startedAt: done.startedAt,
        finishedAt: done.finishedAt,
        durationMs: Math.max(0, Date.parse(done.finishedAt) - Date.parse(done.startedAt)),
        codeVersion: done.codeVersion,
        dataVersion: done.dataVersion ?? null,
        snapshotId: done.snapshotId ?? null,
        metadata: JSON.stringify(done.metadata),
        cursor: toJson(done.cursor),
      });
      for (const upstream of done.upstreams) {
        this.statement(
          `INSERT INTO lineage (materialization_id, upstream, upstream_partition, data_version)
           VALUES (@id, @upstream, @partition, @dataVersion)`,
        ).run({
          id: lastInsertRowid,
          upstream: upstream.key,
          partition: upstream.partition,
          dataVersion: upstream.dataVersion ?? null,
        });
      }
      if (done.cursor !== undefined) this.#moveCursor(done);
      this.statement(
        `UPDATE check_results SET unpublished = 0
         WHERE unpublished = 1 AND run_id = @runId AND key = @key AND partition = @partition AND at >= @startedAt`,
      ).run({ runId: done.runId, key: done.key, partition: done.partition, startedAt: done.startedAt });
      const outcome = done.failure === undefined ? "materialized" : "failed";
      this.#endAttempt({ ...done, outcome, materializationId: lastInsertRowid });
      this.#append(done.event);
      return Number(lastInsertRowid);
    });
  }

  finishRollback(rollback: FinishedRollback): boolean {
    const { target } = this;
    const statement = (sql: string) => this.statement(sql);
    return this.#transaction(() => {
      const { runId, at, units, event } = rollback;
      // All of them, for a release that failed must not have given back the others.
      if (!units.every((unit) => this.holdsLease(runId, unit))) return false;
      for (const unit of units) {
        const id = insertRestored(statement, target, rollback, unit);
        restoreCursor(statement, target, rollback, unit, id);
        const attempt = { runId, key: unit.key, partition: unit.partition, attempt: 1 };
        const outcome = { outcome: "materialized", failure: undefined, materializationId: id } as const;
        this.#endAttempt({ ...attempt, ...outcome, startedAt: at, finishedAt: at });
        for (const check of unit.checks) this.#insertCheck({ ...check, runId });
        for (const one of unit.events) this.#append(one);
      }
      this.#finishRun(runId, "succeeded", at, event);
      return true;
    });
  }

  finishAttempt(attempt: Parameters<Store["finishAttempt"]>[0], event: RunEvent): void {
    this.#transaction(() => {
      this.#endAttempt(attempt);
      if (attempt.isRetried !== true) this.#release(attempt.runId, attempt);
      this.#append(event);
    });
  }

  recordCheck(result: CheckResultRecord, event: RunEvent): void {
    this.#transaction(() => {
      this.#insertCheck(result);
      this.#append(event);
    });
  }

  #insertCheck(result: CheckResultRecord): void {
    this.statement(
      `INSERT INTO check_results
           (target, key, partition, check_name, run_id, severity, blocking, passed, at, duration_ms, result, failure, unpublished)
         VALUES
           (@target, @key, @partition, @check, @runId, @severity, @blocking, @passed, @at, @durationMs, @result, @failure, @unpublished)`,
    ).run({
      target: this.target,
      key: result.key,
      partition: result.partition,
      check: result.check,
      runId: result.runId,
      severity: result.severity,
      blocking: result.blocking ? 1 : 0,
      passed: result.result.passed && result.failure === undefined ? 1 : 0,
      at: result.at,
      durationMs: Math.round(result.durationMs),
      result: JSON.stringify(result.result),
      failure: toJson(result.failure),
      unpublished: result.isUnpublished ? 1 : 0,
    });
  }

  recordEvent(event: RunEvent): void {
    this.#transaction(() => {
      const id = this.#append(event);
      // Somebody may have something to say of a run that has ended.
      this.statement(`UPDATE runs SET last_event = @id WHERE id = @runId AND last_event IS NOT NULL`).run({
        id,
        runId: event.runId,
      });
    });
  }

  finishRun(runId: string, status: RunStatus, finishedAt: Instant, event: RunEvent): void {
    this.#transaction(() => this.#finishRun(runId, status, finishedAt, event));
  }

  interruptDeadRuns(now: Instant): readonly string[] {
    return this.#transaction(() => {
      const running = this.all<RunOwner & { id: string }>(
        `SELECT id, ${ownerColumns} FROM runs WHERE status = 'running'`,
        {},
      );
      const dead = running.filter((run) => isDead(run, now));
      for (const { id } of dead) this.#interrupt(id);
      return dead.map((run) => run.id);
    });
  }

  interruptRun(runId: string): void {
    this.#transaction(() => this.#interrupt(runId));
  }

  rememberAutomation(decision: AutomationDecision): boolean {
    return this.#transaction(() => this.#remember(decision));
  }

  #remember({ before, after }: AutomationDecision): boolean {
    const stored = this.automationMemories();
    const isAsBefore = [...after.keys()].every((key) => isDeepStrictEqual(stored.get(key), before.get(key)));
    if (!isAsBefore) return false;
    for (const [key, memory] of after) {
      this.statement(
        `INSERT INTO automation (target, key, ticks, started_at, started_run, grounds)
         VALUES (@target, @key, @ticks, @started_at, @started_run, @grounds)
         ON CONFLICT (target, key) DO UPDATE SET
           ticks = @ticks, started_at = @started_at, started_run = @started_run, grounds = @grounds`,
      ).run({ target: this.target, ...automationRow(key, memory) });
    }
    return true;
  }

  unreconciledAttempts(): readonly UnreconciledAttempt[] {
    return this.all<StartedAttempt>(
      `SELECT a.run_id AS runId, a.key, a.partition, a.attempt, a.started_at AS startedAt, a.snapshot_before AS snapshotBefore
       FROM runs r JOIN attempts a ON a.run_id = r.id
       WHERE r.target = @target AND r.unsettled = 1 AND r.status <> 'running' AND ${isUnsettled}
       ORDER BY a.started_at`,
      { target: this.target },
    ).map((attempt) => ({ ...attempt, snapshotBefore: attempt.snapshotBefore ?? undefined }));
  }

  markReconciled(attempts: readonly UnreconciledAttempt[], how: "undone" | "kept"): void {
    this.#transaction(() => {
      for (const { runId, key, partition, attempt } of attempts) {
        this.statement(
          `UPDATE attempts SET reconciled = @how
           WHERE run_id = @runId AND key = @key AND partition = @partition AND attempt = @attempt AND reconciled IS NULL`,
        ).run({ runId, key, partition, attempt, how });
      }
      for (const runId of new Set(attempts.map((attempt) => attempt.runId))) this.#noteUnsettled(runId);
    });
  }

  #finishRun(runId: string, status: RunStatus, finishedAt: Instant, event: RunEvent): void {
    this.statement(
      `UPDATE runs SET status = @status, finished_at = @finishedAt, last_event = @lastEvent WHERE id = @runId`,
    ).run({ runId, status, finishedAt, lastEvent: this.#append(event) });
    this.#noteUnsettled(runId);
    this.statement(`DELETE FROM leases WHERE run_id = @runId`).run({ runId });
    this.#settleTick(runId, { status: status === "running" ? "interrupted" : status, at: finishedAt });
  }

  #settleTick(runId: string, end: TickEnd): void {
    settleTick((sql) => this.statement(sql), runId, end);
  }

  override changeCounter(): number {
    return super.changeCounter() + this.#interrupted;
  }

  #interrupt(runId: string): void {
    this.#interrupted += 1;
    const at = this.#lastHeardOf(runId);
    const { changes } = this.statement(
      `UPDATE runs SET status = 'interrupted', finished_at = @at WHERE id = @runId AND status = 'running'`,
    ).run({ runId, at: at ?? null });
    const hasEvents = this.statement(`SELECT first_event FROM runs WHERE id = ?`).pluck().get(runId) !== null;
    if (changes > 0 && at !== undefined && hasEvents) this.#append({ type: "run-interrupted", runId, at });
    this.#noteUnsettled(runId);
    this.statement(`DELETE FROM leases WHERE run_id = @runId`).run({ runId });
    if (at !== undefined) this.#settleTick(runId, { status: "interrupted", at });
  }

  /** The last sign of life of a run: what it recorded last may be younger than its last heartbeat. */
  #lastHeardOf(runId: string): Instant | undefined {
    // Its events are looked for from the newest one back.
    const lastHeard = this.statement(
      `SELECT max(heartbeat_at, coalesce((
         SELECT at FROM events WHERE id >= runs.first_event AND run_id = runs.id ORDER BY id DESC LIMIT 1), ''))
       FROM runs WHERE id = ?`,
    );
    const at = lastHeard.pluck().get(runId);
    return typeof at === "string" ? at : undefined;
  }

  /** Notes with a run that has ended whether it left attempts to be reconciled: so they are found without an index. */
  #noteUnsettled(runId: string): void {
    this.statement(
      `UPDATE runs SET unsettled = EXISTS (SELECT 1 FROM attempts a WHERE a.run_id = @runId AND ${isUnsettled})
       WHERE id = @runId`,
    ).run({ runId });
  }

  /** @returns whether the run had the lease */
  #release(runId: string, { key, partition }: Unit): boolean {
    const { changes } = this.statement(
      `DELETE FROM leases WHERE target = @target AND key = @key AND partition = @partition AND run_id = @runId`,
    ).run({ target: this.target, key, partition, runId });
    return changes > 0;
  }

  #moveCursor(done: FinishedMaterialization): void {
    this.statement(
      `INSERT INTO cursors (target, key, partition, value, run_id, updated_at)
       VALUES (@target, @key, @partition, @value, @runId, @at)
       ON CONFLICT (target, key, partition) DO UPDATE SET value = @value, run_id = @runId, updated_at = @at`,
    ).run({
      target: this.target,
      key: done.key,
      partition: done.partition,
      value: JSON.stringify(done.cursor),
      runId: done.runId,
      at: done.finishedAt,
    });
  }

  #endAttempt(attempt: EndedAttempt): void {
    this.statement(
      `INSERT INTO attempts (run_id, key, partition, attempt, started_at, finished_at, outcome, failure, materialization_id)
       VALUES (@runId, @key, @partition, @attempt, @startedAt, @finishedAt, @outcome, @failure, @materializationId)
       ON CONFLICT (run_id, key, partition, attempt) DO UPDATE SET
         finished_at = @finishedAt, outcome = @outcome, failure = @failure, materialization_id = @materializationId`,
    ).run({
      runId: attempt.runId,
      key: attempt.key,
      partition: attempt.partition,
      attempt: attempt.attempt,
      startedAt: attempt.startedAt,
      finishedAt: attempt.finishedAt,
      outcome: attempt.outcome,
      failure: toJson(attempt.failure),
      materializationId: attempt.materializationId ?? null,
    });
  }

  /** @returns the event's id */
  #append(event: RunEvent): number | bigint {
    return this.statement(
      `INSERT INTO events (run_id, key, type, at, payload) VALUES (@runId, @key, @type, @at, @payload)`,
    ).run({
      runId: event.runId,
      key: "key" in event ? (event.key ?? null) : null,
      type: event.type,
      at: event.at,
      payload: JSON.stringify(event),
    }).lastInsertRowid;
  }

  #transaction<T>(work: () => T): T {
    return this.guarded(() => this.#writes.immediate(work) as T);
  }
}
