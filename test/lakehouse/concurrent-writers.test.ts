import { dirname } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from "vitest";
import { assetKey } from "../../framework/definition/asset-key.ts";
import { defineTable } from "../../framework/definition/table.ts";
import { collectRows } from "../../framework/lakehouse/lakehouse.ts";
import { bundledScript, finished } from "../support/scripts.ts";
import { type LakeRig, lakeRig, testExtensions } from "./support.ts";

let script: Awaited<ReturnType<typeof bundledScript>>;
let rig: LakeRig;
beforeAll(async () => {
  script = await bundledScript("lakehouse/loader-process");
});
afterAll(() => script.remove());
beforeEach(async () => {
  rig = await lakeRig();
});
afterEach(() => rig.close());

it("loses nothing when two processes load into one table at once", async () => {
  const extensions = await testExtensions();
  const names = ["a", "b"];
  const outputs = await Promise.all(
    names.map((name) => finished(script.run(rig.dir, extensions, dirname(rig.dir), name, "12", "50"))),
  );
  const counts =
    "SELECT batch, count(*) AS n, count(DISTINCT id) AS d FROM t.log GROUP BY batch ORDER BY batch";
  const rows = await collectRows(await rig.lake.query(counts));
  const batches = names.flatMap((name) => Array.from({ length: 12 }, (_, batch) => `${name}-${batch}`));
  expect(rows).toEqual(batches.toSorted().map((batch) => ({ batch, n: 50, d: 50 })));
  const snapshots = (await rig.lake.history(assetKey("t/log"))).map((snapshot) => snapshot.id);
  const reported = outputs.flatMap((output) =>
    [...output.matchAll(/loaded \d+ (\d+)/g)].map((match) => match[1]),
  );
  expect(new Set(reported)).toEqual(new Set(snapshots));
  expect(reported).toHaveLength(24);
});

it("inserts a row once when several lakehouses load it at once", async () => {
  const table = defineTable({ key: "t/log", columns: { id: "string" } });
  const lakes = [rig.lake, rig.another(), rig.another()];
  await Promise.all(lakes.map((lake) => lake.ensureTable(table)));
  const files = [await rig.ndjson([{ id: "1" }, { id: "2" }])];
  const results = await Promise.all(
    [...lakes, ...lakes].map((lake) =>
      lake.load({ table, files, disposition: { type: "merge", strategy: "insert-only", key: ["id"] } }),
    ),
  );
  expect(results.map((result) => result.rowsInserted).toSorted((a, b) => a - b)).toEqual([0, 0, 0, 0, 0, 2]);
  expect(await collectRows(await rig.lake.query("SELECT id FROM t.log ORDER BY id"))).toEqual([
    { id: "1" },
    { id: "2" },
  ]);
});

it("replaces, compacts and appends at once without losing an append", async () => {
  const table = defineTable({ key: "t/log", columns: { id: "string" } });
  const other = rig.another();
  await rig.lake.ensureTable(table);
  const load = async (id: string) =>
    rig.lake.load({ table, files: [await rig.ndjson([{ id }])], disposition: { type: "append" } });
  await load("0");
  await load("1");
  await Promise.all([load("2"), other.optimize(table.key), load("3"), other.optimize(table.key)]);
  await rig.lake.optimize(table.key);
  expect(
    (await collectRows(await other.query("SELECT id FROM t.log ORDER BY id"))).map((row) => row["id"]),
  ).toEqual(["0", "1", "2", "3"]);
});
