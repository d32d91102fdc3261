import { describe, expect, it } from "vitest";
import type { Asset, Check } from "moraine";
import { assetKey, defineAsset, defineCheck, staticPartitions } from "moraine";
import { buildGraph } from "../../framework/graph/build-graph.ts";
import { readTableStates } from "../../framework/materializer/earlier-states.ts";
import { planRollback, type RollbackPlan } from "../../framework/materializer/plan-rollback.ts";
import { rollBack } from "../../framework/materializer/roll-back.ts";
import { computeStatuses } from "../../framework/staleness/compute-statuses.ts";
import { LakeTables } from "../../framework/staleness/lake-tables.ts";
import { observe } from "../../framework/staleness/observe.ts";
import { checkStore } from "../../framework/store/upkeep/check-store.ts";
import { systemClock } from "../../framework/util/clock.ts";
import { Rig } from "../support/rig.ts";

/** A rig with rollbacks. */
class RollbackRig extends Rig {
  async plan(assets: readonly Asset[], key: string, to: string, checks: readonly Check[] = []) {
    const graph = buildGraph({ assets, checks, problems: [] });
    const sources = { graph, store: this.store, lakehouse: this.lakehouse, now: new Date() };
    const states = await readTableStates(sources, assetKey(key));
    const state = states.states.find(({ snapshot }) => snapshot.id === to);
    if (state === undefined) throw new Error(`expected a state ${to}`);
    return planRollback(sources, assetKey(key), { states, to: state });
  }

  async rollBack(plan: RollbackPlan): Promise<string> {
    return rollBack(
      { store: this.store, lakehouse: this.lakehouse, clock: systemClock, trigger: "cli" },
      plan,
    );
  }

  async statuses(assets: readonly Asset[], checks: readonly Check[] = []) {
    const graph = buildGraph({ assets, checks, problems: [] });
    const lake = new LakeTables(this.lakehouse);
    await lake.refresh(graph.keys);
    const observed = observe({ graph, reader: this.store, lake, now: new Date(), asked: false });
    return Object.fromEntries(
      [...computeStatuses(graph, observed)].map(([key, status]) => [key, status] as const),
    );
  }

  async isSound(): Promise<boolean> {
    const { findings } = await checkStore({
      path: `${this.directory}/moraine.db`,
      now: new Date().toISOString(),
    });
    return findings.length === 0;
  }
}

/** `raw/a` <- `mart/b` <- `mart/c`, all tables; `version` is the code of `mart/b`. */
function chain(rig: RollbackRig, version = "1") {
  const table = (key: string, deps: Readonly<Record<string, Asset>>, codeVersion: string) =>
    defineAsset({
      key,
      deps,
      codeVersion,
      materialize: ({ cursor }) => {
        rig.lakehouse.commit(assetKey(key));
        return { cursor: Number(cursor ?? 0) + 1, metadata: { rows: { type: "rows", value: 3 } } };
      },
    });
  const a = table("raw/a", {}, "1");
  const b = table("mart/b", { a }, version);
  const c = table("mart/c", { b }, "1");
  return [a, b, c] as const;
}

