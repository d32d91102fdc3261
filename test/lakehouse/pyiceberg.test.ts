import { existsSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { assetKey } from "../../framework/definition/asset-key.ts";
import { defineTable } from "../../framework/definition/table.ts";
import { type Catalog, startCatalog } from "../../framework/lakehouse/catalog/start-catalog.ts";
import { collectRows, type Lakehouse } from "../../framework/lakehouse/lakehouse.ts";
import { writerOf } from "../../framework/lakehouse/writer.ts";
import { pyIceberg, type Served } from "./iceberg-client.ts";
import { type LakeRig, lakeRig } from "./support.ts";

const users = defineTable({
  key: "sf_raw/sf_user",
  columns: {
    id: { type: "string", required: true },
    n: "long",
    division: "string",
    extracted_at: "timestamp",
  },
  partitionBy: ["division"],
});
// PyIceberg needs a further package to write into partitions by day, so it only reads this one.
const daily = defineTable({ ...users, key: "sf_raw/daily", partitionBy: ["day(extracted_at)"] });

let rig: LakeRig;
let catalog: Catalog;
beforeAll(async () => {
  rig = await lakeRig();
  catalog = await startCatalog({ dir: rig.dir, token: "a-token" });
  const load = async (...rows: readonly object[]) => {
    for (const table of [users, daily]) {
      await rig.lake.ensureTable(table);
      const disposition = { type: "merge", strategy: "upsert", key: ["id"] } as const;
      await rig.lake.load({ table, files: [await rig.ndjson(rows)], disposition });
    }
  };
  await load(
    { id: "005A", n: 1, division: "N/A", extracted_at: "2026-01-02T03:04:05.123456Z" },
    { id: "005B", n: 2, division: "", extracted_at: null },
  );
  await load({ id: "005A", n: 3, division: "ünïcode", extracted_at: "2026-01-02T03:04:05.123456Z" });
});
afterAll(async () => {
  await catalog.close();
  await rig.close();
});

const python = (step: string, served: Served = catalog) => pyIceberg(served, step);

it("PyIceberg reads what DuckDB wrote, deletes and snapshot ids included", async () => {
  const history = await rig.lake.history(users.key);
  expect(await python("read")).toEqual({
    namespaces: [["sf_raw"]],
    tables: [
      ["sf_raw", "daily"],
      ["sf_raw", "sf_user"],
    ],
    daily: [
      ["005A", "3", "ünïcode", "2026-01-02 03:04:05.123456"],
      ["005B", "2", "", null],
    ],
    rows: [
      ["005A", "3", "ünïcode", "2026-01-02 03:04:05.123456"],
      ["005B", "2", "", null],
    ],
    snapshots: history.map((snapshot) => snapshot.id).toReversed(),
    partitions: ["identity", "day"],
  });
});

it("DuckDB reads what PyIceberg appended", async () => {
  await python("append");
  expect(await collectRows(await rig.lake.query("SELECT id, n FROM sf_raw.sf_user ORDER BY id"))).toEqual([
    { id: "005A", n: 3 },
    { id: "005B", n: 2 },
    { id: "005P", n: 9 },
  ]);
});

it("PyIceberg finds the snapshot that was current at a time a moment ago", async () => {
  const timed = defineTable({ key: "sf_raw/timed", columns: { id: "string" } });
  await rig.lake.ensureTable(timed);
  for (const id of ["a", "b"]) {
    const files = [await rig.ndjson([{ id }])];
    await rig.lake.load({ table: timed, files, disposition: { type: "append" } });
  }
  const [second, first] = await rig.lake.history(timed.key);
  const asOf = (snapshot = first) =>
    pyIceberg(catalog, "as-of", "sf_raw.timed", String(snapshot?.committedAt.getTime()));
  expect(await asOf()).toBe(first?.id);
  expect(await asOf(second)).toBe(second?.id);
  await rig.lake.drop(timed.key);
});

it("PyIceberg reads a compacted table", async () => {
  await rig.lake.optimize(users.key);
  expect(await python("read")).toMatchObject({
    rows: [
      ["005A", "3", "ünïcode", "2026-01-02 03:04:05.123456"],
      ["005B", "2", "", null],
      ["005P", "9", null, null],
    ],
  });
});

it("PyIceberg sees a restored table, empty ones too, and appends to it without a stamp", async () => {
  const restored = defineTable({ key: "sf_raw/restored", columns: { id: "string", n: "long" } });
  const { lake } = rig;
  const current = async () => (await lake.currentSnapshot(restored.key))?.id;
  const release = lake.attribute(restored.key, { runId: "8f21c4", partition: "", attempt: 1 });
  await lake.ensureTable(restored);
  const load = async (id: string) => {
    const files = [await rig.ndjson([{ id, n: 1 }])];
    await lake.load({ table: restored, files, disposition: { type: "append" } });
    return current();
  };
  const one = await load("a");
  const two = await load("b");
  await lake.restore(restored.key, { from: two, to: one });
  expect(await python("restored")).toEqual([["a", "1"]]);
  await lake.restore(restored.key, { from: one, to: undefined });
  expect(await python("restored")).toEqual([]);
  expect(await python("append-restored")).toEqual([["p", "9"]]);
  const select = async () => collectRows(await lake.query("SELECT id FROM sf_raw.restored"));
  expect(await select()).toEqual([{ id: "p" }]);
  await lake.restore(restored.key, { from: await current(), to: two });
  expect(await python("append-restored")).toEqual([
    ["a", "1"],
    ["b", "1"],
    ["p", "9"],
  ]);
  release();
  expect((await lake.history(restored.key)).map((snapshot) => writerOf(snapshot)?.runId)).toEqual([
    undefined,
    "8f21c4",
    "8f21c4",
  ]);
  await lake.drop(restored.key);
});

it("PyIceberg sees a draft only when its writer's own process serves the catalog, and can then write to it", async () => {
  const drafted = defineTable({ key: "sf_raw/restored", columns: { id: "string", n: "long" } });
  const { lake } = rig;
  await lake.ensureTable(drafted);
  const load = async (into: Lakehouse, id: string) => {
    const files = [await rig.ndjson([{ id, n: 1 }])];
    await into.load({ table: drafted, files, disposition: { type: "append" } });
  };
  await load(lake, "a");
  const draft = await lake.draft(drafted.key);
  await load(draft.lakehouse, "b");
  const environment = await lake.connectionEnvironment();
  const own = {
    ...catalog,
    url: environment["MORAINE_CATALOG_URI"] ?? "",
    token: environment["MORAINE_CATALOG_TOKEN"] ?? "",
  };
  const written = [
    ["a", "1"],
    ["b", "1"],
    ["p", "9"],
  ];
  expect(await python("append-restored", own)).toEqual(written);
  expect(await python("restored")).toEqual([["a", "1"]]);
  await draft.publish();
  expect(await python("restored")).toEqual(written);
  await lake.drop(drafted.key);
});

it("PyIceberg makes, evolves, overwrites and deletes in tables that DuckDB reads", async () => {
  expect(await python("write")).toEqual({
    rows: [
      ["c", "2026-01-02 03:04:05.123456", (2n ** 62n).toString()],
      ["d", "2026-01-02 03:04:05.123456", "1"],
    ],
    refs: ["main", "v1"],
    owner: "grace",
  });
  expect(await collectRows(await rig.lake.query("SELECT * FROM sf_raw.py ORDER BY id"))).toEqual([
    { id: "c", at: "2026-01-02 03:04:05.123456", n: (2n ** 62n).toString() },
    { id: "d", at: "2026-01-02 03:04:05.123456", n: 1 },
  ]);
});

it("what PyIceberg's snapshots need survives an expiry of ours, and the other way round", async () => {
  expect(await python("expire")).toMatchObject({ kept: true, tagged: ["a", "c"] });
  const expired = await rig.lake.expire(assetKey("sf_raw/py"), { olderThanMs: -1 });
  expect(expired.snapshotsRemoved).toBe(0);
  expect(await python("expire")).toMatchObject({
    kept: true,
    tagged: ["a", "c"],
    rows: [
      ["c", "2026-01-02 03:04:05.123456", expect.anything()],
      ["d", "2026-01-02 03:04:05.123456", "1"],
    ],
  });
});

it("PyIceberg meets the conflicts and errors that it knows; a purged table's files are gone", async () => {
  expect(await python("conflicts")).toEqual({
    appended: 2,
    refused: ["commit", "create", "load"],
    tables: [
      ["sf_raw", "daily"],
      ["sf_raw", "sf_user"],
    ],
    exists: false,
  });
  expect(existsSync(join(rig.dir, "sf_raw", "py"))).toBe(false);
});
