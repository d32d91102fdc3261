import type { Failure } from "../event/failure.ts";
import {
  type OpenLineageReader,
  type OpenLineageStore,
  openLineageEventTypes,
  type SendingProgress,
  type TransportRecord,
  type WaitingEvents,
} from "./open-lineage.ts";
import { type EventRow, storedEvent } from "./rows.ts";
import type { Connection } from "./sqlite-schedules.ts";

interface TransportRow {
  readonly name: string;
  readonly sent_up_to: number;
  readonly sent_at: string | null;
  readonly refused: number;
  readonly failures: number;
  readonly failure: string | null;
  readonly due_at: string | null;
  readonly waiting: number;
}

const types = openLineageEventTypes.map((type) => `'${type}'`).join(", ");

/** Events `e` of a target above an id that somebody is to be told of. */
const waitingAfter = (id: string) =>
  `FROM events e JOIN runs r ON r.id = e.run_id
   WHERE e.id > ${id} AND r.target = @target AND e.type IN (${types})`;

/** Longer than anybody waits or claims: an instant beyond that was set by a clock that went wrong. */
const longestWait = "'+2 hours'";

/** Whether an instant of a row lies ahead. */
const isAhead = (column: string) =>
  `(${column} > @now AND ${column} < strftime('%Y-%m-%dT%H:%M:%fZ', @now, ${longestWait}))`;

/** The reads, on any connection. */
export class SqliteOpenLineageReader implements OpenLineageReader {
  protected readonly connection: Connection;

  constructor(connection: Connection) {
    this.connection = connection;
  }

  transports(names: readonly string[]): readonly TransportRecord[] {
    const { target } = this.connection;
    return this.connection
      .all<TransportRow>(
        `SELECT name, sent_up_to, sent_at, refused, failures, failure, due_at,
           (SELECT count(*) ${waitingAfter("t.sent_up_to")}) AS waiting
         FROM openlineage_transports t
         WHERE target = @target AND name IN (SELECT value FROM json_each(@names)) ORDER BY name`,
        { target, names: JSON.stringify(names) },
      )
      .map(transportRecord);
  }

  waiting(after: number, limit: number): WaitingEvents {
    // First, for what is recorded meanwhile lies above it.
    const [newest] = this.connection.all<{ id: number | null }>(`SELECT max(id) AS id FROM events`, {});
    const events = this.connection
      .all<EventRow>(`SELECT e.id, e.payload ${waitingAfter("@after")} ORDER BY e.id LIMIT @limit`, {
        target: this.connection.target,
        after,
        limit,
      })
      .map(storedEvent);
    const last = events.at(-1)?.id ?? after;
    return { events, upTo: events.length < limit ? Math.max(last, newest?.id ?? 0) : last };
  }
}

/** The reads and the writes. */
export class SqliteOpenLineageStore extends SqliteOpenLineageReader implements OpenLineageStore {
  readonly #transaction: <T>(work: () => T) => T;

  /** @param transaction makes what it is given one immediate transaction */
  constructor(connection: Connection, transaction: <T>(work: () => T) => T) {
    super(connection);
    this.#transaction = transaction;
  }

  register(names: readonly string[], keep: readonly string[]): void {
    const { target } = this.connection;
    const known = this.connection.all<{ name: string }>(
      `SELECT name FROM openlineage_transports WHERE target = @target`,
      { target },
    );
    const isKnown = names.every((name) => known.some((other) => other.name === name));
    if (isKnown && known.every(({ name }) => names.includes(name) || keep.includes(name))) return;
    this.#transaction(() => {
      const kept = JSON.stringify([...names, ...keep]);
      this.#run(
        `DELETE FROM openlineage_transports
         WHERE target = @target AND name NOT IN (SELECT value FROM json_each(@kept))`,
        { kept },
      );
      this.#run(
        `INSERT OR IGNORE INTO openlineage_transports (target, name, sent_up_to)
         SELECT @target, value, coalesce((SELECT max(id) FROM events), 0) FROM json_each(@names)`,
        { names: JSON.stringify(names) },
      );
    });
  }

  claim(
    name: string,
    { id, now, until, isForced }: Parameters<OpenLineageStore["claim"]>[1],
  ): TransportRecord | undefined {
    return this.#transaction(() => {
      const { changes } = this.#run(
        `UPDATE openlineage_transports SET claim = @id, claimed_until = @until
         WHERE target = @target AND name = @name
           AND (claim IS NULL OR NOT ${isAhead("claimed_until")})
           AND (@isForced OR due_at IS NULL OR NOT ${isAhead("due_at")})`,
        { name, id, now, until, isForced: isForced ? 1 : 0 },
      );
      return changes === 0 ? undefined : this.transports([name])[0];
    });
  }

  advance(
    name: string,
    { id, until }: Parameters<OpenLineageStore["advance"]>[1],
    progress: SendingProgress,
  ): boolean {
    return this.#transaction(() => this.#note(name, { id, until }, progress));
  }

  #note(
    name: string,
    { id, until }: { readonly id: string; readonly until: string },
    { sentUpTo, refused, at }: SendingProgress,
  ): boolean {
    const { changes } = this.#run(
      `UPDATE openlineage_transports SET
         sent_at = CASE WHEN @sentUpTo > sent_up_to THEN @at ELSE sent_at END,
         sent_up_to = max(sent_up_to, @sentUpTo), refused = refused + @refused, claimed_until = @until
       WHERE target = @target AND name = @name AND claim = @id`,
      { name, id, until, sentUpTo, refused, at },
    );
    return changes > 0;
  }

  settle(
    name: string,
    claimId: string,
    progress: SendingProgress,
    failed: Parameters<OpenLineageStore["settle"]>[3],
  ): void {
    this.#transaction(() => {
      if (!this.#note(name, { id: claimId, until: progress.at }, progress)) return;
      this.#run(
        `UPDATE openlineage_transports SET claim = NULL, claimed_until = NULL,
           failures = CASE WHEN @failure IS NULL THEN 0 ELSE failures + 1 END, failure = @failure, due_at = @dueAt
         WHERE target = @target AND name = @name`,
        {
          name,
          failure: failed === undefined ? null : JSON.stringify(failed.failure),
          dueAt: failed?.dueAt ?? null,
        },
      );
    });
  }

  #run(sql: string, parameters: Record<string, unknown>): { readonly changes: number } {
    return this.connection.statement(sql).run({ target: this.connection.target, ...parameters });
  }
}

function transportRecord(row: TransportRow): TransportRecord {
  return {
    name: row.name,
    sentUpTo: row.sent_up_to,
    sentAt: row.sent_at ?? undefined,
    refused: row.refused,
    failures: row.failures,
    failure: row.failure === null ? undefined : (JSON.parse(row.failure) as Failure),
    dueAt: row.due_at ?? undefined,
    waiting: row.waiting,
  };
}
