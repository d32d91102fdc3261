import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import {
  type Asset,
  assetKey,
  assetRef,
  dailyPartitions,
  defineAsset,
  defineTable,
  defineUpkeep,
  type MaterializeResult,
  type UpkeepOptions,
} from "moraine";
import { CatalogStore } from "../../framework/lakehouse/catalog/catalog-store.ts";
import { identifierOf } from "../../framework/lakehouse/catalog/location.ts";
import { collectRows } from "../../framework/lakehouse/lakehouse.ts";
import { materialize } from "../../framework/materializer/materialize.ts";
import type { RunRequest } from "../../framework/materializer/run-request.ts";
import { openStore } from "../../framework/store/open-store.ts";
import type { Store } from "../../framework/store/store.ts";
import { type LakeRig, lakeRig } from "../lakehouse/support.ts";
import { runRequest } from "../support/run-request.ts";

const dayMs = 86_400_000;
const users = defineTable({ key: "raw/users", columns: { id: "int", name: "string" } });
const upkeepKey = "raw/users__upkeep";

/** A clock that runs ahead of the machine's, by which snapshots of today are old. */
class AheadClock {
  aheadMs = 0;
  now(): Date {
    return new Date(Date.now() + this.aheadMs);
  }
  async sleep(): Promise<void> {}
}

