import { describe, expect, it } from "vitest";
import { defineSchedule } from "moraine";
import { pruneStore } from "../../framework/store/upkeep/prune-store.ts";
import { dayMs, hour, SchedulerRig } from "./rig.ts";

const [nightly, rare] = [
  defineSchedule({ name: "nightly", cron: "0 6 * * *", timezone: "UTC" }),
  defineSchedule({ name: "rare", cron: "0 6 1 * *", timezone: "UTC" }),
];

/** Ten nights, all done but the last, whose run still works. */
function tenNights(): SchedulerRig {
  const rig = new SchedulerRig("2026-03-01T05:00:00.000Z");
  const scheduler = rig.scheduler([nightly, rare]);
  rig.forward(hour);
  for (let night = 1; night <= 10; night++) {
    rig.end("succeeded");
    scheduler.advance(rig.now);
    rig.forward(dayMs);
  }
  return rig;
}

describe("pruning ticks", () => {
  it.each([
    ["by age", { before: "2026-03-05T06:00:00.000Z" }, 7],
    ["by count", { keepRuns: 5 }, 5],
    ["by count, but for those of the last two days", { keepRuns: 1 }, 3],
    ["by age and count, what either keeps", { before: "2026-03-05T06:00:00.000Z", keepRuns: 8 }, 8],
  ])("keeps, %s, the newest of each schedule", async (_, retention, left) => {
    const rig = tenNights();
    const { removed } = await pruneStore({ path: rig.path, retention });
    expect([removed.ticks, rig.ticks("nightly").length]).toEqual([10 - left, left]);
    expect(rig.ticks("nightly").at(-1)).toBe("2026-03-10T06:00 started");
    expect(rig.ticks("rare")).toEqual(["2026-03-01T06:00 succeeded"]);
  });

  it("lowers no total, and those that were missed together count each", async () => {
    const rig = tenNights();
    rig.end("succeeded");
    rig.forward(3 * dayMs);
    rig.scheduler([nightly, rare]).advance(rig.now);
    rig.end("succeeded");
    const counts = () =>
      rig.store.scheduling.tickTotals().map(({ schedule, status, count }) => [schedule, status, count]);
    const before = counts();
    const { removed } = await pruneStore({ path: rig.path, retention: { keepRuns: 1 } });
    expect(removed.ticks).toBeGreaterThan(5);
    expect(counts()).toEqual(before);
    expect(before).toContainEqual(["nightly", "skipped", 3]);
  });

  it("decides nothing anew when the clock is set back by a day", async () => {
    const rig = tenNights();
    rig.end("succeeded");
    await pruneStore({ path: rig.path, retention: { keepRuns: 1 } });
    const before = rig.ticks("nightly");
    const scheduler = rig.scheduler([nightly, rare]);
    rig.forward(-2 * dayMs);
    for (let passed = 0; passed < 2; passed++) {
      scheduler.advance(rig.now);
      rig.forward(dayMs - hour);
    }
    scheduler.advance(rig.now);
    expect(rig.ticks("nightly")).toEqual(before);
  });
});
