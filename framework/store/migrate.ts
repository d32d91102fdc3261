import { readdirSync, readFileSync } from "node:fs";
import type { Database } from "better-sqlite3";
import { StoreError } from "./store-error.ts";

const directory = new URL("./migrations/", import.meta.url);

/**
 * Brings a store's schema to the newest version. Files are `NNN-name.sql`, numbered from 1 without a gap; the store
 * keeps the number in `user_version`. All missing ones run in one transaction, so a crash leaves the old version.
 *
 * @throws StoreError `newer` when a later moraine has written the store
 */
export function migrate(database: Database, path: string): void {
  const files = readdirSync(directory)
    .filter((name) => /^\d{3}-.*\.sql$/.test(name))
    .sort();
  const version = () => Number(database.pragma("user_version", { simple: true }));
  if (version() === files.length) return;
  const apply = database.transaction(() => {
    // Read again under the write lock: another process may have migrated meanwhile.
    const from = version();
    if (from > files.length) {
      throw new StoreError(
        "newer",
        path,
        `the store has schema ${from}, this moraine knows ${files.length}`,
        "upgrade moraine, or use another store with `store.path`",
      );
    }
    for (const name of files.slice(from)) database.exec(readFileSync(new URL(name, directory), "utf8"));
    database.pragma(`user_version = ${files.length}`);
  });
  apply.immediate();
}