describe("upkeep", () => {
  const clock = new AheadClock();
  let rig: LakeRig;
  let store: Store;
  /** What the next load writes, and how. */
  let rows: readonly object[] = [];
  let how: "append" | "upsert" = "append";
  beforeEach(async () => {
    clock.aheadMs = 0;
    how = "append";
    rig = await lakeRig({ clock });
    store = openStore({ path: join(rig.dir, "..", "moraine.db"), target: "local" });
  });
  afterEach(async () => {
    store.close();
    await rig.close();
  });

  const source = defineAsset({
    key: users.key,
    table: users,
    refresh: { everyMs: 0 },
    codeVersion: "1",
    materialize: async ({ lakehouse }) => {
      if (rows.length === 0) return;
      const files = [await rig.ndjson(rows)];
      const disposition =
        how === "append"
          ? ({ type: "append" } as const)
          : ({ type: "merge", strategy: "upsert", key: ["id"] } as const);
      await lakehouse.load({ table: users, files, disposition });
    },
  });
  const report = defineAsset({
    key: "mart/report",
    deps: { users: source },
    codeVersion: "1",
    materialize: (): MaterializeResult => ({}),
  });
  const project = (options: Partial<UpkeepOptions> = {}): readonly Asset[] => [
    source,
    report,
    ...defineUpkeep({ of: source, ...options }),
  ];
  const run = async (assets: readonly Asset[], more: Partial<RunRequest> = {}) => {
    const request = runRequest({ assets }, { store, lakehouse: rig.lake, folder: rig.dir });
    return (await materialize({ ...request, clock, ...more })).outcomes;
  };
  const figures = () => {
    const [record] = store.materializations(assetKey(upkeepKey));
    const entries = Object.entries(record?.metadata ?? {});
    return Object.fromEntries(
      entries.map(([name, value]) => [name, "value" in value ? value.value : value.type]),
    );
  };
  const content = async () =>
    collectRows(await rig.lake.query("SELECT id, name FROM raw.users ORDER BY id, name"));
  const loads = async (assets: readonly Asset[], ...ids: readonly number[]) => {
    for (const id of ids) {
      rows = [{ id, name: `v${id}` }];
      await run(assets);
    }
    rows = [];
  };

  it("joins files once enough came since they were last joined, and makes nothing downstream stale", async () => {
    const assets = project({ optimize: { dataFiles: 3 } });
    await loads(assets, 1, 2);
    expect(figures()).toEqual({
      upkeep: "nothing due",
      why: "optimize: 2 new data files of 3, 0 delete files of 16; expire: oldest snapshot 0 days of 14 days",
      data_files_before: 2,
      data_files_after: 2,
      delete_files_before: 0,
      delete_files_after: 0,
      snapshots_before: 2,
      snapshots_after: 2,
      oldest_snapshot: "duration",
    });
    await loads(assets, 3);
    expect(figures()).toMatchObject({
      upkeep: "3 files became 1",
      data_files_before: 3,
      data_files_after: 1,
      snapshots_after: 4,
    });
    const { bytes_before: before, bytes_after: after } = figures();
    expect(Number(after)).toBeLessThan(Number(before));
    const version = (await rig.lake.history(users.key))[1]?.id;
    expect(await rig.lake.dataVersion(users.key)).toBe(version);
    expect(await run(assets)).toEqual({
      [users.key]: "materialized",
      "mart/report": "fresh",
      [upkeepKey]: "fresh",
    });
    expect(await content()).toHaveLength(3);
    await loads(assets, 4, 5);
    expect(figures()).toMatchObject({ upkeep: "nothing due", data_files_before: 3 });
    await loads(assets, 6);
    expect(figures()).toMatchObject({ upkeep: "4 files became 1" });
  });

  it("joins files when there are many delete files", async () => {
    const assets = project({ optimize: { deleteFiles: 2 } });
    await loads(assets, 1);
    how = "upsert";
    for (const name of ["a", "b"]) {
      rows = [{ id: 1, name }];
      await run(assets);
    }
    expect(figures()).toMatchObject({ delete_files_before: 2, delete_files_after: 0 });
    expect(await content()).toEqual([{ id: 1, name: "b" }]);
  });

  it("reads metadata alone where nothing is due", async () => {
    await loads([source], 1, 2);
    const lakehouse = rig.another({
      extensionDirectory: () => Promise.reject(new Error("no engine wanted")),
    });
    const assets = project();
    const outcomes = await run(assets, { lakehouse, keys: [assetKey(upkeepKey)] });
    expect(outcomes).toEqual({ [upkeepKey]: "materialized" });
    expect(figures()).toMatchObject({ upkeep: "nothing due" });
  });

  it("expires what is past its age once something is old enough, also of a table that no longer changes", async () => {
    const assets = project();
    await loads(assets, 1, 2, 3);
    clock.aheadMs = 13 * dayMs;
    expect(await run(assets)).toMatchObject({ [upkeepKey]: "materialized" });
    expect(figures()).toMatchObject({ upkeep: "nothing due" });
    clock.aheadMs += 6 * dayMs;
    expect(await run(assets)).toMatchObject({ [upkeepKey]: "fresh" });
    clock.aheadMs += 2 * dayMs;
    const version = await rig.lake.dataVersion(users.key);
    expect(await run(assets)).toMatchObject({ "mart/report": "fresh", [upkeepKey]: "materialized" });
    expect(figures()).toMatchObject({ snapshots_before: 3, snapshots_after: 1, snapshots_removed: 2 });
    expect(figures()["upkeep"]).toMatch(/^2 snapshots and \d+ files removed$/);
    expect(Number(figures()["bytes_freed"])).toBeGreaterThan(0);
    expect(await rig.lake.dataVersion(users.key)).toBe(version);
    expect(await content()).toHaveLength(3);
  });

  it("leaves what a branch names, and the rows that it reads", async () => {
    const assets = project();
    await loads(assets, 1, 2);
    const [, first] = await rig.lake.history(users.key);
    const catalog = new CatalogStore({ dir: rig.dir, clock });
    const reference = { type: "branch", "snapshot-id": BigInt(first?.id ?? 0) } as const;
    catalog.commit([
      {
        identifier: identifierOf(users.key),
        requirements: [],
        updates: [{ action: "set-snapshot-ref", "ref-name": "audit", ...reference }],
      },
    ]);
    await loads(assets, 3);
    clock.aheadMs = 30 * dayMs;
    await run(assets, { forced: new Set([assetKey(upkeepKey)]) });
    expect(figures()).toMatchObject({ data_files_after: 1, snapshots_removed: 2, snapshots_after: 2 });
    const { refs } = catalog.load(identifierOf(users.key)).metadata;
    expect(Object.keys(refs)).toEqual(["main", "audit"]);
    catalog.close();
    const sql = `SELECT id FROM ${rig.lake.tableName(users.key)} AT (VERSION => ${first?.id})`;
    expect(await collectRows(await rig.lake.query(sql))).toEqual([{ id: 1 }]);
    expect(await content()).toHaveLength(3);
  });

  it("of a partitioned asset is one, after all of its partitions", async () => {
    const daily = defineAsset({
      key: users.key,
      table: users,
      codeVersion: "1",
      partitions: dailyPartitions({ start: "2026-01-01", end: "2026-01-03", timezone: "UTC" }),
      materialize: async ({ lakehouse, partition }) => {
        const files = [await rig.ndjson([{ id: 1, name: partition?.key }])];
        await lakehouse.load({ table: users, files, disposition: { type: "append" } });
      },
    });
    const assets = [daily, ...defineUpkeep({ of: daily, optimize: { dataFiles: 3 } })];
    const order: string[] = [];
    const outcomes = await run(assets, {
      partitions: { type: "missing" },
      onEvent: (event) => void (event.type === "asset-finished" && order.push(event.key)),
    });
    expect(outcomes).toEqual({ [users.key]: "materialized", [upkeepKey]: "materialized" });
    expect(order).toEqual([users.key, users.key, users.key, upkeepKey]);
    expect(figures()).toMatchObject({ upkeep: "3 files became 1" });
  });

  it("ends when the run is cancelled, and leaves the table as it was", async () => {
    const assets = project();
    await loads([source], 1, 2);
    const before = await rig.lake.currentSnapshot(users.key);
    const controller = new AbortController();
    const outcomes = await run(assets, {
      keys: [assetKey(upkeepKey)],
      forced: new Set([assetKey(upkeepKey)]),
      signal: controller.signal,
      onEvent: (event) => void (event.type === "asset-progress" && controller.abort()),
    });
    expect(outcomes).toEqual({ [upkeepKey]: "cancelled" });
    expect(await rig.lake.currentSnapshot(users.key)).toEqual(before);
  });

  it("fails for an asset that has no table", async () => {
    const bodiless = defineAsset({ key: "mart/none", codeVersion: "1", materialize: () => {} });
    expect(await run([bodiless, ...defineUpkeep({ of: bodiless })])).toEqual({
      "mart/none": "materialized",
      "mart/none__upkeep": "failed",
    });
    const failed = store.events({ types: ["asset-finished"] }).at(-1)?.event;
    expect(failed).toMatchObject({
      failure: { message: "mart/none has no table in the lake that could be kept fit", retryable: false },
    });
  });
});

