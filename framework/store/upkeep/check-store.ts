import Database from "better-sqlite3";
import { connectReader, withConnection } from "../connect.ts";
import { migrate, newestSchema, schemaOf } from "../migrate.ts";
import { isDead, ownerColumns, type RunOwner } from "../run-owner.ts";
import { StoreError } from "../store-error.ts";
import type { Instant } from "../store.ts";
import { invariants } from "./invariants.ts";

/** One thing that is not as it should be. */
export interface StoreFinding {
  /** `damaged`: what the store says can't be trusted. `warn`: moraine mends it by itself. */
  readonly level: "damaged" | "warn";
  /** What was examined; stays the same from version to version. */
  readonly name: string;
  readonly message: string;
  /** A few of the rows, by id or key. */
  readonly samples: readonly string[];
}

/** What {@link checkStore} found; sound when no finding is `damaged`. */
export interface StoreReport {
  readonly path: string;
  /** Null when the file is too damaged to tell. */
  readonly schema: number | null;
  readonly newestSchema: number;
  readonly findings: readonly StoreFinding[];
}

const maxSamples = 5;

/**
 * Examines a store without changing it: SQLite's own integrity and foreign keys, the schema, and what moraine relies
 * on beyond them. One snapshot, so that running runs make no difference.
 *
 * @throws StoreError when it can't be read at all
 */
export async function checkStore(options: {
  readonly path: string;
  readonly now: Instant;
}): Promise<StoreReport> {
  const report = { path: options.path, newestSchema: newestSchema() };
  try {
    return await withConnection(options.path, connectReader, (database) =>
      database.transaction((): StoreReport => {
        const schema = schemaOf(database);
        return { ...report, schema, findings: [...examine(database, schema, options)] };
      })(),
    );
  } catch (error) {
    // Some damage makes SQLite refuse instead of answer.
    if (!(error instanceof StoreError) || error.problem !== "damaged") throw error;
    return { ...report, schema: null, findings: [damaged("integrity", sqliteFindsDamage, [])] };
  }
}

const sqliteFindsDamage = "SQLite finds the file damaged";

function* examine(
  database: Database.Database,
  schema: number,
  { path, now }: { readonly path: string; readonly now: Instant },
): Generator<StoreFinding> {
  const verdicts = database.pragma("integrity_check") as { readonly integrity_check: string }[];
  if (verdicts[0]?.integrity_check !== "ok") {
    yield damaged(
      "integrity",
      sqliteFindsDamage,
      verdicts.map((verdict) => verdict.integrity_check),
    );
    // Of a damaged file every other answer would be noise.
    return;
  }
  const orphans = database.pragma("foreign_key_check") as { table: string; parent: string }[];
  for (const table of new Set(orphans.map((orphan) => orphan.table))) {
    const rows = orphans.filter((orphan) => orphan.table === table);
    yield damaged(
      `${table}-foreign-key`,
      `${rowsOf(rows.length)} of ${table} have lost their ${rows[0]?.parent}`,
      [],
    );
  }
  if (schema < newestSchema()) {
    yield {
      level: "warn",
      name: "schema-version",
      message: `the store has schema ${schema}; the next verb that writes brings it to ${newestSchema()}`,
      samples: [],
    };
    return;
  }
  const changed = changedSchema(database, path);
  if (changed.length > 0) {
    yield damaged("schema", "tables or indexes are missing or have been changed", changed);
    return;
  }
  for (const { name, broken, sql } of invariants) {
    const rows = database.prepare(sql).pluck().all();
    if (rows.length > 0) yield damaged(name, `${rowsOf(rows.length)} ${broken}`, rows.map(String));
  }
  const running = database
    .prepare(`SELECT id, ${ownerColumns} FROM runs WHERE status = 'running'`)
    .all() as (RunOwner & { id: string })[];
  const dead = running.filter((run) => isDead(run, now)).map((run) => run.id);
  if (dead.length > 0) {
    yield {
      level: "warn",
      name: "running-runs-have-owners",
      message: `${dead.length} running, whose process is gone; the next run marks them as interrupted`,
      samples: dead.slice(0, maxSamples),
    };
  }
}

/** Tables and indexes that are not as the migrations make them. What somebody added does no harm. */
function changedSchema(database: Database.Database, path: string): readonly string[] {
  const fresh = new Database(":memory:");
  try {
    migrate(fresh, path);
    const objects = (of: Database.Database) =>
      new Map(
        of
          .prepare("SELECT name, sql FROM sqlite_schema WHERE name NOT LIKE 'sqlite\\_%' ESCAPE '\\'")
          .raw()
          .all() as [string, string][],
      );
    const present = objects(database);
    return [...objects(fresh)].flatMap(([name, sql]) => (present.get(name) === sql ? [] : [name]));
  } finally {
    fresh.close();
  }
}

function damaged(name: string, message: string, samples: readonly string[]): StoreFinding {
  return { level: "damaged", name, message, samples: samples.slice(0, maxSamples) };
}

function rowsOf(count: number): string {
  return count === 1 ? "1 row" : `${count} rows`;
}
