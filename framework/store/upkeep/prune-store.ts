import { setTimeout as pause } from "node:timers/promises";
import type { Database } from "better-sqlite3";
import { connect, withConnection } from "../connect.ts";
import { isTallied, keepTally, type TalliedTable } from "../tally.ts";
import {
  planPrune,
  type PruneCounts,
  type PrunePlan,
  type Retention,
  type UnsentEvents,
} from "./prune-plan.ts";

/** What pruning did, or with `dryRun` would do. */
export interface PruneResult {
  readonly removed: PruneCounts;
  /** Of the removed events those that OpenLineage was never told of. */
  readonly unsent: readonly UnsentEvents[];
  /** Size of the store before and after; the same with `dryRun`. */
  readonly bytesBefore: number;
  readonly bytesAfter: number;
  /** Free room inside the file, which later runs fill. */
  readonly bytesReusable: number;
}

/** How much one transaction removes: some milliseconds, so that no run waits for upkeep. */
const rowsPerBatch = 1_000;
const pagesPerBatch = 500;

/**
 * Removes old history. The newest materialization, check result and attempt of every asset and partition stay with
 * their runs, cursors stay, running runs stay whole. Killed or aborted at any instant, it leaves a sound store; the
 * next prune goes on.
 *
 * @throws StoreError; the signal's reason when it aborts
 */
export async function pruneStore(options: {
  readonly path: string;
  readonly retention: Retention;
  readonly dryRun?: boolean;
  readonly signal?: AbortSignal;
}): Promise<PruneResult> {
  return withConnection(options.path, connect, async (database) => {
    const bytesBefore = bytesOf(database, "page_count");
    const plan = planPrune(database, options.retention);
    const signal = options.signal ?? new AbortController().signal;
    const removed = options.dryRun === true ? plan.counts : await new Pruning(database, signal).run(plan);
    return {
      removed,
      unsent: plan.unsent,
      bytesBefore,
      bytesAfter: bytesOf(database, "page_count"),
      bytesReusable: bytesOf(database, "freelist_count"),
    };
  });
}

class Pruning {
  readonly #database: Database;
  readonly #signal: AbortSignal;

  constructor(database: Database, signal: AbortSignal) {
    this.#database = database;
    this.#signal = signal;
  }

  async run(plan: PrunePlan): Promise<PruneCounts> {
    const events = await this.#removeRows("events", plan.events, ofEnded);
    const checkResults = await this.#removeRows("check_results", plan.checkResults, ofEnded);
    const { materializations, lineage } = await this.#removeMaterializations(plan.materializations);
    // Last, so that whatever is left of a run still has it.
    const { runs, attempts } = await this.#removeRuns(plan.runs);
    // What was told of them goes with them.
    const alerts = await this.#removeRows("alerts", plan.alerts, "t.resolved_at IS NOT NULL");
    const ticks = await this.#removeRows("ticks", plan.ticks, "t.finished_at IS NOT NULL");
    await this.#giveBack();
    return { runs, attempts, events, materializations, lineage, checkResults, alerts, ticks };
  }

  async #removeRows(
    table: "events" | "check_results" | "alerts" | "ticks",
    ids: readonly number[],
    condition: string,
  ): Promise<number> {
    let removed = 0;
    for (const batch of batches(ids)) {
      removed += await this.#write(() =>
        this.#delete(table, `t.id IN (SELECT value FROM json_each(?)) AND ${condition}`, batch),
      );
    }
    return removed;
  }

  /** Each with its lineage, in one transaction. */
  async #removeMaterializations(ids: readonly number[]) {
    let [materializations, lineage] = [0, 0];
    for (const batch of batches(ids)) {
      await this.#write(() => {
        const condition = `t.id IN (SELECT value FROM json_each(?)) AND ${ofEnded}`;
        lineage += this.#delete(
          "lineage",
          `t.materialization_id IN (SELECT id FROM materializations t WHERE ${condition})`,
          batch,
        );
        materializations += this.#delete("materializations", condition, batch);
      });
    }
    return { materializations, lineage };
  }

  async #removeRuns(ids: readonly string[]) {
    let [runs, attempts] = [0, 0];
    for (const batch of batches(ids)) {
      for (let last = rowsPerBatch; last === rowsPerBatch; attempts += last) {
        last = await this.#write(() =>
          this.#delete(
            "attempts",
            // In order, so that those that are counted are those that go.
            `(t.run_id, t.key, t.partition, t.attempt) IN
               (SELECT run_id, key, partition, attempt FROM attempts t
                WHERE t.run_id IN (SELECT value FROM json_each(?)) AND ${ofEnded}
                ORDER BY run_id, key, partition, attempt LIMIT ${rowsPerBatch})`,
            batch,
          ),
        );
      }
      // A run that was resumed and ended in the meantime has attempts again, and stays.
      runs += await this.#write(() =>
        this.#delete(
          "runs",
          `t.id IN (SELECT value FROM json_each(?)) AND t.status <> 'running'
             AND NOT EXISTS (SELECT 1 FROM attempts WHERE run_id = t.id)`,
          batch,
        ),
      );
    }
    return { runs, attempts };
  }

  /** Shortens the file by its free pages, and lets SQLite renew what it knows of the tables' sizes. */
  async #giveBack(): Promise<void> {
    // Stores made before pruning existed can't be shortened; their free pages are used again.
    if (this.#database.pragma("auto_vacuum", { simple: true }) === 2) {
      while (bytesOf(this.#database, "freelist_count") > 0) {
        await this.#pausing(() => void this.#database.pragma(`incremental_vacuum(${pagesPerBatch})`));
      }
    }
    this.#database.pragma("analysis_limit = 400");
    this.#database.pragma("optimize");
    // Passive: takes what no reader still needs, and waits for nobody.
    this.#database.pragma("wal_checkpoint(PASSIVE)");
  }

  /** Removes rows `t` that meet a condition; what the totals count of them is kept, in the same transaction. */
  #delete(
    table: TalliedTable | "events" | "lineage" | "alerts",
    condition: string,
    batch: readonly (number | string)[],
  ): number {
    const among = JSON.stringify(batch);
    if (isTallied(table)) this.#database.prepare(keepTally(table, condition)).run(among);
    return this.#database.prepare(`DELETE FROM ${table} AS t WHERE ${condition}`).run(among).changes;
  }

  #write<T>(work: () => T): Promise<T> {
    return this.#pausing(() => this.#database.transaction(work).immediate());
  }

  /** Leaves the store to others for as long as it was taken: SQLite's lock has no queue, so a tight loop would win it again. */
  async #pausing<T>(work: () => T): Promise<T> {
    this.#signal.throwIfAborted();
    const begin = performance.now();
    const result = work();
    await pause(Math.max(5, performance.now() - begin));
    return result;
  }
}

/** A run that ended when the plan was made may have been resumed since. */
const ofEnded = "t.run_id NOT IN (SELECT id FROM runs WHERE status = 'running')";

function* batches<T>(items: readonly T[]): Generator<readonly T[]> {
  for (let begin = 0; begin < items.length; begin += rowsPerBatch)
    yield items.slice(begin, begin + rowsPerBatch);
}

function bytesOf(database: Database, pages: "page_count" | "freelist_count"): number {
  const pragma = (name: string) => Number(database.pragma(name, { simple: true }));
  return pragma(pages) * pragma("page_size");
}
