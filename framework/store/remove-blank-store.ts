import { existsSync, rmSync } from "node:fs";
import Database from "better-sqlite3";

/** Removes a store in which nothing was ever recorded, and which no process has open; any other stays. */
export function removeBlankStore(path: string): void {
  if (!existsSync(path)) return;
  const database = new Database(path, { timeout: 0 });
  try {
    // Leaving WAL is refused while another connection is open. The next `connect` of a store that stays enters it again.
    database.pragma("journal_mode = DELETE");
    if (!isBlank(database)) return;
  } catch (error) {
    if (error instanceof Database.SqliteError && error.code === "SQLITE_BUSY") return;
    throw error;
  } finally {
    database.close();
  }
  rmSync(path);
}

function isBlank(database: Database.Database): boolean {
  const tables = database
    .prepare<[], string>("SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'")
    .pluck()
    .all();
  return tables.every((table) => database.prepare(`SELECT 1 FROM "${table}" LIMIT 1`).get() === undefined);
}
