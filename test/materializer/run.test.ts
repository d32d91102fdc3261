import { describe, expect, it } from "vitest";
import { assetKey, defineAsset, defineCheck, fail } from "moraine";
import { StoreError } from "../../framework/store/store-error.ts";
import { controlledAsset, countingAsset, Rig } from "../support/rig.ts";

describe("a run", () => {
  it("materializes what is missing in topological order and records provenance and lineage", async () => {
    const rig = new Rig();
    const raw = countingAsset("raw/users");
    const staging = countingAsset("staging/users", [raw.asset]);
    const summary = await rig.run([staging.asset, raw.asset]);
    expect(summary).toMatchObject({
      status: "succeeded",
      outcomes: { "raw/users": "materialized", "staging/users": "materialized" },
    });
    const latest = rig.store.latestMaterializations();
    const read = latest.get(assetKey("staging/users"))?.upstreams;
    expect(read).toEqual([
      {
        upstream: "raw/users",
        upstreamPartition: "",
        downstream: "staging/users",
        dataVersion: latest.get(assetKey("raw/users"))?.dataVersion,
      },
    ]);
    expect(rig.eventsOf("asset-finished").map((event) => event.key)).toEqual(["raw/users", "staging/users"]);
  });

  it("leaves fresh assets alone", async () => {
    const rig = new Rig();
    const raw = countingAsset("raw/users");
    const staging = countingAsset("staging/users", [raw.asset]);
    await rig.run([raw.asset, staging.asset]);
    const summary = await rig.run([raw.asset, staging.asset]);
    expect(summary.outcomes).toEqual({ "raw/users": "fresh", "staging/users": "fresh" });
    expect([raw.count, staging.count]).toEqual([1, 1]);
  });

  it("runs an asset and what reads it after a change of code", async () => {
    const rig = new Rig();
    const before = countingAsset("raw/users", [], { lakehouse: rig.lakehouse });
    await rig.run([before.asset, countingAsset("staging/users", [before.asset]).asset]);
    const after = countingAsset("raw/users", [], { codeVersion: "2", lakehouse: rig.lakehouse });
    const staging = countingAsset("staging/users", [after.asset]);
    await rig.run([after.asset, staging.asset]);
    expect([after.count, staging.count]).toEqual([1, 1]);
    const started = rig.eventsOf("asset-started").at(-1);
    expect(started?.causes).toEqual([
      { type: "data", upstream: "raw/users", from: "raw/users#1", to: "raw/users#2" },
    ]);
  });

  it("stops at an upstream that came out unchanged", async () => {
    const rig = new Rig();
    const raw = (codeVersion: string) =>
      defineAsset({ key: "raw/users", codeVersion, materialize: () => ({ dataVersion: "same" }) });
    await rig.run([raw("1"), countingAsset("staging/users", [raw("1")]).asset]);
    const staging = countingAsset("staging/users", [raw("2")]);
    const summary = await rig.run([raw("2"), staging.asset]);
    expect(summary.outcomes).toEqual({ "raw/users": "materialized", "staging/users": "fresh" });
    expect(staging.count).toBe(0);
  });

  it("asks an asset that reads the outside world every time", async () => {
    const rig = new Rig();
    let calls = 0;
    const raw = defineAsset({
      key: "raw/users",
      refresh: { everyMs: 0 },
      materialize: () => {
        calls += 1;
        return { dataVersion: "same" };
      },
    });
    await rig.run([raw]);
    await rig.run([raw]);
    expect(calls).toBe(2);
  });

  it("notices a table that somebody else wrote or dropped", async () => {
    const rig = new Rig();
    const raw = countingAsset("raw/users", [], { lakehouse: rig.lakehouse });
    const staging = countingAsset("staging/users", [raw.asset], { lakehouse: rig.lakehouse });
    await rig.run([raw.asset, staging.asset]);
    rig.lakehouse.commit(raw.asset.key);
    await rig.run([raw.asset, staging.asset]);
    expect([raw.count, staging.count]).toEqual([1, 2]);
    await rig.lakehouse.drop(staging.asset.key);
    await rig.run([raw.asset, staging.asset]);
    expect([raw.count, staging.count]).toEqual([1, 3]);
    expect(rig.eventsOf("asset-started").at(-1)?.causes).toEqual([{ type: "missing", tableGone: true }]);
  });

  it("skips only what is downstream of a failure", async () => {
    const rig = new Rig();
    const bad = defineAsset({
      key: "raw/bad",
      materialize: () => {
        throw new Error("boom");
      },
    });
    const good = countingAsset("raw/good");
    const reader = countingAsset("staging/reader", [bad, good.asset]);
    const last = countingAsset("mart/last", [reader.asset]);
    const summary = await rig.run([bad, good.asset, reader.asset, last.asset]);
    expect(summary).toMatchObject({
      status: "failed",
      outcomes: {
        "raw/bad": "failed",
        "raw/good": "materialized",
        "staging/reader": "skipped",
        "mart/last": "skipped",
      },
    });
    const skipped = rig.eventsOf("asset-finished").find((event) => event.key === "mart/last");
    expect(skipped?.because).toBe("raw/bad");
    expect(
      rig.store.attempts(summary.runId).find((attempt) => attempt.key === "raw/bad")?.failure,
    ).toMatchObject({
      reason: "asset-error",
      message: "raw/bad threw: boom",
    });
  });

  it("tries a retryable failure again and records each attempt", async () => {
    const rig = new Rig();
    let calls = 0;
    const flaky = defineAsset({
      key: "raw/flaky",
      retry: { maxAttempts: 3, baseDelayMs: 1 },
      materialize: () => {
        calls += 1;
        if (calls < 3) fail({ reason: "rate-limited", message: "HTTP 429", retryable: true });
        return {};
      },
    });
    const summary = await rig.run([flaky]);
    expect(summary.status).toBe("succeeded");
    expect(rig.store.attempts(summary.runId).map((attempt) => attempt.outcome)).toEqual([
      "failed",
      "failed",
      "materialized",
    ]);
    expect(rig.eventsOf("asset-retrying")).toHaveLength(2);
  });

  it("does not try again what can't succeed", async () => {
    const rig = new Rig();
    let calls = 0;
    const refused = defineAsset({
      key: "raw/refused",
      materialize: () => {
        calls += 1;
        fail({ reason: "credentials-refused", message: "wrong password", retryable: false });
      },
    });
    await rig.run([refused]);
    expect(calls).toBe(1);
  });

  it("holds back what is downstream of a failed blocking check, and runs the asset again next time", async () => {
    const rig = new Rig();
    let passed = false;
    const raw = countingAsset("raw/users");
    const check = defineCheck({ asset: raw.asset, name: "has_rows", run: () => ({ passed }) });
    const reader = countingAsset("staging/users", [raw.asset]);
    const assets = [raw.asset, reader.asset];
    const summary = await rig.run(assets, { checks: [check] });
    expect(summary).toMatchObject({
      status: "failed",
      outcomes: { "raw/users": "failed", "staging/users": "skipped" },
    });
    passed = true;
    expect(await rig.run(assets, { checks: [check] })).toMatchObject({ status: "succeeded" });
    expect([raw.count, reader.count]).toEqual([2, 1]);
  });

  it("goes on after a failed check of severity warn", async () => {
    const rig = new Rig();
    const raw = countingAsset("raw/users");
    const check = defineCheck({
      asset: raw.asset,
      name: "few_nulls",
      severity: "warn",
      run: () => ({ passed: false, value: 7 }),
    });
    expect(await rig.run([raw.asset], { checks: [check] })).toMatchObject({ status: "succeeded" });
    expect(rig.store.checkResults(raw.asset.key)).toMatchObject([
      { check: "few_nulls", result: { passed: false, value: 7 } },
    ]);
  });

  it("records a check that throws as failed", async () => {
    const rig = new Rig();
    const raw = countingAsset("raw/users");
    const check = defineCheck({
      asset: raw.asset,
      name: "broken",
      run: () => {
        throw new Error("no such column");
      },
    });
    expect(await rig.run([raw.asset], { checks: [check] })).toMatchObject({ status: "failed" });
    expect(rig.store.checkResults(raw.asset.key)[0]?.failure?.message).toContain("no such column");
  });

  it("runs a forced asset although it is fresh", async () => {
    const rig = new Rig();
    const raw = countingAsset("raw/users");
    await rig.run([raw.asset]);
    await rig.run([raw.asset], { forced: new Set([raw.asset.key]) });
    expect(raw.count).toBe(2);
  });

  it("skips a selected asset whose unselected upstream is missing", async () => {
    const rig = new Rig();
    const raw = countingAsset("raw/users");
    const reader = countingAsset("staging/users", [raw.asset]);
    const summary = await rig.run([raw.asset, reader.asset], { keys: [reader.asset.key] });
    expect(summary).toMatchObject({ status: "failed", outcomes: { "staging/users": "skipped" } });
  });

  it("hands the stored cursor to the next materialization, and keeps it when one fails", async () => {
    const rig = new Rig();
    const seen: unknown[] = [];
    let failing = false;
    const raw = defineAsset({
      key: "raw/users",
      refresh: { everyMs: 0 },
      retry: { maxAttempts: 1 },
      materialize: ({ cursor }) => {
        seen.push(cursor);
        if (failing) throw new Error("down");
        return { cursor: { page: seen.length } };
      },
    });
    await rig.run([raw]);
    failing = true;
    await rig.run([raw]);
    failing = false;
    await rig.run([raw]);
    expect(seen).toEqual([undefined, { page: 1 }, { page: 1 }]);
  });
});