describe("defineUpkeep", () => {
  const of = assetRef("raw/users" as never);
  const problems = (options: Omit<UpkeepOptions, "of">) =>
    defineUpkeep({ of, ...options }).flatMap((asset) => asset.problems.map(({ message }) => message));

  it("gives one asset for each table, which the table's asset is upstream of", () => {
    const both = defineUpkeep({ of: [of, assetRef("mart/report" as never)], owners: ["crm"] });
    expect(both).toMatchObject([
      { key: upkeepKey, assetKind: "upkeep", group: "upkeep", deps: { table: "raw/users" }, owners: ["crm"] },
      { key: "mart/report__upkeep", deps: { table: "mart/report" } },
    ]);
    expect(() => defineUpkeep({ of: [] })).toThrow("of names no asset");
  });

  it("has another code version exactly when its thresholds are others", () => {
    const version = (options: Omit<UpkeepOptions, "of">) =>
      defineUpkeep({ of, ...options })[0]?.codeVersion();
    expect(version({ optimize: { dataFiles: 32 }, everyMs: 1, tags: ["x"] })).toBe(version({}));
    expect(version({ optimize: { dataFiles: 33 } })).not.toBe(version({}));
    expect(version({ expire: false })).not.toBe(version({}));
  });

  it("says what is wrong with thresholds, all of it at once", () => {
    expect(problems({})).toEqual([]);
    expect(problems({ expire: { olderThanMs: 30 * dayMs } })).toEqual([]);
    expect(problems({ optimize: { dataFiles: 0, deleteFiles: 1.5 }, everyMs: 0 })).toEqual([
      "raw/users__upkeep.everyMs: expected milliseconds above 0, got 0",
      "raw/users__upkeep.optimize.dataFiles: expected a number from 1, got 0",
      "raw/users__upkeep.optimize.deleteFiles: expected a number from 1, got 1.5",
    ]);
    expect(problems({ expire: { olderThanMs: 1, oldestMs: 0 } })).toEqual([
      "raw/users__upkeep.expire.olderThanMs: expected milliseconds from an hour: a run under way may still read what it began with, got 1",
      "raw/users__upkeep.expire.oldestMs: expected no less than olderThanMs, got 0",
    ]);
    expect(problems({ optimize: false, expire: false })).toEqual([
      "raw/users__upkeep.optimize: expected thresholds here or in expire, or nothing is ever done, got false",
    ]);
  });
});
