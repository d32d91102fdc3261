import { describe, expect, it } from "vitest";
import { defineSchedule, type ScheduleOptions } from "../../framework/definition/schedule.ts";
import { hour, minute, SchedulerRig } from "./rig.ts";

const hourly = (over: Partial<ScheduleOptions> = {}) =>
  defineSchedule({ name: "hourly", cron: "0 * * * *", timezone: "UTC", ...over });

/** A rig whose scheduler is awake every minute. */
function awake(rig: SchedulerRig, scheduler: ReturnType<SchedulerRig["scheduler"]>, ms: number): void {
  for (let passed = 0; passed < ms; passed += minute) {
    rig.forward(minute);
    scheduler.advance(rig.now);
  }
}

describe("a tick whose earlier one is not done", () => {
  it("is skipped by default", () => {
    const rig = new SchedulerRig("2026-03-01T06:30:00.000Z");
    awake(rig, rig.scheduler([hourly()]), 2 * hour);
    expect(rig.ticks("hourly")).toEqual(["2026-03-01T07:00 started", "2026-03-01T08:00 skipped overlap"]);
  });

  it("waits with queue, and runs begin one after another", () => {
    const rig = new SchedulerRig("2026-03-01T06:30:00.000Z");
    const scheduler = rig.scheduler([hourly({ overlap: "queue" })]);
    awake(rig, scheduler, 3 * hour);
    expect(rig.runs.map(({ tick }) => tick.tick)).toEqual(["2026-03-01T07:00:00.000Z"]);
    rig.end("succeeded");
    awake(rig, scheduler, minute);
    expect(rig.ticks("hourly")).toEqual([
      "2026-03-01T07:00 succeeded",
      "2026-03-01T08:00 started",
      "2026-03-01T09:00 queued",
    ]);
  });

  it("tells it to end with cancel, and begins when it has", () => {
    const rig = new SchedulerRig("2026-03-01T06:30:00.000Z");
    const scheduler = rig.scheduler([hourly({ overlap: "cancel" })]);
    awake(rig, scheduler, 2 * hour);
    expect(rig.runs.map(({ isTold }) => isTold)).toEqual([true]);
    rig.end("cancelled");
    awake(rig, scheduler, minute);
    expect(rig.ticks("hourly")).toEqual(["2026-03-01T07:00 failed cancelled", "2026-03-01T08:00 started"]);
  });
});

describe("ticks that nobody was there for", () => {
  it.each([
    ["none", ["2026-03-01T10:00 skipped missed"]],
    ["latest", ["2026-03-01T09:00 skipped missed", "2026-03-01T10:00 started"]],
    ["all", ["2026-03-01T08:00 skipped missed", "2026-03-01T09:00 started", "2026-03-01T10:00 queued"]],
  ] as const)("are made up by catch-up %s", (catchUp, expected) => {
    const rig = new SchedulerRig("2026-03-01T06:30:00.000Z");
    const definitions = [hourly({ catchUp, catchUpLimit: 2 })];
    rig.scheduler(definitions);
    rig.forward(4 * hour);
    rig.scheduler(definitions).advance(rig.now);
    expect(rig.ticks("hourly")).toEqual(expected);
    const [missed] = rig.store.scheduling.ticks({ status: "skipped" });
    expect(missed?.count).toBe({ none: 4, latest: 3, all: 2 }[catchUp]);
  });
});

describe("a schedule that was edited", () => {
  it("fires nothing of the past by its new expression, and nothing any more by the old one", () => {
    const rig = new SchedulerRig("2026-03-01T06:30:00.000Z");
    const old = rig.scheduler([hourly()]);
    awake(rig, old, hour);
    rig.end("succeeded");
    const edited = rig.scheduler([hourly({ cron: "15 * * * *" })]);
    edited.advance(rig.now);
    awake(rig, old, hour);
    expect(rig.ticks("hourly")).toEqual(["2026-03-01T07:00 succeeded"]);
    edited.advance(rig.now);
    expect(rig.ticks("hourly")).toEqual(["2026-03-01T07:00 succeeded", "2026-03-01T08:15 started"]);
  });

  it("fires nothing of the time while it was switched off", () => {
    const rig = new SchedulerRig("2026-03-01T06:30:00.000Z");
    const scheduler = rig.scheduler([hourly()]);
    const { scheduling } = rig.store;
    scheduling.switch("hourly", { on: false, isDefined: true }, rig.now.toISOString());
    awake(rig, scheduler, 3 * hour);
    scheduling.switch("hourly", { on: true, isDefined: true }, rig.now.toISOString());
    awake(rig, scheduler, hour);
    expect(rig.ticks("hourly")).toEqual(["2026-03-01T10:00 started"]);
  });
});

describe("a tick whose run", () => {
  const retry = { maxAttempts: 2, baseDelayMs: 5 * minute };

  it("died is tried again after a while, and fails when it dies again", () => {
    const rig = new SchedulerRig("2026-03-01T06:59:00.000Z");
    const scheduler = rig.scheduler([hourly({ retry })]);
    awake(rig, scheduler, minute);
    rig.end("interrupted");
    awake(rig, scheduler, 4 * minute);
    expect(rig.ticks("hourly")).toEqual(["2026-03-01T07:00 queued died"]);
    awake(rig, scheduler, minute);
    expect(rig.runs).toHaveLength(1);
    rig.end("interrupted");
    scheduler.advance(rig.now);
    expect(rig.ticks("hourly")).toEqual(["2026-03-01T07:00 failed died"]);
    expect(rig.events.map(({ type }) => type)).toEqual([
      "tick-claimed",
      "tick-started",
      "tick-failed",
      "tick-started",
      "tick-failed",
    ]);
  });

  it("was cancelled by a person, or failed by what fails again, is not tried again", () => {
    for (const status of ["cancelled", "failed"] as const) {
      const rig = new SchedulerRig("2026-03-01T06:59:00.000Z");
      awake(rig, rig.scheduler([hourly({ retry })]), minute);
      rig.end(status);
      expect(rig.ticks("hourly")).toEqual([
        `2026-03-01T07:00 failed ${status === "failed" ? "run-failed" : status}`,
      ]);
    }
  });

  it("was told to end for the daemon's sake goes on as if it had not been tried", () => {
    const rig = new SchedulerRig("2026-03-01T06:59:00.000Z");
    const scheduler = rig.scheduler([hourly({ retry: { maxAttempts: 1 } })]);
    awake(rig, scheduler, minute);
    const [run] = rig.runs;
    rig.store.scheduling.markEnding(run?.tick.id ?? 0, "drain");
    rig.end("cancelled");
    scheduler.advance(rig.now);
    expect(rig.ticks("hourly")).toEqual(["2026-03-01T07:00 started cancelled"]);
  });
});
