import { join } from "node:path";
import { expect, it, onTestFinished } from "vitest";
import { assetKey, defineAsset, defineTable, defineUpkeep } from "moraine";
import { collectRows } from "../../../framework/lakehouse/lakehouse.ts";
import { materialize } from "../../../framework/materializer/materialize.ts";
import { openStore } from "../../../framework/store/open-store.ts";
import { runRequest } from "../../support/run-request.ts";
import { athenaRig } from "./rig.ts";

const users = defineTable({ key: "raw/users", columns: { id: "int", name: "string" } });
const upkeepKey = assetKey("raw/users__upkeep");

it("upkeep joins files and vacuums on Athena, tells what both did and cost, and makes nothing stale", async () => {
  const rig = await athenaRig();
  onTestFinished(() => rig.close());
  const store = openStore({ path: join(rig.folder, "moraine.db"), target: "aws" });
  onTestFinished(() => store.close());
  let id = 0;
  const source = defineAsset({
    key: users.key,
    table: users,
    refresh: { everyMs: 0 },
    codeVersion: "1",
    materialize: async ({ lakehouse }) => {
      if (id === 3) return;
      id += 1;
      const files = [await rig.ndjson([{ id, name: `v${id}` }])];
      await lakehouse.load({ table: users, files, disposition: { type: "append" } });
    },
  });
  const report = defineAsset({
    key: "mart/report",
    deps: { users: source },
    codeVersion: "1",
    materialize: () => {},
  });
  const assets = [source, report, ...defineUpkeep({ of: source, optimize: { dataFiles: 3 } })];
  const run = async (forced: readonly (typeof upkeepKey)[] = []) => {
    const request = runRequest({ assets }, { store, lakehouse: rig.lake, folder: rig.folder });
    return (await materialize({ ...request, forced: new Set(forced) })).outcomes;
  };
  const metadata = () => store.materializations(upkeepKey)[0]?.metadata ?? {};

  await run();
  await run();
  expect(metadata()).toMatchObject({
    upkeep: { value: "nothing due" },
    data_files_after: { value: 2 },
    bytes_after: { type: "bytes" },
  });
  await run();
  expect(metadata()).toMatchObject({
    upkeep: { value: "3 files became 1" },
    data_files_before: { value: 3 },
    data_files_after: { value: 1 },
    bytes_scanned: { type: "bytes" },
    query_cost: { type: "text" },
  });
  const version = await rig.lake.dataVersion(users.key);
  expect(await run([upkeepKey])).toEqual({
    [users.key]: "materialized",
    "mart/report": "fresh",
    [upkeepKey]: "materialized",
  });
  expect(metadata()).toMatchObject({
    upkeep: { value: "nothing to join in 1 file, 0 snapshots and 0 files removed" },
  });
  // Without an age everything goes that the table is not now; its data version stays.
  const expired = await rig.lake.expire(users.key, { olderThanMs: 0 });
  expect(expired.snapshotsRemoved).toBe(3);
  expect(await rig.lake.dataVersion(users.key)).toBe(version);
  expect(await run()).toMatchObject({ "mart/report": "fresh", [upkeepKey]: "fresh" });
  const rows = await rig.lake.query("SELECT id FROM raw.users ORDER BY id");
  expect(await collectRows(rows)).toEqual([{ id: 1 }, { id: 2 }, { id: 3 }]);
});
