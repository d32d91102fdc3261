import { readdirSync, readFileSync } from "node:fs";
import type { Database } from "better-sqlite3";
import { StoreError } from "./store-error.ts";

const ownMigrations = new URL("./migrations/", import.meta.url);

/** The schema that this moraine writes: the number of its migrations. */
export function newestSchema(directory = ownMigrations): number {
  return namesIn(directory).length;
}

/** The schema that a store has; 0 when it is empty. */
export function schemaOf(database: Database): number {
  return Number(database.pragma("user_version", { simple: true }));
}

/** @throws StoreError `newer` when a later moraine has written the store */
export function refuseNewer(database: Database, path: string, newest = newestSchema()): void {
  const schema = schemaOf(database);
  if (schema <= newest) return;
  throw new StoreError(
    "newer",
    path,
    `the store has schema ${schema}, this moraine knows ${newest}`,
    "upgrade moraine, or use another store with `store.path`",
  );
}

/**
 * Brings a store's schema to the newest version. Files are `NNN-name.sql`, numbered from 1 without a gap; the store
 * keeps the number in `user_version`. All missing ones run in one transaction, so a crash leaves the old version.
 *
 * @throws StoreError `newer` when a later moraine has written the store
 */
export function migrate(database: Database, path: string, directory = ownMigrations): void {
  const names = namesIn(directory);
  if (schemaOf(database) === names.length) return;
  const apply = database.transaction(() => {
    // Read again under the write lock: another process may have migrated meanwhile.
    refuseNewer(database, path, names.length);
    for (const name of names.slice(schemaOf(database)))
      database.exec(readFileSync(new URL(name, directory), "utf8"));
    const orphans = database.pragma("foreign_key_check") as readonly unknown[];
    if (orphans.length > 0)
      throw new Error(`Internal error: expected no orphan after migrating ${path}, got ${orphans.length}`);
    database.pragma(`user_version = ${names.length}`);
  });
  // With them on, a migration that rebuilds a table would delete what refers to it. No effect inside the transaction.
  database.pragma("foreign_keys = OFF");
  apply.immediate();
}

function namesIn(directory: URL): readonly string[] {
  return readdirSync(directory)
    .filter((name) => /^\d{3}-.*\.sql$/.test(name))
    .sort();
}
