import { join } from "node:path";
import Database from "better-sqlite3";
import { onTestFinished } from "vitest";
import { assetKey } from "moraine";
import type { Outcome, RunEvent } from "../../framework/event/event.ts";
import { openStore } from "../../framework/store/open-store.ts";
import type { AttemptRecord, Store } from "../../framework/store/store.ts";
import { temporaryDirectory } from "../support/rig.ts";

/** An instant on the given day of 2026 (1 is the first of January). */
export function day(number: number, seconds = 0): string {
  return new Date(Date.UTC(2026, 0, number, 0, 0, seconds)).toISOString();
}

/** The stored counts of rows by table. */
export type Counts = Readonly<Record<string, number>>;

const tables = ["runs", "attempts", "events", "materializations", "lineage", "check_results", "cursors"];

/** A store on disk that gets a history of many days, with connections beside it. */
export class History {
  readonly path = join(temporaryDirectory(), "moraine.db");
  readonly store: Store;

  constructor(target = "local") {
    this.store = openStore({ path: this.path, target });
    onTestFinished(() => this.store.close());
  }

  /** One whole run on a day: each key is materialized from `src/a`, checked, and moves its cursor. */
  run(id: string, onDay: number, keys: readonly string[], store = this.store): void {
    this.begin(id, onDay, store);
    for (const key of keys) this.materialize(id, onDay, key, store);
    this.end(id, onDay, store);
  }

  begin(id: string, onDay: number, store = this.store): void {
    store.startRun(
      { id, trigger: "cli", selection: "", startedAt: day(onDay) },
      { ...log(id, onDay, "begins"), level: "debug" },
    );
  }

  end(id: string, onDay: number, store = this.store): void {
    store.finishRun(id, "succeeded", day(onDay, 9), log(id, onDay, "ends"));
  }

  materialize(id: string, onDay: number, name: string, store = this.store): void {
    const unit = { key: assetKey(name), partition: "" };
    const attempt = { runId: id, ...unit, attempt: 1, startedAt: day(onDay, 1) };
    store.acquireLeases(id, [unit], day(onDay, 1));
    store.startAttempt({ ...attempt, snapshotBefore: undefined }, log(id, onDay, `starts ${name}`));
    store.finishMaterialization({
      ...attempt,
      finishedAt: day(onDay, 2),
      codeVersion: "c1",
      dataVersion: `${id}-data`,
      snapshotId: undefined,
      metadata: { rows: { type: "rows", value: onDay } },
      upstreams: [{ key: assetKey("src/a"), partition: "", dataVersion: `${id}-read` }],
      cursor: { day: onDay },
      failure: undefined,
      event: log(id, onDay, `finishes ${name}`),
    });
    this.#check(id, onDay, name, { isUnpublished: false }, store);
  }

  /** A draft that its check kept from being published. */
  reject(id: string, onDay: number, name: string): void {
    this.#check(id, onDay, name, { isUnpublished: true }, this.store);
    this.#attempt(id, onDay, name, { attempt: 1, outcome: "failed", failure: undefined });
  }

  #check(
    id: string,
    onDay: number,
    name: string,
    { isUnpublished }: { readonly isUnpublished: boolean },
    store: Store,
  ): void {
    store.recordCheck(
      {
        runId: id,
        key: assetKey(name),
        partition: "",
        check: "has_rows",
        severity: "error",
        blocking: true,
        at: day(onDay, 3),
        durationMs: 4,
        result: { passed: !isUnpublished, value: onDay },
        failure: undefined,
        isUnpublished,
      },
      log(id, onDay, `checks ${name}`),
    );
  }

  /** An asset that had no need to run. */
  fresh(id: string, onDay: number, name: string): void {
    this.#attempt(id, onDay, name, { attempt: 0, outcome: "fresh", failure: undefined });
  }

  fail(id: string, onDay: number, name: string): void {
    const failure = { reason: "asset-error", message: "no", retryable: false } as const;
    this.#attempt(id, onDay, name, { attempt: 1, outcome: "failed", failure });
  }

  #attempt(
    id: string,
    onDay: number,
    name: string,
    end: Pick<AttemptRecord, "attempt" | "failure"> & { readonly outcome: Outcome },
  ): void {
    const at = { startedAt: day(onDay, 1), finishedAt: day(onDay, 1) };
    this.store.finishAttempt(
      { runId: id, key: assetKey(name), partition: "", ...at, ...end },
      log(id, onDay, `${end.outcome} ${name}`),
    );
  }

  /** A statement behind the store's back. */
  exec(sql: string): void {
    const database = new Database(this.path);
    try {
      database.pragma("foreign_keys = OFF");
      database.exec(sql);
    } finally {
      database.close();
    }
  }

  counts(): Counts {
    return countRows(this.path);
  }
}

export function countRows(path: string): Counts {
  const database = new Database(path, { readonly: true });
  try {
    return Object.fromEntries(
      tables.map((table) => [table, Number(database.prepare(`SELECT count(*) FROM ${table}`).pluck().get())]),
    );
  } finally {
    database.close();
  }
}

export function log(runId: string, onDay: number, message: string): RunEvent & { readonly type: "log" } {
  return { type: "log", runId, at: day(onDay), level: "info", message };
}
