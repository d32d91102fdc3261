import { once } from "node:events";
import { describe, expect, it } from "vitest";
import type { Asset, AssetKey, Check } from "moraine";
import { assetKey, defineAsset } from "moraine";
import type { Batch } from "../../framework/definition/batch.ts";
import type { WorkContext } from "../../framework/definition/context.ts";
import { deferred } from "../../framework/util/deferred.ts";
import { Rig } from "../support/rig.ts";

type BatchContext = Parameters<Batch["materialize"]>[0];

/** A batch whose calls are noted and whose work is given by the test. */
class FakeBatch implements Batch {
  readonly name = "fake";
  readonly calls: AssetKey[][] = [];
  prepared = 0;
  warmUp: (this: void, context: WorkContext) => Promise<void> = async () => {};
  work: (this: void, context: BatchContext) => void | Promise<void> = ({ assets, report }) => {
    for (const { key } of assets) {
      report({ type: "asset-started", key });
      report({ type: "asset-finished", key, result: { dataVersion: `v${this.calls.length}` } });
    }
  };
  async prepare(context: WorkContext): Promise<void> {
    this.prepared += 1;
    await this.warmUp(context);
  }
  async materialize(context: BatchContext): Promise<void> {
    this.calls.push(context.assets.map(({ key }) => key));
    await this.work(context);
  }
  async check(): Promise<void> {}
  async close(): Promise<void> {}

  asset(key: string, ...deps: readonly Asset[]): Asset {
    const plain = defineAsset({
      key,
      deps: Object.fromEntries(deps.map((dep, index) => [`dep${index}`, dep])),
      codeVersion: "1",
      retry: { maxAttempts: 2, baseDelayMs: 1 },
      materialize: () => {},
    });
    return { ...plain, source: { type: "batch", batch: this } };
  }

  checkOn(key: string, name: string): Check {
    return {
      kind: "check",
      asset: assetKey(key),
      name,
      description: undefined,
      severity: "error",
      blocking: true,
      holds: undefined,
      source: { type: "batch", batch: this },
      rowsSql: undefined,
      problems: [],
    };
  }
}

const source = (version: { current: string }, announces = false) =>
  defineAsset({
    key: "raw/users",
    codeVersion: "1",
    refresh: { everyMs: 0 },
    materialize: ({ announceChange }) => {
      if (announces) announceChange();
      return { dataVersion: version.current };
    },
  });

