import { afterEach, beforeEach, expect, it } from "vitest";
import { defineTable } from "../../framework/definition/table.ts";
import { type Catalog, startCatalog } from "../../framework/lakehouse/catalog/start-catalog.ts";
import { collectRows, type Disposition } from "../../framework/lakehouse/lakehouse.ts";
import { systemClock } from "../../framework/util/clock.ts";
import { commitTo, partitionedBy, partitionedOtherwise } from "../lakehouse/partition-changes.ts";
import { type LakeRig, lakeRig } from "../lakehouse/support.ts";
import { readByJava } from "./iceberg-java.ts";

const users = defineTable({
  key: "raw/users",
  columns: { id: "string", n: "long", at: "timestamp" },
  partitionBy: ["day(at)"],
});
const upsert: Disposition = { type: "merge", strategy: "upsert", key: ["id"] };

let rig: LakeRig;
let catalog: Catalog;
beforeEach(async () => {
  rig = await lakeRig();
  catalog = await startCatalog({ dir: rig.dir });
  await rig.lake.ensureTable(users);
  await load(1);
});
afterEach(async () => {
  await catalog.close();
  await rig.close();
});

const load = async (n: number) => {
  const rows = ["2026-01-02", "2026-01-03"].map((day, index) => ({
    id: `${index}`,
    n,
    at: `${day}T00:00:00Z`,
  }));
  await rig.lake.load({ table: users, files: [await rig.ndjson(rows)], disposition: upsert });
};
const inJava = async () => readByJava(catalog, "raw", "users");
const rowsInJava = async () => (await inJava()).rows.map(([id, n]) => [id, n]);

it.each(partitionedOtherwise)("Java reads what was upserted after %s", async (_how, fields) => {
  await commitTo(catalog, "raw", "users", partitionedBy(fields));
  await load(2);
  await load(3);
  expect(await rowsInJava()).toEqual([
    ["0", "3"],
    ["1", "3"],
  ]);
});

it("Java reads a table that was written while the clock was ahead, and after it was set back", async () => {
  const quarterAhead = { ...systemClock, now: () => new Date(Date.now() + 15 * 60_000) };
  const ahead = rig.another({ clock: quarterAhead });
  const [current] = await rig.lake.history(users.key);
  await ahead.restore(users.key, { from: current?.id, to: undefined });
  await ahead.restore(users.key, { from: undefined, to: current?.id });
  await load(2);
  const { rows, log } = await inJava();
  expect(rows.map(([, n]) => n)).toEqual(["2", "2"]);
  expect(log).toEqual(log.toSorted((a, b) => a - b));
  expect(await collectRows(await rig.lake.query("SELECT DISTINCT n FROM raw.users"))).toEqual([{ n: 2 }]);
});
