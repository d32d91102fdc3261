import { defineAsset } from "moraine";
import { expect, it, onTestFinished, vi } from "vitest";
import type { Lakehouse } from "../../framework/lakehouse/lakehouse.ts";
import { AttemptTime } from "../../framework/materializer/attempt-time.ts";
import { Rig } from "../support/rig.ts";

const toFake = ["setTimeout", "clearTimeout", "performance", "Date"] as const;

it("is over after the timeout, less what does not count, however many wait at once", async () => {
  vi.useFakeTimers({ toFake: [...toFake] });
  onTestFinished(() => void vi.useRealTimers());
  const time = new AttemptTime(1_000);
  vi.advanceTimersByTime(600);
  const waited: number[] = [];
  const wait = () =>
    time.standingStill(
      async () => vi.advanceTimersByTime(5_000),
      (ms) => waited.push(ms),
    );
  await Promise.all([wait(), wait()]);
  expect(waited).toEqual([10_000]);
  vi.advanceTimersByTime(399);
  expect(time.signal.aborted).toBe(false);
  vi.advanceTimersByTime(1);
  expect(time.signal.aborted).toBe(true);
});

it("does not run while the engine is installed: neither the timeout nor the recorded duration has it", async () => {
  vi.useFakeTimers({ toFake: [...toFake] });
  onTestFinished(() => void vi.useRealTimers());
  const rig = new Rig();
  let lacks = true;
  const installEngine = vi.fn(async () => {
    vi.advanceTimersByTime(60_000);
    lacks = false;
  });
  const lakehouse: Lakehouse = Object.assign(rig.lakehouse, {
    lacksEngine: () => lacks,
    installEngine,
    ensureTable: async () => void vi.advanceTimersByTime(300),
  });
  const users = defineAsset({
    key: "raw/users",
    timeoutMs: 1_000,
    materialize: async (context) => {
      const table = { key: context.key, columns: {}, partitionBy: [], properties: {} };
      for (const _ of ["first", "second"]) await context.lakehouse.ensureTable(table);
    },
  });
  const { outcomes } = await rig.run([users], { lakehouse });
  expect(outcomes).toEqual({ "raw/users": "materialized" });
  expect(installEngine).toHaveBeenCalledOnce();
  expect(rig.eventsOf("asset-finished")).toMatchObject([{ durationMs: 600 }]);
  expect(rig.store.usualDurations().get(users.key)).toBe(600);
});