describe("a rollback", () => {
  it("makes the older provenance count again: what reads the asset is stale, the asset as its causes say", async () => {
    const rig = new RollbackRig();
    await rig.run(chain(rig));
    const assets = chain(rig, "2");
    await rig.run(assets);
    const plan = await rig.plan(assets, "mart/b", "mart/b#1");
    expect(plan).toMatchObject({
      from: { id: "mart/b#2" },
      to: { snapshot: { id: "mart/b#1" }, isRecorded: true },
      after: { status: "stale", causes: [{ type: "code", from: "1", to: "2" }] },
      stale: ["mart/c"],
    });
    const runId = await rig.rollBack(plan);
    const statuses = await rig.statuses(assets);
    expect(statuses["mart/b"]).toEqual(plan.after);
    expect(statuses["mart/c"]?.causes).toMatchObject([
      { type: "data", upstream: "mart/b", from: "mart/b#2", to: "mart/b#1" },
      { type: "upstream", upstream: "mart/b" },
    ]);
    expect(statuses["raw/a"]?.status).toBe("fresh");
    expect(rig.store.run(runId)).toMatchObject({
      status: "succeeded",
      selection: "rollback mart/b --to mart/b#1",
      counts: { materialized: 1 },
    });
    expect(await rig.isSound()).toBe(true);
  });

  it("keeps the asset fresh when neither its code nor what it reads has moved, so that no run undoes it", async () => {
    const rig = new RollbackRig();
    const assets = chain(rig);
    await rig.run(assets);
    await rig.run(assets, { forced: new Set([assetKey("mart/b")]) });
    const plan = await rig.plan(assets, "mart/b", "mart/b#1");
    expect([plan.after.status, plan.stale]).toEqual(["fresh", ["mart/c"]]);
    await rig.rollBack(plan);
    const { outcomes } = await rig.run(assets);
    expect(outcomes).toEqual({ "raw/a": "fresh", "mart/b": "fresh", "mart/c": "materialized" });
    expect(await rig.lakehouse.dataVersion(assetKey("mart/b"))).toBe("mart/b#1");
  });

  it("takes the cursor back, or what came after it would be lost", async () => {
    const rig = new RollbackRig();
    const assets = chain(rig);
    const key = assetKey("raw/a");
    const cursor = () => rig.store.cursor({ key, partition: "" });
    await rig.run(assets);
    for (const expected of [2, 3]) {
      await rig.run(assets, { forced: new Set([key]) });
      expect(cursor()).toBe(expected);
    }
    await rig.rollBack(await rig.plan(assets, "raw/a", "raw/a#1"));
    expect(cursor()).toBe(1);
    await rig.rollBack(await rig.plan(assets, "raw/a", "raw/a#3"));
    expect(cursor()).toBe(3);
    await rig.rollBack(await rig.plan(assets, "raw/a", "raw/a#2"));
    expect(cursor()).toBe(2);
    await rig.run(assets, { forced: new Set([key]) });
    expect(cursor()).toBe(3);
    expect(await rig.isSound()).toBe(true);
  });

  it("can itself be undone, and says in the history when the data was made", async () => {
    const rig = new RollbackRig();
    const assets = chain(rig);
    await rig.run(assets);
    await rig.run(assets, { forced: new Set([assetKey("mart/b")]) });
    const before = await rig.statuses(assets);
    const [newest, first] = rig.store.materializations(assetKey("mart/b"));
    await rig.rollBack(await rig.plan(assets, "mart/b", "mart/b#1"));
    const [rolledBack] = rig.store.materializations(assetKey("mart/b"));
    expect(rolledBack).toMatchObject({
      madeAt: first?.finishedAt,
      snapshotId: "mart/b#1",
      dataVersion: "mart/b#1",
      upstreams: first?.upstreams,
      metadata: { rows: { value: 3 }, "rolled back": { type: "text" } },
    });
    await rig.rollBack(await rig.plan(assets, "mart/b", "mart/b#2"));
    expect(await rig.statuses(assets)).toEqual(before);
    expect(rig.store.materializations(assetKey("mart/b"))[0]?.madeAt).toBe(newest?.finishedAt);
  });

  it("brings back what the checks had found of that data, not what they found since", async () => {
    const rig = new RollbackRig();
    const assets = chain(rig);
    const bad = new Set(["mart/b#2", "mart/b#3"]);
    const check = defineCheck({
      asset: assetKey("mart/b"),
      name: "good",
      run: async () => ({ passed: !bad.has((await rig.lakehouse.dataVersion(assetKey("mart/b"))) ?? "") }),
    });
    const forced = new Set([assetKey("mart/b")]);
    await rig.run(assets, { checks: [check] });
    await rig.run(assets, { checks: [check], forced });
    expect((await rig.statuses(assets, [check]))["mart/b"]?.causes).toEqual([
      { type: "failed-check", check: "good" },
    ]);
    const plan = await rig.plan(assets, "mart/b", "mart/b#1", [check]);
    expect(plan.after.status).toBe("fresh");
    const runId = await rig.rollBack(plan);
    expect((await rig.statuses(assets, [check]))["mart/b"]?.status).toBe("fresh");
    expect(rig.store.runCheckResults(runId)).toMatchObject([{ check: "good", result: { passed: true } }]);
    const back = await rig.plan(assets, "mart/b", "mart/b#2", [check]);
    expect(back.after.causes).toEqual([{ type: "failed-check", check: "good" }]);
  });

  it("takes all partitions back with the table; those made later are missing again", async () => {
    const rig = new RollbackRig();
    const key = assetKey("mart/sales");
    const sales = defineAsset({
      key,
      partitions: staticPartitions(["no", "se", "dk"]),
      codeVersion: "1",
      materialize: () => {
        rig.lakehouse.commit(key);
      },
    });
    const total = defineAsset({
      key: "mart/total",
      deps: { sales },
      codeVersion: "1",
      materialize: () => void rig.lakehouse.commit(assetKey("mart/total")),
    });
    const assets = [sales, total];
    const make = (partitions: readonly string[], forced = false) =>
      rig.run([sales], {
        partitions: { type: "named", keys: new Map([[key, partitions]]) },
        workers: 1,
        ...(forced ? { forced: new Set([key]) } : {}),
      });
    await make(["no"]);
    await make(["se"]);
    await make(["no"], true);
    await make(["dk"]);
    const plan = await rig.plan(assets, "mart/sales", "mart/sales#2");
    expect(plan.units.map(({ partition, restores }) => [partition, restores?.snapshotId])).toEqual([
      ["dk", undefined],
      ["no", "mart/sales#1"],
    ]);
    await rig.rollBack(plan);
    const partitions = (await rig.statuses(assets))["mart/sales"]?.partitions;
    expect([...(partitions ?? [])].map(([name, { status }]) => [name, status])).toEqual([
      ["no", "fresh"],
      ["se", "fresh"],
      ["dk", "missing"],
    ]);
    expect(rig.store.latestOf({ key, partition: "no" })?.dataVersion).toBe("mart/sales#1");
    expect(rig.store.latestOf({ key, partition: "dk" })).toBeUndefined();
    // There and back, over the state in which a partition was missing.
    await rig.rollBack(await rig.plan(assets, "mart/sales", "mart/sales#4"));
    expect(rig.store.latestOf({ key, partition: "dk" })?.dataVersion).toBe("mart/sales#4");
    await rig.rollBack(await rig.plan(assets, "mart/sales", "mart/sales#2"));
    await rig.rollBack(await rig.plan(assets, "mart/sales", "mart/sales#1"));
    expect([...(rig.store.latestByPartition().get(key)?.keys() ?? [])]).toEqual(["no"]);
    expect(await rig.isSound()).toBe(true);
    await make(["dk"]);
    expect([...(rig.store.latestByPartition().get(key)?.keys() ?? [])].toSorted()).toEqual(["dk", "no"]);
  });

  it("takes back what somebody else wrote on top of a materialization", async () => {
    const rig = new RollbackRig();
    const assets = chain(rig);
    await rig.run(assets);
    rig.lakehouse.commit(assetKey("mart/b"));
    const plan = await rig.plan(assets, "mart/b", "mart/b#1");
    expect([plan.after.status, plan.stale]).toEqual(["fresh", []]);
    expect((await rig.statuses(assets))["mart/c"]?.status).toBe("stale");
    await rig.rollBack(plan);
    expect((await rig.statuses(assets))["mart/c"]?.status).toBe("fresh");
    const foreign = await rig.plan(assets, "mart/b", "mart/b#2");
    expect(foreign.to.isRecorded).toBe(false);
    await rig.rollBack(foreign);
    expect(rig.store.materializations(assetKey("mart/b"))[0]?.dataVersion).toBe("mart/b#2");
    expect((await rig.statuses(assets))["mart/c"]?.causes).toMatchObject([{ type: "data", to: "mart/b#2" }]);
  });

  it("is completed by the same rollback again when it was killed before it was recorded", async () => {
    const rig = new RollbackRig();
    const assets = chain(rig);
    await rig.run(assets);
    await rig.run(assets, { forced: new Set([assetKey("mart/b")]) });
    await rig.lakehouse.restore(assetKey("mart/b"), { from: "mart/b#2", to: "mart/b#1" });
    const plan = await rig.plan(assets, "mart/b", "mart/b#1");
    expect(plan.units).toHaveLength(1);
    await rig.rollBack(plan);
    expect(rig.store.materializations(assetKey("mart/b"))[0]?.dataVersion).toBe("mart/b#1");
    expect((await rig.plan(assets, "mart/b", "mart/b#1")).units).toEqual([]);
  });

  it("waits for nobody: it is refused while a run holds the asset, and when the table has moved on", async () => {
    const rig = new RollbackRig();
    const assets = chain(rig);
    await rig.run(assets);
    await rig.run(assets, { forced: new Set([assetKey("mart/b")]) });
    const plan = await rig.plan(assets, "mart/b", "mart/b#1");
    const at = new Date().toISOString();
    rig.store.startRun(
      { id: "0123456789ab", trigger: "cli", selection: "", startedAt: at },
      { type: "log", runId: "0123456789ab", at, level: "info", message: "" },
    );
    rig.store.acquireLeases("0123456789ab", [{ key: assetKey("mart/b"), partition: "" }], at);
    await expect(rig.rollBack(plan)).rejects.toMatchObject({
      failure: { reason: "locked", message: expect.stringContaining("run 0123456789ab works on mart/b") },
    });
    rig.store.releaseLeases("0123456789ab", [{ key: assetKey("mart/b"), partition: "" }]);
    rig.lakehouse.commit(assetKey("mart/b"));
    await expect(rig.rollBack(plan)).rejects.toMatchObject({ failure: { reason: "commit-conflict" } });
    expect(await rig.lakehouse.dataVersion(assetKey("mart/b"))).toBe("mart/b#3");
    expect(rig.store.runs({ status: "failed" })).toHaveLength(2);
    // Nothing is left held.
    await rig.rollBack(await rig.plan(assets, "mart/b", "mart/b#1"));
  });
});
