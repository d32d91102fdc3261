import { readFileSync } from "node:fs";
import { join } from "node:path";
import Database from "better-sqlite3";
import { describe, expect, it } from "vitest";
import { migrate } from "../../framework/store/migrate.ts";

const page = readFileSync(join(import.meta.dirname, "../../docs/store.md"), "utf8");

/** Names in the first cells of a section's tables. */
function documented(section: string): readonly string[] {
  const [, text = ""] = page.split(`\n### ${section}\n`);
  const [own = ""] = text.split(/\n##/);
  return own.split("\n").flatMap((line) => {
    const [, first = ""] = /^\| ((?:`\w+`(?:, )?)+) \|/.exec(line) ?? [];
    return first.match(/\w+/g) ?? [];
  });
}

describe("docs/store.md", () => {
  const database = new Database(":memory:");
  migrate(database, "fresh");
  const tables = database
    .prepare(
      String.raw`SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite\_%' ESCAPE '\'`,
    )
    .pluck()
    .all() as string[];

  it.each(tables)("names every column of %s, and no other", (table) => {
    const columns = database.prepare("SELECT name FROM pragma_table_info(?)").pluck().all(table) as string[];
    expect([...documented(table)].sort()).toEqual(columns.sort());
  });
});
