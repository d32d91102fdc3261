import type { Statement } from "better-sqlite3";
import { canonicalJson, type Json } from "../util/hash.ts";
import { ownerColumns, type RunOwner, thisOwner } from "./run-owner.ts";
import type {
  DaemonRecord,
  Ending,
  NewTick,
  ScheduleReader,
  ScheduleRecord,
  ScheduleStore,
  TickKind,
  TickRecord,
  TickRequest,
  TickStatus,
  TickTotal,
} from "./schedules.ts";
import { settleTick } from "./settle-tick.ts";
import type { Instant } from "./instant.ts";

/** Daemons that ended longer ago are forgotten. */
const daemonsKeptMs = 30 * 86_400_000;

/** What the store lends: its compiled statements, and reads and writes that turn SQLite's errors into its own. */
export interface Connection {
  readonly target: string;
  statement(sql: string): Statement;
  all<Row>(sql: string, parameters: Record<string, unknown>): Row[];
}

/** The reads, on any connection. */
export class SqliteScheduleReader implements ScheduleReader {
  protected readonly connection: Connection;

  constructor(connection: Connection) {
    this.connection = connection;
  }

  schedules(): ReadonlyMap<string, ScheduleRecord> {
    const rows = this.#all<ScheduleRow>(`SELECT * FROM schedules WHERE target = @target ORDER BY name`);
    return new Map(rows.map((row) => [row.name, scheduleRecord(row)]));
  }

  ticks(filter: Parameters<ScheduleReader["ticks"]>[0] = {}): readonly TickRecord[] {
    return this.#all<TickRow>(
      `SELECT * FROM ticks WHERE target = @target AND (@schedule IS NULL OR schedule = @schedule)
         AND (@status IS NULL OR status = @status) AND (@since IS NULL OR tick >= @since)
       ORDER BY id DESC LIMIT @limit`,
      {
        schedule: filter.schedule ?? null,
        status: filter.status ?? null,
        since: filter.since ?? null,
        limit: filter.limit ?? -1,
      },
    ).map(tickRecord);
  }

  openTicks(): readonly TickRecord[] {
    return this.#all<TickRow>(
      `SELECT * FROM ticks WHERE target = @target AND status IN ('queued', 'started') ORDER BY tick, number, id`,
    ).map(tickRecord);
  }

  tick(id: number): TickRecord | undefined {
    return this.connection.all<TickRow>(`SELECT * FROM ticks WHERE id = @id`, { id }).map(tickRecord)[0];
  }

  latestTicks(): ReadonlyMap<string, TickRecord> {
    const rows = this.#all<TickRow>(
      `SELECT t.* FROM schedules s JOIN ticks t ON t.id = (
         SELECT id FROM ticks WHERE target = s.target AND schedule = s.name ORDER BY tick DESC, number DESC LIMIT 1)
       WHERE s.target = @target`,
    );
    return new Map(rows.map((row) => [row.schedule, tickRecord(row)]));
  }

  tickTotals(): readonly TickTotal[] {
    return this.#all<TickTotal>(
      `SELECT schedule, status, sum(count) AS count, max(tick) AS last FROM (
         SELECT schedule, status, count, tick FROM ticks WHERE target = @target
         UNION ALL SELECT labels ->> 0, labels ->> 1, count, NULL FROM tallies WHERE target = @target AND tallied = 'ticks')
       GROUP BY schedule, status ORDER BY schedule, status`,
    );
  }

  tickState(): string {
    // Rows are only added, and one that has ended stays as it is.
    const [row] = this.#all<{ state: string }>(
      `SELECT json_array((SELECT max(id) FROM ticks), (SELECT json_group_array(id || status || attempt)
         FROM ticks WHERE target = @target AND status IN ('queued', 'started'))) AS state`,
    );
    return row?.state ?? "";
  }

  daemons(): readonly DaemonRecord[] {
    return this.#all<DaemonRow>(
      `SELECT id, ${ownerColumns}, started_at, stopped_at, is_draining, problem FROM daemons
       WHERE target = @target ORDER BY started_at DESC, id`,
    ).map((row) => ({
      id: row.id,
      host: row.host,
      pid: row.pid,
      processStart: row.processStart,
      heartbeatAt: row.heartbeatAt,
      startedAt: row.started_at,
      stoppedAt: row.stopped_at ?? undefined,
      isDraining: row.is_draining === 1,
      problem: row.problem ?? undefined,
    }));
  }

  #all<Row>(sql: string, parameters: Record<string, unknown> = {}): Row[] {
    return this.connection.all(sql, { target: this.connection.target, ...parameters });
  }
}

/** The reads and the writes. */
export class SqliteScheduleStore extends SqliteScheduleReader implements ScheduleStore {
  readonly #transaction: <T>(work: () => T) => T;

