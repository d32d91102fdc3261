import { setTimeout } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { type Asset, type Check, type CheckOutcome, defineAsset, defineCheck } from "moraine";
import type { Batch } from "../../framework/definition/batch.ts";
import { countingAsset, Rig } from "../support/rig.ts";

/** A check whose body gives whatever the test says, as a project without a compiler could. */
const giving = (asset: Asset, result: () => unknown) =>
  defineCheck({ asset, name: "has_rows", run: result as () => CheckOutcome });

const circle = () => {
  const samples: Record<string, unknown>[] = [{}];
  samples[0] = { samples };
  return { passed: true, samples };
};

describe("a check whose body gives no result", () => {
  it.each([
    ["nothing", () => undefined, "undefined"],
    ["null", () => null, "null"],
    ["true alone", () => true, "true"],
    ["the wrong type", () => ({ passed: "yes" }), '{"passed":"yes"}'],
    ["the rows alone", () => [{ id: 1 }], '[{"id":1}]'],
    ["samples that are no rows", () => ({ passed: true, samples: [1] }), '{"passed":true,"samples":[1]}'],
    ["what JSON can't hold", circle, "what JSON can't hold"],
  ])("but %s has failed, and the failure names it", async (_, result, got) => {
    const rig = new Rig();
    const raw = countingAsset("raw/users");
    const reader = countingAsset("staging/users", [raw.asset]);
    const summary = await rig.run([raw.asset, reader.asset], { checks: [giving(raw.asset, result)] });
    expect(summary).toMatchObject({
      status: "failed",
      outcomes: { "raw/users": "failed", "staging/users": "skipped" },
    });
    expect(rig.store.checkResults(raw.asset.key)).toMatchObject([
      {
        result: { passed: false },
        failure: { reason: "check-failed", message: "check has_rows on raw/users gave no result", got },
      },
    ]);
  });

  it("because it throws has failed, and the failure says which check threw what", async () => {
    const rig = new Rig();
    const raw = countingAsset("raw/users");
    const check = giving(raw.asset, () => {
      throw new Error("no such column");
    });
    await rig.run([raw.asset], { checks: [check] });
    expect(rig.store.checkResults(raw.asset.key)[0]?.failure).toMatchObject({
      reason: "asset-error",
      message: "check has_rows on raw/users threw: no such column",
    });
  });

  it("because the asset's time is over has failed for that reason", async () => {
    const rig = new Rig();
    const raw = defineAsset({ key: "raw/users", codeVersion: "1", timeoutMs: 300, materialize: () => {} });
    const check = defineCheck({
      asset: raw,
      name: "slow",
      run: ({ signal }) => setTimeout(2 ** 30, { passed: true }, { signal }),
    });
    expect(await rig.run([raw], { checks: [check] })).toMatchObject({ outcomes: { "raw/users": "failed" } });
    expect(rig.store.checkResults(raw.key)[0]?.failure).toMatchObject({
      reason: "timeout",
      message: "check slow on raw/users had not ended when the asset's 300 ms were over",
    });
  });

  it("has failed as well when checks alone are run", async () => {
    const rig = new Rig();
    const raw = countingAsset("raw/users");
    expect(await rig.check([raw.asset], [giving(raw.asset, () => undefined)])).toMatchObject({
      status: "failed",
    });
  });
});

describe("a result", () => {
  it("may hold integers of any size, which are stored as numbers or text", async () => {
    const rig = new Rig();
    const raw = countingAsset("raw/users");
    const check = giving(raw.asset, () => ({ passed: true, value: 3n, expected: 2n ** 60n }));
    expect(await rig.run([raw.asset], { checks: [check] })).toMatchObject({ status: "succeeded" });
    expect(rig.store.checkResults(raw.asset.key)[0]?.result).toEqual({
      passed: true,
      value: 3,
      expected: "1152921504606846976",
    });
  });

  it("keeps 100 rows at most, and says how many there were", async () => {
    const rig = new Rig();
    const raw = countingAsset("raw/users");
    const samples = Array.from({ length: 4_000 }, (_, id) => ({ id }));
    await rig.run([raw.asset], { checks: [giving(raw.asset, () => ({ passed: false, samples }))] });
    const result = rig.store.checkResults(raw.asset.key)[0]?.result;
    expect([result?.samples?.length, result?.value]).toEqual([100, 4_000]);
  });
});