describe("a batch", () => {
  it("gets contiguous stale assets in one call, in topological order", async () => {
    const rig = new Rig();
    const batch = new FakeBatch();
    const raw = source({ current: "d1" });
    const staging = batch.asset("staging/users", raw);
    const mart = batch.asset("mart/users", staging);
    const summary = await rig.run([mart, raw, staging]);
    expect(summary.status).toBe("succeeded");
    expect(batch.calls).toEqual([["staging/users", "mart/users"]]);
  });

  it("is called twice when another asset stands in between", async () => {
    const rig = new Rig();
    const batch = new FakeBatch();
    const first = batch.asset("staging/users");
    const between = defineAsset({
      key: "model/users",
      deps: { first },
      codeVersion: "1",
      materialize: () => {},
    });
    const last = batch.asset("mart/users", between);
    await rig.run([first, between, last]);
    expect(batch.calls).toEqual([["staging/users"], ["mart/users"]]);
  });

  it("is neither called nor warmed up when its upstream came out unchanged", async () => {
    const rig = new Rig();
    const batch = new FakeBatch();
    const raw = source({ current: "d1" });
    const assets = [raw, batch.asset("staging/users", raw)];
    await rig.run(assets);
    batch.prepared = 0;
    const summary = await rig.run(assets);
    expect(summary.outcomes).toEqual({ "raw/users": "materialized", "staging/users": "fresh" });
    expect([batch.calls.length, batch.prepared]).toEqual([1, 0]);
  });

  it("is warmed up as soon as an upstream says that its data changes", async () => {
    const rig = new Rig();
    const batch = new FakeBatch();
    const version = { current: "d1" };
    const raw = source(version, true);
    const assets = [raw, batch.asset("staging/users", raw)];
    await rig.run(assets);
    version.current = "d2";
    batch.prepared = 0;
    await rig.run(assets);
    expect([batch.calls.length, batch.prepared]).toEqual([2, 1]);
  });

  it("ends its warm-up, in silence, when the run ends without it", async () => {
    const rig = new Rig();
    const batch = new FakeBatch();
    const users = { fail: false };
    const raw = defineAsset({
      key: "raw/users",
      refresh: { everyMs: 0 },
      materialize: ({ announceChange }) => {
        if (!users.fail) return;
        announceChange();
        throw new Error("no users today");
      },
    });
    const assets = [raw, batch.asset("staging/users", raw)];
    await rig.run(assets);
    users.fail = true;
    const [runIsOver, warmUpIsOver] = [deferred<void>(), deferred<void>()];
    batch.warmUp = async ({ signal, log }) => {
      await Promise.race([once(signal, "abort"), runIsOver.promise]);
      log("was told to stop");
      warmUpIsOver.resolve();
      throw new Error("interrupted");
    };
    await rig.run(assets);
    runIsOver.resolve();
    await warmUpIsOver.promise;
    expect(rig.events.at(-1)?.type).toBe("run-finished");
    expect(rig.eventsOf("log")).toEqual([]);
  });

  it("records for each member the upstream versions that this call gave it", async () => {
    const rig = new Rig();
    const batch = new FakeBatch();
    const raw = source({ current: "d1" });
    const staging = batch.asset("staging/users", raw);
    const mart = batch.asset("mart/users", staging);
    await rig.run([raw, staging, mart]);
    const read = rig.store.latestMaterializations().get(mart.key)?.upstreams;
    expect(read).toMatchObject([{ upstream: "staging/users", dataVersion: "v1" }]);
    expect((await rig.run([raw, staging, mart])).outcomes).toMatchObject({ "mart/users": "fresh" });
  });

  it("holds what is downstream of a failed blocking check, and counts a check without a result as failed", async () => {
    const rig = new Rig();
    const batch = new FakeBatch();
    const staging = batch.asset("staging/users");
    const after = defineAsset({ key: "mart/users", deps: { staging }, materialize: () => {} });
    const summary = await rig.run([staging, after], { checks: [batch.checkOn("staging/users", "silent")] });
    expect(summary.outcomes).toEqual({ "staging/users": "failed", "mart/users": "skipped" });
    expect(rig.store.checkResults(staging.key)[0]?.failure?.message).toBe(
      "check silent on staging/users gave no result",
    );
  });

  it("tries again what failed retryably, together with what was skipped because of it", async () => {
    const rig = new Rig();
    const batch = new FakeBatch();
    const [first, second] = [batch.asset("staging/a"), batch.asset("staging/b")];
    const third = batch.asset("mart/c", second);
    const succeed = batch.work;
    batch.work = (context) => {
      batch.work = succeed;
      context.report({ type: "asset-finished", key: first.key, result: {} });
      context.report({
        type: "asset-failed",
        key: second.key,
        failure: { reason: "commit-conflict", message: "another writer", retryable: true },
      });
      context.report({ type: "asset-skipped", key: third.key, because: second.key });
    };
    const summary = await rig.run([first, second, third]);
    expect(summary.status).toBe("succeeded");
    expect(batch.calls).toEqual([
      ["staging/a", "staging/b", "mart/c"],
      ["staging/b", "mart/c"],
    ]);
  });

  it("that throws fails what it did not report", async () => {
    const rig = new Rig();
    const batch = new FakeBatch();
    const [first, second] = [batch.asset("staging/a"), batch.asset("staging/b")];
    batch.work = ({ report }) => {
      report({ type: "asset-finished", key: first.key, result: {} });
      throw new Error("the worker died");
    };
    const summary = await rig.run([first, second]);
    expect(summary.outcomes).toEqual({ "staging/a": "materialized", "staging/b": "failed" });
  });
});
