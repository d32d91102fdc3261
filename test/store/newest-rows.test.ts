import Database from "better-sqlite3";
import fc from "fast-check";
import { describe, expect, it, onTestFinished } from "vitest";
import { newestRows } from "../../framework/store/newest-rows.ts";

/** A table `history` with these rows, the first the oldest, and the index that the query needs. */
function historyOf(columns: readonly string[], rows: readonly (readonly string[])[]): Database.Database {
  const database = new Database(":memory:");
  onTestFinished(() => void database.close());
  database.exec(`CREATE TABLE history (id INTEGER PRIMARY KEY, target TEXT, ${columns.join(", ")});
    CREATE INDEX history_by_key ON history (target, ${columns.join(", ")}, id)`);
  const insert = database.prepare(
    `INSERT INTO history (target, ${columns.join(", ")}) VALUES (?, ${columns.map(() => "?").join(", ")})`,
  );
  for (const row of rows) insert.run(...row);
  return database;
}

describe("the newest rows", () => {
  it.each([["key"], ["key", "partition"], ["key", "partition", "check_name"]])(
    "are one for each combination of %s, %s, %s of the target, of rows that meet a condition",
    (...columns) => {
      const value = fc.constantFrom("", "a", "b", "ba", "ø");
      const row = fc.tuple(fc.constantFrom("local", "aws"), ...columns.map(() => value));
      fc.assert(
        fc.property(
          fc.array(row, { maxLength: 60 }),
          fc.constantFrom("TRUE", "id % 3 <> 0"),
          (rows, condition) => {
            const database = historyOf(columns, rows);
            const found = database
              .prepare(`${newestRows("history", columns, condition)} SELECT * FROM newest ORDER BY id`)
              .all({ target: "local" });
            const list = columns.join(", ");
            const expected = database
              .prepare(
                `SELECT max(id) AS id, ${list} FROM history WHERE target = 'local' AND ${condition} GROUP BY ${list} ORDER BY 1`,
              )
              .all();
            expect(found).toEqual(expected);
          },
        ),
      );
    },
  );

  it("are found by descents of the index alone, so the history behind them costs nothing", () => {
    const columns = ["key", "partition"];
    const database = historyOf(columns, []);
    const plan = database
      .prepare(`EXPLAIN QUERY PLAN ${newestRows("history", columns)} SELECT id FROM newest`)
      .all({ target: "local" }) as readonly { readonly detail: string }[];
    const onHistory = plan.map((step) => step.detail).filter((detail) => /\b(history|other)\b/.test(detail));
    expect(onHistory).toEqual([
      "SEARCH history USING COVERING INDEX history_by_key (target=?)",
      "SEARCH other USING INTEGER PRIMARY KEY (rowid=?)",
      "SEARCH history USING COVERING INDEX history_by_key (target=? AND key=? AND partition<?)",
      "SEARCH history USING COVERING INDEX history_by_key (target=? AND key<?)",
    ]);
  });
});
