import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import Database from "better-sqlite3";
import { describe, expect, it, onTestFinished } from "vitest";
import type { AssetKey } from "moraine";
import { migrate, newestSchema, schemaOf } from "../../framework/store/migrate.ts";
import { openStore } from "../../framework/store/open-store.ts";
import type { StoreReader } from "../../framework/store/store.ts";
import { StoreError } from "../../framework/store/store-error.ts";
import { checkStore } from "../../framework/store/upkeep/check-store.ts";
import { temporaryDirectory } from "../support/rig.ts";
import { countRows } from "./history.ts";

// A fixture is a store as a moraine of that schema left it: `sqlite3 moraine.db .dump`, and its `user_version`. What
// the newest moraine reads from it lies beside it, and only gains what records gain. docs/store.md says how to add the next.
const fixtures = join(import.meta.dirname, "fixtures");
const number = (version: number) => String(version).padStart(3, "0");
const fixtureOf = (version: number) => join(fixtures, `schema-${number(version)}.sql`);
const versions = Array.from({ length: newestSchema() }, (_, index) => index + 1).filter((version) =>
  existsSync(fixtureOf(version)),
);

function storeOf(version: number): string {
  const path = join(temporaryDirectory(), "moraine.db");
  const database = new Database(path);
  database.exec(readFileSync(fixtureOf(version), "utf8"));
  database.close();
  return path;
}

/** Everything that a target's reader tells. */
function everything(reader: StoreReader): unknown {
  const runs = reader.runs();
  const keys: readonly AssetKey[] = [
    ...new Set(runs.flatMap((run) => reader.attempts(run.id).map((attempt) => attempt.key))),
  ].sort();
  return {
    runs: runs.map((run) => ({ ...run, attempts: reader.attempts(run.id) })),
    latestMaterializations: Object.fromEntries(reader.latestMaterializations()),
    latestOutcomes: Object.fromEntries(reader.latestOutcomes()),
    latestCheckResults: Object.fromEntries(reader.latestCheckResults()),
    assets: keys.map((key) => ({
      key,
      materializations: reader.materializations(key),
      checkResults: reader.checkResults(key),
      cursor: reader.cursor({ key, partition: "" }) ?? null,
    })),
    usualDurations: Object.fromEntries(reader.usualDurations()),
    // What older stores have none of is left out, so that their golden files stay as they are.
    ...(reader.automationMemories().size === 0
      ? {}
      : { automation: Object.fromEntries(reader.automationMemories()) }),
    events: runs.flatMap((run) => reader.events({ runId: run.id })),
  };
}

/** The migrations of ours, and one more. */
function migrationsWith(sql: string): URL {
  const directory = join(temporaryDirectory(), "migrations");
  mkdirSync(directory);
  cpSync(new URL("../../framework/store/migrations", import.meta.url), directory, { recursive: true });
  writeFileSync(join(directory, `${number(newestSchema() + 1)}-next.sql`), sql);
  return pathToFileURL(`${directory}/`);
}

function rawConnection(path: string): Database.Database {
  const database = new Database(path);
  onTestFinished(() => void database.close());
  return database;
}

/** The whole content, as text. */
function dump(database: Database.Database): unknown {
  const tables = database
    .prepare("SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name")
    .pluck()
    .all() as string[];
  return [
    database.prepare("SELECT name, sql FROM sqlite_schema ORDER BY name").all(),
    tables.map((table) => [table, database.prepare(`SELECT * FROM "${table}"`).all()]),
    schemaOf(database),
  ];
}

describe("a store of an older moraine", () => {
  it("has a fixture for every schema before the newest, and for the first", () => {
    const older = Array.from({ length: Math.max(1, newestSchema() - 1) }, (_, index) => index + 1);
    expect(versions).toEqual(expect.arrayContaining(older));
    expect(readdirSync(fixtures).filter((name) => name.endsWith(".sql"))).toHaveLength(versions.length);
  });

  it.each(versions)("of schema %i is brought up to date with every row", async (version) => {
    const path = storeOf(version);
    const before = countRows(path);
    for (const target of ["local", "aws"]) {
      const store = openStore({ path, target });
      await expect(`${JSON.stringify(everything(store), null, 1)}\n`).toMatchFileSnapshot(
        join(fixtures, `schema-${number(version)}-${target}.golden`),
      );
      store.close();
    }
    expect(countRows(path)).toEqual(before);
    const { findings, schema } = await checkStore({ path, now: "2026-12-01T00:00:00.000Z" });
    expect([findings, schema]).toEqual([[], newestSchema()]);
  });

  it.each(versions)("of schema %i becomes what a new store is", (version) => {
    const migrated = rawConnection(storeOf(version));
    migrate(migrated, "migrated");
    const fresh = rawConnection(":memory:");
    migrate(fresh, "fresh");
    const columns = (database: Database.Database) =>
      database
        .prepare(
          `SELECT s.name AS "table", c.name AS "column", c.type, c."notnull", c.dflt_value, c.pk
           FROM sqlite_schema s JOIN pragma_table_info(s.name) c
           WHERE s.name NOT LIKE 'sqlite_%' ORDER BY 1, 2`,
        )
        .all();
    expect(columns(migrated)).toEqual(columns(fresh));
  });

  it("stays as it was, to the last row, when a migration fails half-way", () => {
    const database = rawConnection(storeOf(1));
    migrate(database, "store");
    const before = dump(database);
    const failing = migrationsWith(`
      ALTER TABLE runs ADD COLUMN note TEXT;
      DELETE FROM events;
      INSERT INTO nowhere VALUES (1);`);
    expect(() => migrate(database, "store", failing)).toThrow("no such table: nowhere");
    expect(dump(database)).toEqual(before);
    expect(database.inTransaction).toBe(false);
  });

  it("keeps what refers to a table that a migration makes anew", () => {
    const database = rawConnection(storeOf(1));
    migrate(database, "store");
    const count = () => database.prepare("SELECT count(*) FROM lineage").pluck().get();
    const before = count();
    expect(before).toBeGreaterThan(0);
    const rebuilding = migrationsWith(`
      CREATE TABLE copied AS SELECT * FROM materializations;
      DROP TABLE materializations;
      CREATE TABLE materializations (id INTEGER PRIMARY KEY, key TEXT NOT NULL) STRICT;
      INSERT INTO materializations SELECT id, key FROM copied;
      DROP TABLE copied;`);
    migrate(database, "store", rebuilding);
    expect(count()).toBe(before);
    expect(schemaOf(database)).toBe(newestSchema() + 1);
  });

  it("stays as it was when a migration would leave orphans", () => {
    const database = rawConnection(storeOf(1));
    migrate(database, "store");
    const before = dump(database);
    expect(() => migrate(database, "store", migrationsWith("DELETE FROM materializations;"))).toThrow(
      "expected no orphan after migrating store",
    );
    expect(dump(database)).toEqual(before);
  });
});

describe("a store of a newer moraine", () => {
  it("is refused by writers and by those who only read or look after it", async () => {
    const path = storeOf(1);
    const raw = new Database(path);
    raw.pragma(`user_version = ${newestSchema() + 1}`);
    raw.close();
    const newer = { name: "StoreError", problem: "newer" };
    expect(() => openStore({ path, target: "local" })).toThrow(StoreError);
    await expect(checkStore({ path, now: "2026-12-01T00:00:00.000Z" })).rejects.toMatchObject(newer);
  });
});
