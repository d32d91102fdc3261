/** A claim about the rows of a sound store. */
export interface Invariant {
  readonly name: string;
  /** What it means when it does not hold; follows a number of rows. */
  readonly broken: string;
  /** Selects one text per row that breaks it. */
  readonly sql: string;
}

/** Text columns that hold JSON; the reader parses them all. */
const jsonColumns = [
  ["runs", "tags", "id"],
  ["attempts", "failure", "run_id || ' ' || key"],
  ["materializations", "metadata", "id"],
  ["materializations", "cursor", "id"],
  ["check_results", "result", "id"],
  ["check_results", "failure", "id"],
  ["cursors", "value", "key"],
  ["automation", "ticks", "key"],
  ["automation", "grounds", "key"],
  ["schedules", "cursor", "name"],
  ["ticks", "request", "id"],
  ["openlineage_transports", "failure", "name"],
  ["events", "payload", "id"],
  ["alerts", "owners", "id"],
  ["alerts", "facts", "id"],
  ["alert_notices", "failure", "id"],
] as const;

/** Columns that hold instants, whose text order has to be their order in time. */
const instantColumns = [
  ["runs", "started_at", "id"],
  ["runs", "finished_at", "id"],
  ["runs", "heartbeat_at", "id"],
  ["attempts", "started_at", "run_id || ' ' || key"],
  ["materializations", "started_at", "id"],
  ["materializations", "finished_at", "id"],
  ["materializations", "made_at", "id"],
  ["automation", "started_at", "key"],
  ["schedules", "seen_at", "name"],
  ["ticks", "tick", "id"],
  ["ticks", "decided_at", "id"],
  ["ticks", "not_before", "id"],
  ["ticks", "started_at", "id"],
  ["ticks", "finished_at", "id"],
  ["daemons", "heartbeat_at", "id"],
  ["openlineage_transports", "sent_at", "name"],
  ["openlineage_transports", "due_at", "name"],
  ["openlineage_transports", "claimed_until", "name"],
  ["check_results", "at", "id"],
  ["events", "at", "id"],
  ["alerts", "since", "id"],
  ["alerts", "fired_at", "id"],
  ["alerts", "resolved_at", "id"],
  ["alert_notices", "queued_at", "id"],
  ["alert_notices", "due_at", "id"],
  ["alert_notices", "claimed_until", "id"],
  ["alert_notices", "sent_at", "id"],
] as const;

/** What SQLite itself can't know; see docs/store.md for the tables. */
export const invariants: readonly Invariant[] = [
  ...(["materializations", "check_results", "events"] as const).map((table) => ({
    name: `${table}-have-runs`,
    broken: `of ${table} belong to no run`,
    sql: `SELECT id FROM ${table} WHERE run_id NOT IN (SELECT id FROM runs)`,
  })),
  {
    // Both are written in one transaction, and only whole runs are pruned.
    name: "materializations-have-attempts",
    broken: "of materializations belong to no finished attempt",
    sql: `SELECT id FROM materializations m WHERE NOT EXISTS (
            SELECT 1 FROM attempts WHERE run_id = m.run_id AND key = m.key AND partition = m.partition
              AND attempt = m.attempt AND outcome IS NOT NULL AND materialization_id = m.id)`,
  },
  {
    name: "events-lie-within-runs",
    broken: "of events lie outside of what their run says of its first and last",
    sql: `SELECT e.id FROM events e JOIN runs r ON r.id = e.run_id
          WHERE r.first_event IS NULL OR e.id < r.first_event OR e.id > r.last_event`,
  },
  {
    name: "runs-note-unsettled",
    broken: "of runs ended with attempts to be reconciled, and do not say so",
    sql: `SELECT id FROM runs WHERE status <> 'running' AND NOT unsettled AND EXISTS (
            SELECT 1 FROM attempts WHERE run_id = runs.id AND outcome IS NULL AND reconciled IS NULL)`,
  },
  {
    // Written in one transaction, and the newest materialization is never pruned.
    name: "cursors-have-materializations",
    broken: "of cursors belong to an asset that was never materialized",
    sql: `SELECT key FROM cursors c WHERE NOT EXISTS (
            SELECT 1 FROM materializations WHERE target = c.target AND key = c.key AND partition = c.partition)`,
  },
  {
    name: "runs-end-once",
    broken: "of runs are running and finished, or neither",
    sql: "SELECT id FROM runs WHERE (status = 'running') <> (finished_at IS NULL)",
  },
  {
    name: "attempts-end-once",
    broken: "of attempts have an outcome without an end, or an end without an outcome",
    sql: "SELECT run_id || ' ' || key FROM attempts WHERE (outcome IS NULL) <> (finished_at IS NULL)",
  },
  {
    name: "ticks-end-once",
    broken: "of ticks are open and finished, or neither",
    sql: "SELECT id FROM ticks WHERE (status IN ('queued', 'started')) <> (finished_at IS NULL)",
  },
  {
    // A run and its tick begin and end together.
    name: "started-ticks-have-no-ended-runs",
    broken: "of ticks are started, and their run has ended",
    sql: `SELECT t.id FROM ticks t JOIN runs r ON r.id = t.run_id WHERE t.status = 'started' AND r.status <> 'running'`,
  },
  ...jsonColumns.map(([table, column, row]) => ({
    name: `${table}-${column}-is-json`,
    broken: `of ${table} have something other than JSON in ${column}`,
    sql: `SELECT ${row} FROM ${table} WHERE ${column} IS NOT NULL AND NOT json_valid(${column})`,
  })),
  ...instantColumns.map(([table, column, row]) => ({
    name: `${table}-${column}-is-instant`,
    broken: `of ${table} have something other than an instant in ${column}`,
    sql: `SELECT ${row} FROM ${table} WHERE ${column} IS NOT NULL
          AND (length(${column}) <> 24 OR strftime('%Y-%m-%dT%H:%M:%fZ', ${column}) IS NOT ${column})`,
  })),
  {
    name: "events-match-payloads",
    broken: "of events say something else in their columns than in their payload",
    sql: `SELECT id FROM events WHERE json_valid(payload) AND (payload ->> 'type' IS NOT type
            OR payload ->> 'runId' IS NOT run_id OR payload ->> 'key' IS NOT key OR payload ->> 'at' IS NOT at)`,
  },
];
