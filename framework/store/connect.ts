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
    if (database.pragma("page_count", { simple: true }) === 0) layOut(database);
    database.pragma("journal_mode = WAL");
    // A power cut may lose the last commits, which then only look stale; a killed process loses nothing.
    database.pragma("synchronous = NORMAL");
    // Copying the log into the file waits for the disk, and most of it are earlier forms of the same pages: 16 MB, not 1.
    database.pragma("wal_autocheckpoint = 16000");
    migrate(database, path);
    database.pragma("foreign_keys = ON");
    return database;
  } catch (error) {
    database.close();
    throw error;
  }
}

/** What can be said only before the first page is written. */
function layOut(database: Database.Database): void {
  // An asset's record is a few hundred bytes in each of a dozen B-trees, and every page touched goes to the log whole: a
  // quarter of SQLite's page size is a third of the log.
  database.pragma("page_size = 1024");
  // Lets pruning give pages back.
  database.pragma("auto_vacuum = INCREMENTAL");
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
