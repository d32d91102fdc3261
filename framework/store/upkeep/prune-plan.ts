import type { Database } from "better-sqlite3";
import { openLineageEventTypes } from "../open-lineage.ts";
import type { Instant } from "../store.ts";

/** What may go: runs that every limit given lets go. */
export interface Retention {
  /** Only runs that ended before this instant. */
  readonly before?: Instant;
  /** Not the newest of each target, this many. */
  readonly keepRuns?: number;
}

/** Rows by kind. */
export interface PruneCounts {
  readonly runs: number;
  readonly attempts: number;
  readonly events: number;
  readonly materializations: number;
  readonly lineage: number;
  readonly checkResults: number;
  readonly alerts: number;
  readonly ticks: number;
}

/** Which rows go. */
export interface PrunePlan {
  readonly counts: PruneCounts;
  readonly events: readonly number[];
  readonly materializations: readonly number[];
  readonly checkResults: readonly number[];
  /** With what was told of them. */
  readonly alerts: readonly number[];
  readonly ticks: readonly number[];
  /** Those that go whole, with their attempts. */
  readonly runs: readonly string[];
  readonly unsent: readonly UnsentEvents[];
}

/** Events that go before a transport of OpenLineage has been told of them. */
export interface UnsentEvents {
  readonly target: string;
  readonly transport: string;
  readonly events: number;
}

const newestMaterializations = "SELECT max(id) FROM materializations GROUP BY target, key, partition";
/** Of what is published and of drafts: neither says anything of the other. */
const newestCheckResults =
  "SELECT max(id) FROM check_results GROUP BY target, key, partition, check_name, unpublished";

/**
 * Finds what may go, in one read transaction. Old runs lose their events, and every materialization and check result
 * that is not its asset's newest. A run that still holds the newest of anything stays with all its attempts, so that
 * its counts stay true; the others go.
 */
export function planPrune(database: Database, retention: Retention): PrunePlan {
  const plan = database.transaction((): PrunePlan => {
    const old = JSON.stringify(oldRuns(database, retention));
    const ids = <Id extends number | string>(sql: string) =>
      database.prepare(sql).pluck().all({ old }) as Id[];
    const count = (sql: string, of: readonly unknown[]) =>
      Number(database.prepare(sql).pluck().get(JSON.stringify(of)));
    const events = ids<number>(`SELECT id FROM events WHERE run_id IN ${anOldRun}`);
    const materializations = ids<number>(
      `SELECT id FROM materializations WHERE run_id IN ${anOldRun} AND id NOT IN (${newestMaterializations})`,
    );
    const checkResults = ids<number>(
      `SELECT id FROM check_results WHERE run_id IN ${anOldRun} AND id NOT IN (${newestCheckResults})`,
    );
    const alerts = database
      .prepare("SELECT id FROM alerts WHERE resolved_at < ?")
      .pluck()
      .all(retention.before ?? null) as number[];
    const ticks = oldTicks(database, retention);
    const runs = ids<string>(
      `SELECT value FROM json_each(@old) WHERE value NOT IN (
         SELECT run_id FROM materializations WHERE id IN (${newestMaterializations})
         UNION SELECT run_id FROM check_results WHERE id IN (${newestCheckResults})
         UNION SELECT run_id FROM (${newestAttempts})
         UNION SELECT run_id FROM (${newestKnownGood}))`,
    );
    return {
      events,
      materializations,
      checkResults,
      alerts,
      ticks,
      runs,
      unsent: database.prepare(unsentEvents).all({ old }) as UnsentEvents[],
      counts: {
        runs: runs.length,
        attempts: count(
          "SELECT count(*) FROM attempts WHERE run_id IN (SELECT value FROM json_each(?))",
          runs,
        ),
        events: events.length,
        materializations: materializations.length,
        lineage: count(
          "SELECT count(*) FROM lineage WHERE materialization_id IN (SELECT value FROM json_each(?))",
          materializations,
        ),
        checkResults: checkResults.length,
        alerts: alerts.length,
        ticks: ticks.length,
      },
    };
  });
  return plan.deferred();
}

/** From where each transport is on: what waits are the newest events, and few. */
const unsentEvents = `SELECT t.target, t.name AS transport, count(*) AS events
  FROM openlineage_transports t
    CROSS JOIN events e ON e.id > t.sent_up_to
    CROSS JOIN runs r ON r.id = e.run_id AND r.target = t.target
  WHERE e.type IN (${openLineageEventTypes.map((type) => `'${type}'`).join(", ")})
    AND r.id IN (SELECT value FROM json_each(@old))
  GROUP BY t.target, t.name`;

const anOldRun = "(SELECT value FROM json_each(@old))";

/** The same order as the reader's last outcomes. SQLite takes `run_id` from the row that holds the maximum. */
const newestAttempts = `SELECT a.run_id, max(a.started_at || printf('%06d', a.attempt))
  FROM attempts a JOIN runs r ON r.id = a.run_id GROUP BY r.target, a.key, a.partition`;

/** What freshness is judged by, however many attempts have failed since. */
const newestKnownGood = `SELECT a.run_id, max(a.started_at) FROM attempts a JOIN runs r ON r.id = a.run_id
  WHERE a.outcome IN ('materialized', 'fresh') GROUP BY r.target, a.key`;

/** Never the run of the newest event: the ids of events go on from there. */
function oldRuns(database: Database, { before, keepRuns }: Retention): readonly string[] {
  return database
    .prepare(
      `SELECT id FROM (
         SELECT id, status, coalesce(finished_at, started_at) AS ended,
           row_number() OVER (PARTITION BY target ORDER BY started_at DESC, id DESC) AS age
         FROM runs)
       WHERE status <> 'running' AND id IS NOT (SELECT run_id FROM events ORDER BY id DESC LIMIT 1)
         AND (@before IS NULL OR ended < @before) AND (@keepRuns IS NULL OR age > @keepRuns)
       ORDER BY ended`,
    )
    .pluck()
    .all({ before: before ?? null, keepRuns: keepRuns ?? null }) as string[];
}

/**
 * Counted for each schedule. Its newest stays, and those of the two days before that: a clock that is set back by less
 * decides none of them anew.
 */
function oldTicks(database: Database, { before, keepRuns }: Retention): readonly number[] {
  return database
    .prepare(
      `SELECT id FROM (
         SELECT id, tick, finished_at, max(tick) OVER schedules AS newest,
           row_number() OVER (schedules ORDER BY tick DESC, number DESC) AS age
         FROM ticks WINDOW schedules AS (PARTITION BY target, schedule))
       WHERE finished_at IS NOT NULL AND tick < strftime('%Y-%m-%dT%H:%M:%fZ', newest, '-2 days')
         AND (@before IS NULL OR finished_at < @before) AND (@keepRuns IS NULL OR age > @keepRuns)
       ORDER BY id`,
    )
    .pluck()
    .all({ before: before ?? null, keepRuns: keepRuns ?? null }) as number[];
}
