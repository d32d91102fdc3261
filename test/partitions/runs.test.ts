import { describe, expect, it } from "vitest";
import {
  type Asset,
  assetKey,
  dailyPartitions,
  defineAsset,
  defineCheck,
  dep,
  multiPartitions,
  partitionWindow,
  staticPartitions,
} from "moraine";
import { Rig } from "../support/rig.ts";

const clockAt = (text: string) => ({ now: () => new Date(text), sleep: async () => {} });

/** A rig whose clock stands, with what each body was called for. */
class Days {
  readonly rig = new Rig();
  readonly calls: string[] = [];
  now = "2026-01-04T06:00:00Z";

  asset(
    key: string,
    options: Partial<Parameters<typeof defineAsset>[0]> = {},
    version = (): string => "1",
  ): Asset {
    return defineAsset({
      partitions: dailyPartitions({ start: "2026-01-01" }),
      codeVersion: "1",
      ...options,
      key,
      materialize: ({ partition }) => {
        this.calls.push(partition === undefined ? key : `${key}[${partition.key}]`);
        return { dataVersion: `${partition?.key} ${version()}` };
      },
    });
  }

  async run(assets: readonly Asset[], options: Parameters<Rig["run"]>[1] = {}) {
    this.calls.length = 0;
    const asked = { clock: clockAt(this.now), ...options };
    // What is forced is not planned, and what fails can't be foreseen.
    const summary =
      options.forced === undefined && options.checks === undefined
        ? await this.rig.runAsPlanned(assets, asked)
        : await this.rig.run(assets, asked);
    return { ...summary, calls: [...this.calls] };
  }
}

const named = (key: string, ...keys: string[]) =>
  ({ type: "named", keys: new Map([[assetKey(key), keys]]) }) as const;

describe("a run that names no partitions", () => {
  it("makes the newest one of an asset that was never made, and leaves older history alone", async () => {
    const days = new Days();
    const orders = days.asset("sales/orders");
    const { calls, outcomes, partitions } = await days.run([orders]);
    expect(calls).toEqual(["sales/orders[2026-01-03]"]);
    expect(outcomes).toEqual({ "sales/orders": "materialized" });
    expect(partitions).toEqual({ "sales/orders": { "2026-01-03": "materialized" } });
  });

  it("makes what came since, gaps as well, and nothing twice", async () => {
    const days = new Days();
    const orders = days.asset("sales/orders");
    await days.run([orders], { partitions: named("sales/orders", "2026-01-02") });
    days.now = "2026-01-06T06:00:00Z";
    const { calls } = await days.run([orders]);
    expect(calls).toEqual([
      "sales/orders[2026-01-03]",
      "sales/orders[2026-01-04]",
      "sales/orders[2026-01-05]",
    ]);
    const again = await days.run([orders]);
    expect(again.calls).toEqual([]);
    expect(again.outcomes).toEqual({ "sales/orders": "fresh" });
  });

  it("makes every partition of a list", async () => {
    const days = new Days();
    const byRegion = days.asset("sales/regions", { partitions: staticPartitions(["emea", "apac"]) });
    expect((await days.run([byRegion])).calls).toEqual(["sales/regions[emea]", "sales/regions[apac]"]);
  });

  it("makes what a due partition can't do without", async () => {
    const days = new Days();
    const orders = days.asset("sales/orders");
    const week = days.asset("sales/last_three_days", {
      deps: { orders: dep(orders, partitionWindow({ from: -2 })) },
    });
    expect((await days.run([orders, week])).calls).toEqual([
      "sales/orders[2026-01-01]",
      "sales/orders[2026-01-02]",
      "sales/orders[2026-01-03]",
      "sales/last_three_days[2026-01-03]",
    ]);
  });
});

it("a run for what is missing makes all history", async () => {
  const days = new Days();
  const orders = days.asset("sales/orders");
  await days.run([orders]);
  const { calls } = await days.run([orders], { partitions: { type: "missing" } });
  expect(calls).toEqual(["sales/orders[2026-01-01]", "sales/orders[2026-01-02]"]);
});

