import { afterEach, beforeEach, expect, it } from "vitest";
import { defineTable } from "../../framework/definition/table.ts";
import { type Catalog, startCatalog } from "../../framework/lakehouse/catalog/start-catalog.ts";
import { collectRows, type Disposition } from "../../framework/lakehouse/lakehouse.ts";
import { pyIceberg } from "./iceberg-client.ts";
import { commitTo, partitionedBy, partitionedOtherwise } from "./partition-changes.ts";
import { type LakeRig, lakeRig } from "./support.ts";

const users = defineTable({
  key: "raw/users",
  columns: { id: "string", n: "long", at: "timestamp" },
  partitionBy: ["day(at)"],
});
const named = defineTable({ key: "raw/named", columns: { id: "string", n: "long" }, partitionBy: ["id"] });

let rig: LakeRig;
let catalog: Catalog;
beforeEach(async () => {
  rig = await lakeRig();
  catalog = await startCatalog({ dir: rig.dir });
});
afterEach(async () => {
  await catalog.close();
  await rig.close();
});

const upsert: Disposition = { type: "merge", strategy: "upsert", key: ["id"] };
const load = async (table: typeof users | typeof named, rows: readonly object[]) =>
  rig.lake.load({ table, files: [await rig.ndjson(rows)], disposition: upsert });
const query = async (sql: string, readOnly = true) => collectRows(await rig.lake.query(sql, { readOnly }));
const inPython = (table: string) => pyIceberg(catalog, "rows", table);

it.each(partitionedOtherwise)("PyIceberg reads what was upserted after %s", async (_how, fields) => {
  const row = (id: string, n: number) => ({ id, n, at: `2026-01-0${n}T00:00:00Z` });
  await rig.lake.ensureTable(users);
  await load(users, [row("a", 1), row("b", 1), { id: "c", n: null, at: null }]);
  await commitTo(catalog, "raw", "users", partitionedBy(fields));
  const result = await load(users, [row("a", 2), row("b", 1), row("d", 2)]);
  expect(result).toMatchObject({ rowsInserted: 1, rowsUpdated: 1 });
  expect(await rig.lake.currentSnapshot(users.key)).toMatchObject({
    id: result.snapshotId,
    operation: "overwrite",
  });
  await load(users, [row("a", 3)]);
  expect(await inPython("raw.users")).toEqual([
    ["a", "3", "2026-01-03 00:00:00"],
    ["b", "1", "2026-01-01 00:00:00"],
    ["c", null, null],
    ["d", "2", "2026-01-02 00:00:00"],
  ]);
  expect(await query("SELECT id, n FROM raw.users ORDER BY id")).toEqual([
    { id: "a", n: 3 },
    { id: "b", n: 1 },
    { id: "c", n: null },
    { id: "d", n: 2 },
  ]);
});

it("an upsert after a change of the partition spec keeps columns that the definition lacks", async () => {
  await rig.lake.ensureTable(defineTable({ ...named, columns: { ...named.columns, old: "string" } }));
  await query("INSERT INTO raw.named VALUES ('a', 1, 'kept')", false);
  await commitTo(catalog, "raw", "named", partitionedBy([]));
  await load(named, [
    { id: "a", n: 2 },
    { id: "b", n: 2 },
  ]);
  expect(await query("FROM raw.named ORDER BY id")).toEqual([
    { id: "a", n: 2, old: "kept" },
    { id: "b", n: 2, old: null },
  ]);
});

it("refuses deletes that other readers would not apply, until the table is rewritten", async () => {
  await rig.lake.ensureTable(named);
  // Its manifest is compressed, DuckDB's are not.
  await pyIceberg(catalog, "append-row", "raw.named", JSON.stringify({ id: "p", n: 1 }));
  await load(named, [{ id: "a", n: 1 }]);
  await commitTo(catalog, "raw", "named", partitionedBy([]));
  for (const id of ["a", "p"]) {
    await expect(query(`DELETE FROM raw.named WHERE id = '${id}'`, false)).rejects.toMatchObject({
      failure: {
        reason: "query-failed",
        got: expect.stringContaining("moraine lake optimize raw/named") as string,
      },
    });
  }
  expect(await inPython("raw.named")).toEqual([
    ["a", "1"],
    ["p", "1"],
  ]);
  expect(await rig.lake.optimize(named.key)).toMatchObject({ filesBefore: 2, filesAfter: 1 });
  await query("DELETE FROM raw.named WHERE id = 'p'", false);
  expect(await inPython("raw.named")).toEqual([["a", "1"]]);
});

it("a column that was dropped can be added again, and dropped once more", async () => {
  await rig.lake.ensureTable(named);
  for (const change of [
    "ADD COLUMN x INT",
    "DROP COLUMN x",
    "ADD COLUMN x INT",
    "DROP COLUMN x",
    "ADD COLUMN y INT",
  ])
    await query(`ALTER TABLE raw.named ${change}`, false);
  await query("INSERT INTO raw.named VALUES ('a', 1, 2)", false);
  expect(await inPython("raw.named")).toEqual([["a", "1", "2"]]);
});