describe("a store that fails while a run records", () => {
  it("ends the run with its own error and is not told as the asset's failure", async () => {
    const rig = new Rig();
    const raw = countingAsset("raw/users");
    const full = new StoreError("full", "moraine.db", "the disk of the store is full", "free space");
    rig.store.finishMaterialization = () => {
      throw full;
    };
    await expect(rig.run([raw.asset])).rejects.toBe(full);
    expect(rig.eventsOf("asset-finished")).toEqual([]);
    expect(raw.count).toBe(1);
  });
});

describe("cancelling a run", () => {
  it("waits for the running body, then records it and all that waited as cancelled", async () => {
    const rig = new Rig();
    const raw = controlledAsset("raw/users");
    const reader = countingAsset("staging/users", [raw.asset]);
    const controller = new AbortController();
    const call = raw.nextCall();
    const run = rig.run([raw.asset, reader.asset], { signal: controller.signal });
    const { signal, end } = await call;
    controller.abort();
    expect(signal.aborted).toBe(true);
    expect(rig.eventsOf("run-finished")).toHaveLength(0);
    end.reject(new Error("aborted"));
    expect(await run).toMatchObject({
      status: "cancelled",
      outcomes: { "raw/users": "cancelled", "staging/users": "cancelled" },
    });
    expect(rig.store.runs()[0]?.status).toBe("cancelled");
  });

  it("never runs more of a pool at once than it holds", async () => {
    const rig = new Rig();
    let running = 0;
    let most = 0;
    const assets = Array.from({ length: 6 }, (_, index) =>
      defineAsset({
        key: `raw/t${index}`,
        pool: "salesforce",
        materialize: async () => {
          running += 1;
          most = Math.max(most, running);
          await new Promise(setImmediate);
          running -= 1;
        },
      }),
    );
    await rig.run(assets, { pools: { salesforce: 2 } });
    expect(most).toBe(2);
  });
});