describe("staleness of partitions", () => {
  it("goes from a partition to those that read it, and no further", async () => {
    const days = new Days();
    const versions = new Map([["2026-01-02", 1]]);
    const source = defineAsset({
      key: "sales/source",
      partitions: dailyPartitions({ start: "2026-01-01" }),
      codeVersion: "1",
      materialize: ({ partition }) => ({
        dataVersion: `${partition?.key} ${versions.get(partition?.key ?? "") ?? 0}`,
      }),
    });
    const orders = days.asset("sales/orders", { deps: { source } });
    const all = { type: "missing" } as const;
    await days.run([source, orders], { partitions: all });
    versions.set("2026-01-02", 2);
    const redo = {
      partitions: named("sales/source", "2026-01-02"),
      forced: new Set([assetKey("sales/source")]),
    };
    await days.run([source, orders], { ...redo, keys: [source.key] });
    expect((await days.run([source, orders])).calls).toEqual(["sales/orders[2026-01-02]"]);
  });

  it("stops where a partition comes out unchanged", async () => {
    const days = new Days();
    let version = "1";
    const source = days.asset("sales/source", {}, () => version);
    const orders = days.asset("sales/orders", { deps: { source } });
    await days.run([source, orders]);
    const forced = new Set([source.key]);
    expect((await days.run([source, orders], { forced })).calls).toEqual(["sales/source[2026-01-03]"]);
    version = "2";
    expect((await days.run([source, orders], { forced })).calls).toEqual([
      "sales/source[2026-01-03]",
      "sales/orders[2026-01-03]",
    ]);
  });

  it("reaches an asset that reads all of them, once per change", async () => {
    const days = new Days();
    const orders = days.asset("sales/orders");
    const total = defineAsset({
      key: "sales/total",
      deps: { orders },
      codeVersion: "1",
      materialize: ({ inputs }) =>
        void days.calls.push(`total of ${inputs.orders.partitions?.map(({ key }) => key).join(" ")}`),
    });
    expect((await days.run([orders, total])).calls).toEqual([
      "sales/orders[2026-01-03]",
      "total of 2026-01-03",
    ]);
    expect((await days.run([orders, total])).calls).toEqual([]);
    days.now = "2026-01-05T06:00:00Z";
    expect((await days.run([orders, total])).calls).toEqual([
      "sales/orders[2026-01-04]",
      "total of 2026-01-03 2026-01-04",
    ]);
  });

  it("by changed code concerns those that were made, and the causes say so", async () => {
    const days = new Days();
    await days.run([days.asset("sales/orders")], {
      partitions: named("sales/orders", "2026-01-02", "2026-01-03"),
    });
    const changed = days.asset("sales/orders", { codeVersion: "2" });
    days.rig.events.length = 0;
    expect((await days.run([changed])).calls).toEqual([
      "sales/orders[2026-01-02]",
      "sales/orders[2026-01-03]",
    ]);
    expect(
      days.rig.eventsOf("asset-started").map(({ partition, causes }) => [partition, causes[0]?.type]),
    ).toEqual([
      ["2026-01-02", "code"],
      ["2026-01-03", "code"],
    ]);
  });
});

it("a partition that failed holds back what reads it, and nothing else", async () => {
  const days = new Days();
  const orders = defineAsset({
    key: "sales/orders",
    partitions: dailyPartitions({ start: "2026-01-01" }),
    codeVersion: "1",
    materialize: ({ partition }) => {
      if (partition?.key === "2026-01-02") throw new Error("no");
    },
  });
  const report = days.asset("sales/report", { deps: { orders } });
  const run = await days.run([orders, report], { partitions: { type: "missing" } });
  expect(run.outcomes).toEqual({ "sales/orders": "failed", "sales/report": "skipped" });
  expect(run.partitions["sales/report"]).toEqual({
    "2026-01-01": "materialized",
    "2026-01-02": "skipped",
    "2026-01-03": "materialized",
  });
});

it("checks run for each partition, and one that fails blocks that partition alone", async () => {
  const days = new Days();
  const orders = days.asset("sales/orders");
  const report = days.asset("sales/report", { deps: { orders } });
  const check = defineCheck({
    asset: orders,
    name: "has_rows",
    run: ({ partition }) => ({ passed: partition?.key !== "2026-01-02" }),
  });
  const run = await days.run([orders, report], { partitions: { type: "missing" }, checks: [check] });
  expect(run.partitions["sales/report"]).toEqual({
    "2026-01-01": "materialized",
    "2026-01-02": "skipped",
    "2026-01-03": "materialized",
  });
  const results = days.rig.store.latestCheckResults().get(orders.key);
  expect(results?.map(({ partition, result }) => [partition, result.passed])).toEqual([
    ["2026-01-01", true],
    ["2026-01-02", false],
    ["2026-01-03", true],
  ]);
});

it("keeps a cursor for each partition", async () => {
  const rig = new Rig();
  const seen: unknown[] = [];
  const asset = defineAsset({
    key: "sales/regions",
    partitions: staticPartitions(["emea", "apac"]),
    codeVersion: "1",
    materialize: ({ cursor, partition }) => {
      seen.push(cursor);
      return { cursor: `${partition?.key} done` };
    },
  });
  await rig.run([asset], { workers: 1 });
  await rig.run([asset], { workers: 1, forced: new Set([asset.key]) });
  expect(seen).toEqual([undefined, undefined, "emea done", "apac done"]);
});

it("bounds how many partitions work at once, and makes each of a thousand once", async () => {
  const rig = new Rig();
  let working = 0;
  let most = 0;
  const calls = new Set<string>();
  const asset = defineAsset({
    key: "sales/cells",
    partitions: multiPartitions({
      day: dailyPartitions({ start: "2025-01-01", end: "2025-04-10" }),
      region: staticPartitions(Array.from({ length: 10 }, (_, index) => `r${index}`)),
    }),
    codeVersion: "1",
    materialize: async ({ partition }) => {
      most = Math.max(most, ++working);
      calls.add(partition?.key ?? "");
      await Promise.resolve();
      working--;
    },
  });
  const { partitions } = await rig.run([asset], { workers: 3, partitions: { type: "missing" } });
  expect(calls.size).toBe(1000);
  expect(new Set(Object.values(partitions["sales/cells"] ?? {}))).toEqual(new Set(["materialized"]));
  expect(most).toBeLessThanOrEqual(3);
});