  /** @param transaction makes what it is given one immediate transaction */
  constructor(connection: Connection, transaction: <T>(work: () => T) => T) {
    super(connection);
    this.#transaction = transaction;
  }

  register({ name, kind, rule }: Parameters<ScheduleStore["register"]>[0], now: Instant): void {
    this.#transaction(() => {
      this.#run(
        `INSERT INTO schedules (target, name, kind, rule, seen_at) VALUES (@target, @name, @kind, @rule, @now)
         ON CONFLICT (target, name) DO UPDATE SET kind = @kind, rule = @rule, seen_at = @now
         WHERE schedules.rule <> @rule OR schedules.kind <> @kind`,
        { name, kind, rule, now },
      );
    });
  }

  decide(decision: Parameters<ScheduleStore["decide"]>[0]): readonly TickRecord[] | undefined {
    const { name, rule, seenBefore, seenAfter, ticks, at } = decision;
    return this.#transaction(() => {
      const changes = this.#run(
        `UPDATE schedules SET seen_at = @seenAfter
         WHERE target = @target AND name = @name AND rule = @rule AND seen_at = @seenBefore AND switched IS NOT 0`,
        { name, rule, seenBefore, seenAfter },
      );
      if (changes === 0) return undefined;
      return ticks.flatMap((tick) => this.#insert(name, "schedule", tick, at));
    });
  }

  start(id: number, { runId, daemon, at }: Parameters<ScheduleStore["start"]>[1]): boolean {
    return this.#transaction(
      () =>
        this.#run(
          `UPDATE ticks SET status = 'started', attempt = attempt + 1, run_id = @runId, daemon = @daemon, started_at = @at,
             finished_at = NULL, ending = NULL
           WHERE id = @id AND status = 'queued' AND not_before <= @at`,
          { id, runId, daemon, at },
        ) === 1,
    );
  }

  markEnding(id: number, ending: Ending): boolean {
    return this.#transaction(
      () =>
        this.#run(
          `UPDATE ticks SET ending = @ending WHERE id = @id AND status = 'started' AND ending IS NULL`,
          { id, ending },
        ) === 1,
    );
  }

  endUnbegun(runId: string, message: string, at: Instant): void {
    this.#transaction(() => {
      // A run that is recorded settles its tick itself.
      const [run] = this.connection.all(`SELECT 1 FROM runs WHERE id = @runId`, { runId });
      if (run !== undefined) return;
      settleTick((sql) => this.connection.statement(sql), runId, { status: "not-started", message, at });
    });
  }

  skip(id: number, reason: string, at: Instant): boolean {
    return this.#transaction(
      () =>
        this.#run(
          `UPDATE ticks SET status = 'skipped', reason = @reason, finished_at = @at WHERE id = @id AND status = 'queued'`,
          { id, reason, at },
        ) === 1,
    );
  }

  add(name: string, tick: Omit<NewTick, "number">, at: Instant): TickRecord | undefined {
    return this.#transaction(() => {
      const { target } = this.connection;
      const [known] = this.connection.all<{ number: number; open: number }>(
        `SELECT coalesce(max(number), 0) AS number, coalesce(max(status IN ('queued', 'started')), 0) AS open FROM ticks
         WHERE target = @target AND schedule = @name AND tick = @tick`,
        { target, name, tick: tick.tick },
      );
      const { number = 0, open = 0 } = known ?? {};
      return open === 1 ? undefined : this.#insert(name, "schedule", { ...tick, number: number + 1 }, at)[0];
    });
  }

  switch(name: string, { on, isDefined }: Parameters<ScheduleStore["switch"]>[1], now: Instant): boolean {
    return this.#transaction(
      () =>
        this.#run(
          `UPDATE schedules
           SET seen_at = CASE WHEN @on AND NOT coalesce(switched, @isDefined) THEN @now ELSE seen_at END,
             switched = nullif(@on, @isDefined)
           WHERE target = @target AND name = @name`,
          { name, on: on ? 1 : 0, isDefined: isDefined ? 1 : 0, now },
        ) === 1,
    );
  }

  recordPoll(poll: Parameters<ScheduleStore["recordPoll"]>[0]): boolean {
    const { name, cursorBefore, cursor, note, ticks, at } = poll;
    return this.#transaction(() => {
      const changes = this.#run(
        `UPDATE schedules SET cursor = coalesce(@cursor, cursor), note = @note, failures = 0
         WHERE target = @target AND name = @name AND cursor IS @before`,
        { name, before: jsonText(cursorBefore), cursor: jsonText(cursor), note: note ?? null },
      );
      if (changes === 0) return false;
      for (const tick of ticks) this.#insert(name, "sensor", tick, at);
      return true;
    });
  }

  recordFailedPoll(name: string, message: string): number {
    return this.#transaction(() => {
      this.#run(
        `UPDATE schedules SET failures = failures + 1, note = @message WHERE target = @target AND name = @name`,
        { name, message },
      );
      return this.schedules().get(name)?.failures ?? 0;
    });
  }

  registerDaemon(id: string, at: Instant): void {
    this.#transaction(() => {
      this.#run(
        `INSERT INTO daemons (id, target, host, pid, process_start, started_at, heartbeat_at)
         VALUES (@id, @target, @host, @pid, @processStart, @at, @at)`,
        { id, at, ...thisOwner() },
      );
      this.#run(`DELETE FROM daemons WHERE target = @target AND heartbeat_at < @before`, {
        before: new Date(Date.parse(at) - daemonsKeptMs).toISOString(),
      });
    });
  }

  beat(id: string, at: Instant, { isDraining, problem }: Parameters<ScheduleStore["beat"]>[2]): void {
    this.#transaction(() => {
      this.#run(
        `UPDATE daemons SET heartbeat_at = @at, is_draining = @isDraining, problem = @problem WHERE id = @id`,
        { id, at, isDraining: isDraining ? 1 : 0, problem: problem ?? null },
      );
    });
  }

  stopDaemon(id: string, at: Instant): void {
    this.#transaction(() => {
      this.#run(`UPDATE daemons SET heartbeat_at = @at, stopped_at = @at WHERE id = @id`, { id, at });
    });
  }

  /** The tick as it was added; nothing when that instant has been decided before. */
  #insert(name: string, kind: TickKind, tick: NewTick, at: Instant): readonly TickRecord[] {
    return this.connection
      .all<TickRow>(
        `INSERT INTO ticks (target, schedule, kind, tick, number, status, reason, message, count, decided_at, not_before,
           request, finished_at)
         VALUES (@target, @name, @kind, @tick, @number, @status, @reason, @message, @count, @at, @notBefore, @request,
           iif(@status = 'queued', NULL, @at))
         ON CONFLICT (target, schedule, tick, number) DO NOTHING RETURNING *`,
        {
          target: this.connection.target,
          name,
          kind,
          tick: tick.tick,
          number: tick.number,
          status: tick.status,
          reason: tick.reason ?? null,
          message: tick.message ?? null,
          count: tick.count,
          at,
          notBefore: tick.notBefore,
          request: JSON.stringify(tick.request),
        },
      )
      .map(tickRecord);
  }

  /** @returns how many rows have changed */
  #run(sql: string, parameters: Record<string, unknown>): number {
    return this.connection.statement(sql).run({ target: this.connection.target, ...parameters }).changes;
  }
}

