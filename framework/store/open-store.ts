import { mkdirSync } from "node:fs";
import { dirname } from "node:path";
import Database from "better-sqlite3";
import { migrate } from "./migrate.ts";
import { SqliteReader } from "./sqlite-reader.ts";
import { SqliteStore } from "./sqlite-store.ts";
import type { Store, StoreReader } from "./store.ts";
import { asStoreError } from "./store-error.ts";

/** How long a write waits for another process's transaction, milliseconds. */
const busyTimeoutMs = 30_000;

/**
 * Opens the store, makes it when it is missing, and brings its schema up to date.
 *
 * @throws StoreError when it is newer than this moraine, damaged, or can't be written
 */
export function openStore(options: { readonly path: string; readonly target: string }): Store {
  return guarded(options.path, () => new SqliteStore(connect(options.path), options.target));
}

/** Opens a second connection for a reader that stays open for long; it never writes. The store must exist. */
export function openStoreReader(options: { readonly path: string; readonly target: string }): StoreReader {
  return guarded(options.path, () => {
    const database = new Database(options.path, { readonly: true, timeout: busyTimeoutMs });
    database.pragma("query_only = ON");
    return new SqliteReader(database, options.target);
  });
}

function connect(path: string): Database.Database {
  mkdirSync(dirname(path), { recursive: true });
  const database = new Database(path, { timeout: busyTimeoutMs });
  try {
    database.pragma("journal_mode = WAL");
    // A power cut may lose the last commits, which then only look stale; a killed process loses nothing.
    database.pragma("synchronous = NORMAL");
    database.pragma("foreign_keys = ON");
    migrate(database, path);
    return database;
  } catch (error) {
    database.close();
    throw error;
  }
}

function guarded<T>(path: string, open: () => T): T {
  try {
    return open();
  } catch (error) {
    throw asStoreError(error, path);
  }
}
