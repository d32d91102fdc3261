import type { Connection } from "../sqlite-schedules.ts";
import type { Instant } from "../instant.ts";
import type { AlertChanges, AlertNotice, AlertStore, NewNotice } from "./alert-records.ts";
import { noticeRecord, type NoticeRow } from "./alert-rows.ts";
import { SqliteAlertReader } from "./sqlite-alert-reader.ts";

/** The reads and the writes. */
export class SqliteAlertStore extends SqliteAlertReader implements AlertStore {
  readonly #transaction: <T>(work: () => T) => T;

  /** @param transaction one immediate transaction of the connection */
  constructor(connection: Connection, transaction: <T>(work: () => T) => T) {
    super(connection);
    this.#transaction = transaction;
  }

  record(changes: AlertChanges): boolean {
    const { target } = this.connection;
    return this.#transaction(() => {
      if (this.evaluation().number !== changes.basis) return false;
      this.#run(
        `INSERT INTO alert_evaluations (target, number, at) VALUES (@target, @number, @at)
         ON CONFLICT (target) DO UPDATE SET number = @number, at = @at`,
        { target, number: changes.basis + 1, at: changes.at },
      );
      for (const { alert, notices } of changes.opened) {
        const id = this.#run(
          `INSERT INTO alerts (target, rule, subject, severity, since, fired_at, owners, facts)
           VALUES (@target, @rule, @subject, @severity, @since, @at, @owners, @facts)`,
          {
            target,
            rule: alert.rule,
            subject: alert.subject,
            severity: alert.severity,
            since: alert.since,
            at: changes.at,
            owners: JSON.stringify(alert.owners),
            facts: JSON.stringify(alert.facts),
          },
        );
        this.#queue(id, notices, changes.at);
      }
      for (const { id, found, notices } of changes.kept) {
        this.#run(`UPDATE alerts SET severity = @severity, owners = @owners, facts = @facts WHERE id = @id`, {
          id,
          severity: found.severity,
          owners: JSON.stringify(found.owners),
          facts: JSON.stringify(found.facts),
        });
        this.#queue(id, notices, changes.at);
      }
      for (const { id, notices } of changes.resolved) {
        this.#run(`UPDATE alerts SET resolved_at = @at WHERE id = @id`, { id, at: changes.at });
        this.#queue(id, notices, changes.at);
      }
      return true;
    });
  }

  #queue(alertId: number, notices: readonly NewNotice[], at: Instant): void {
    for (const notice of notices) {
      this.#run(
        `INSERT INTO alert_notices (alert_id, channel, kind, round, quiet, queued_at, due_at)
         VALUES (@alertId, @channel, @kind, @round, @quiet, @at, @at)`,
        { alertId, ...notice, at },
      );
    }
  }

  claim(taken: Parameters<AlertStore["claim"]>[0]): readonly AlertNotice[] {
    const { channel, claim, now, until, isQuiet } = taken;
    return this.#transaction(() => {
      // What is due, with all that the channel was not told before it of the same alert: what is over is told once, whole.
      // What another process is sending, or anything after it, waits for that.
      const rows = this.all<NoticeRow>(
        `SELECT n.* FROM alert_notices n
         WHERE n.channel = @channel AND n.sent_at IS NULL AND EXISTS (
           SELECT 1 FROM alert_notices due JOIN alerts a ON a.id = due.alert_id
           WHERE due.channel = @channel AND due.sent_at IS NULL AND due.due_at <= @now
             AND due.alert_id = n.alert_id AND due.id >= n.id AND a.target = @target
             AND (due.quiet = 'send' OR NOT @isQuiet)
             AND NOT EXISTS (
               SELECT 1 FROM alert_notices taken
               WHERE taken.channel = @channel AND taken.sent_at IS NULL AND taken.alert_id = due.alert_id
                 AND taken.id <= due.id AND taken.claimed_until > @now))
         ORDER BY n.id`,
        { channel, now, isQuiet: isQuiet ? 1 : 0 },
      );
      this.#run(
        `UPDATE alert_notices SET claim = @claim, claimed_until = @until
         WHERE id IN (SELECT value FROM json_each(@ids))`,
        { claim, until, ids: JSON.stringify(rows.map(({ id }) => id)) },
      );
      return rows.map(noticeRecord);
    });
  }

  settle(ids: readonly number[], claim: string, result: Parameters<AlertStore["settle"]>[2]): void {
    const taken = `sent_at IS NULL AND claim = @claim AND id IN (SELECT value FROM json_each(@ids))`;
    const free = `claim = NULL, claimed_until = NULL`;
    const which = { claim, ids: JSON.stringify(ids) };
    this.#transaction(() =>
      "sentAt" in result
        ? this.#run(`UPDATE alert_notices SET ${free}, sent_at = @sentAt WHERE ${taken}`, {
            ...which,
            sentAt: result.sentAt,
          })
        : this.#run(
            `UPDATE alert_notices SET ${free}, due_at = @dueAt, attempts = attempts + 1, failure = @failure WHERE ${taken}`,
            { ...which, dueAt: result.dueAt, failure: JSON.stringify(result.failure) },
          ),
    );
  }

  tellSuccess(knownGoodAt: Instant, at: Instant): void {
    this.#transaction(() =>
      this.#run(
        `INSERT INTO alert_evaluations (target, number, at, success_told) VALUES (@target, 0, @at, @knownGoodAt)
         ON CONFLICT (target) DO UPDATE SET success_told = max(coalesce(success_told, ''), @knownGoodAt)`,
        { target: this.connection.target, knownGoodAt, at },
      ),
    );
  }

  /** @returns the id of the row that was added */
  #run(sql: string, parameters: Record<string, unknown>): number {
    return Number(this.connection.statement(sql).run(parameters).lastInsertRowid);
  }
}