describe("a check that the asset's body reports", () => {
  const reporting = (then = () => {}) => {
    const raw = defineAsset({
      key: "raw/users",
      codeVersion: "1",
      materialize: ({ reportCheck }) => {
        reportCheck("count", { passed: true, value: 3, expected: 3 });
        then();
      },
    });
    return { raw, check: defineCheck({ asset: raw, name: "count" }) };
  };

  it("is recorded with the rest", async () => {
    const rig = new Rig();
    const { raw, check } = reporting();
    expect(await rig.run([raw], { checks: [check] })).toMatchObject({ status: "succeeded" });
    expect(rig.store.checkResults(raw.key)).toMatchObject([
      { check: "count", blocking: true, result: { passed: true, value: 3, expected: 3 } },
    ]);
  });

  it("has failed when the body says nothing of it", async () => {
    const rig = new Rig();
    const raw = countingAsset("raw/users");
    const check = defineCheck({ asset: raw.asset, name: "count" });
    expect(await rig.run([raw.asset], { checks: [check] })).toMatchObject({
      outcomes: { "raw/users": "failed" },
    });
    expect(rig.store.checkResults(raw.asset.key)[0]?.failure).toMatchObject({
      message: "check count on raw/users gave no result",
      next: 'call reportCheck("count", ...) in the body of raw/users',
    });
  });

  it("is recorded although the body failed after it, and keeps its result", async () => {
    const rig = new Rig();
    const { raw, check } = reporting(() => {
      throw new Error("down");
    });
    await rig.run([raw], { checks: [check] });
    expect(rig.store.checkResults(raw.key)).toMatchObject([{ check: "count", result: { passed: true } }]);
  });

  it("fails the asset when nobody declared it, for what it found would be lost", async () => {
    const rig = new Rig();
    const { raw, check } = reporting();
    const other: Check = { ...check, name: "rows" };
    const { runId } = await rig.run([raw], { checks: [other] });
    expect(rig.store.attempts(runId)[0]?.failure).toMatchObject({
      reason: "asset-error",
      message: "raw/users reports a check count that it does not have",
      expected: "rows",
    });
  });
});

describe("a check of a batch", () => {
  const batched = (check: Batch["check"]) => {
    const batch: Batch = { name: "fake", materialize: async () => {}, check, close: async () => {} };
    const raw: Asset = {
      ...defineAsset({ key: "raw/users", codeVersion: "1", materialize: () => {} }),
      source: { type: "batch", batch },
    };
    const declared = defineCheck({ asset: raw, name: "unique_id" });
    return { raw, check: { ...declared, source: { type: "batch", batch } } satisfies Check };
  };

  it.each<[string, Batch["check"], string]>([
    ["says nothing", async () => {}, "check unique_id on raw/users gave no result"],
    [
      "gives something else",
      async ({ report }) => {
        const result = { passed: 1 } as unknown as CheckOutcome;
        report({
          type: "check-finished",
          key: "raw/users" as never,
          check: "unique_id",
          durationMs: 1,
          result,
        });
      },
      "check unique_id on raw/users gave no result",
    ],
    [
      "dies",
      async () => {
        throw new Error("the worker died");
      },
      "check unique_id on raw/users threw: the worker died",
    ],
  ])("has failed when the batch %s", async (_, answer, message) => {
    const rig = new Rig();
    const { raw, check } = batched(answer);
    expect(await rig.check([raw], [check])).toMatchObject({ status: "failed" });
    expect(rig.store.checkResults(raw.key)).toMatchObject([
      { result: { passed: false }, failure: { message } },
    ]);
  });
});