interface ScheduleRow {
  name: string;
  kind: TickKind;
  rule: string;
  seen_at: string;
  switched: number | null;
  cursor: string | null;
  note: string | null;
  failures: number;
}

function scheduleRecord(row: ScheduleRow): ScheduleRecord {
  return {
    name: row.name,
    kind: row.kind,
    rule: row.rule,
    seenAt: row.seen_at,
    switched: row.switched === null ? undefined : row.switched === 1,
    cursor: row.cursor === null ? undefined : (JSON.parse(row.cursor) as Json),
    note: row.note ?? undefined,
    failures: row.failures,
  };
}

interface TickRow {
  id: number;
  schedule: string;
  kind: TickKind;
  tick: string;
  number: number;
  status: TickStatus;
  reason: TickRecord["reason"] | null;
  message: string | null;
  count: number;
  decided_at: string;
  not_before: string;
  request: string;
  attempt: number;
  run_id: string | null;
  daemon: string | null;
  started_at: string | null;
  finished_at: string | null;
  ending: Ending | null;
}

function tickRecord(row: TickRow): TickRecord {
  return {
    id: row.id,
    schedule: row.schedule,
    kind: row.kind,
    tick: row.tick,
    number: row.number,
    status: row.status,
    reason: row.reason ?? undefined,
    message: row.message ?? undefined,
    count: row.count,
    decidedAt: row.decided_at,
    notBefore: row.not_before,
    request: JSON.parse(row.request) as TickRequest,
    attempt: row.attempt,
    runId: row.run_id ?? undefined,
    daemon: row.daemon ?? undefined,
    startedAt: row.started_at ?? undefined,
    finishedAt: row.finished_at ?? undefined,
    ending: row.ending ?? undefined,
  };
}

interface DaemonRow extends RunOwner {
  id: string;
  started_at: string;
  stopped_at: string | null;
  is_draining: number;
  problem: string | null;
}

function jsonText(value: Json | undefined): string | null {
  return value === undefined ? null : canonicalJson(value);
}
