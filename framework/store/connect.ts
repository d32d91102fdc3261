import { mkdirSync } from "node:fs";
import { dirname } from "node:path";
import Database from "better-sqlite3";
import { migrate, refuseNewer } from "./migrate.ts";
import { asStoreError } from "./store-error.ts";

/** How long a write waits for another process's transaction, milliseconds. */
const busyTimeoutMs = 30_000;

/** A connection that reads and writes; the store is made when it is missing, and its schema brought up to date. */
export function connect(path: string): Database.Database {
  mkdirSync(dirname(path), { recursive: true });
  const database = new Database(path, { timeout: busyTimeoutMs });
  try {
    // Pruning can give pages back only if this is said before the first page is written.
    if (database.pragma("page_count", { simple: true }) === 0) database.pragma("auto_vacuum = INCREMENTAL");
    database.pragma("journal_mode = WAL");
    // A power cut may lose the last commits, which then only look stale; a killed process loses nothing.
    database.pragma("synchronous = NORMAL");
    // SQLite's own 1,000 pages are what some 50 assets write: each time they go to the file, and the disk is waited for. In a
    // longer log, up to 128 MB, most of them are later forms of the same pages, of which only the last goes to the file.
    database.pragma("wal_autocheckpoint = 32000");
    migrate(database, path);
    database.pragma("foreign_keys = ON");
    return database;
  } catch (error) {
    database.close();
    throw error;
  }
}

/** A connection that can't write. The store must exist; its schema is left as it is. */
export function connectReader(path: string): Database.Database {
  const database = new Database(path, { readonly: true, timeout: busyTimeoutMs });
  try {
    database.pragma("query_only = ON");
    refuseNewer(database, path);
    return database;
  } catch (error) {
    database.close();
    throw error;
  }
}

/** Opens a connection for one piece of upkeep and closes it. @throws StoreError */
export async function withConnection<T>(
  path: string,
  open: (path: string) => Database.Database,
  work: (database: Database.Database) => Promise<T> | T,
): Promise<T> {
  let database: Database.Database | undefined;
  try {
    database = open(path);
    return await work(database);
  } catch (error) {
    throw asStoreError(error, path);
  } finally {
    database?.close();
  }
}
