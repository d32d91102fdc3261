import { describe, expect, it } from "vitest";
import { defineSchedule, defineSensor } from "moraine";
import { fireTick, switchSchedule } from "../../framework/scheduler/by-hand.ts";
import { previewTicks } from "../../framework/scheduler/preview-ticks.ts";
import { scheduleStatuses } from "../../framework/scheduler/schedule-statuses.ts";
import { cronText } from "../../framework/tui/words/cron.ts";
import { localText, nextText, scheduleSign, tickText } from "../../framework/tui/words/schedule.ts";
import { hour, SchedulerRig } from "./rig.ts";

const hourly = defineSchedule({ name: "hourly", cron: "0 * * * *", timezone: "UTC", catchUp: "none" });

function statusIn(rig: SchedulerRig, definition: Parameters<typeof scheduleStatuses>[1][number] = hourly) {
  const [status] = scheduleStatuses(rig.store, [definition], rig.now);
  if (status === undefined) throw new Error("expected a status");
  return status;
}

const words = (rig: SchedulerRig) => nextText(statusIn(rig), rig.now.getTime());

describe("the status of a schedule", () => {
  it("is due at its next tick before a daemon has seen it, and overdue when none was there for it", () => {
    const rig = new SchedulerRig("2026-03-01T06:30:00.000Z");
    expect([words(rig), statusIn(rig).last]).toEqual(["in 30m00", undefined]);
    const scheduler = rig.scheduler([hourly]);
    rig.forward(hour / 2);
    expect([words(rig), statusIn(rig).isOverdue]).toEqual(["due", false]);
    rig.forward(3 * hour);
    expect([words(rig), scheduleSign(statusIn(rig))]).toEqual(["overdue 3h", "overdue"]);
    scheduler.advance(rig.now);
    const { last } = statusIn(rig);
    expect([words(rig), last && tickText(last, rig.now.getTime())]).toEqual(["in 1h00", "running"]);
  });

  it("is off by a person's word until that is what the definition says", () => {
    const rig = new SchedulerRig("2026-03-01T06:30:00.000Z");
    switchSchedule(rig.store.scheduling, hourly, false, rig.now);
    expect([words(rig), statusIn(rig).isSwitched]).toEqual(["off, by hand", true]);
    switchSchedule(rig.store.scheduling, hourly, true, rig.now);
    expect([words(rig), statusIn(rig).isSwitched]).toEqual(["in 30m00", false]);
    expect(rig.store.scheduling.schedules().get("hourly")?.switched).toBeUndefined();
  });

  it("is that of its target, and says of a sensor when it is polled again", () => {
    const rig = new SchedulerRig("2026-03-01T06:30:00.000Z");
    const elsewhere = defineSchedule({ name: "elsewhere", everyMs: hour, target: "aws" });
    expect(nextText(statusIn(rig, elsewhere), 0)).toBe("only on aws");
    const sensor = defineSensor({ name: "files", everyMs: 60_000, poll: () => {} });
    rig.scheduler([sensor]);
    rig.store.scheduling.recordFailedPoll("files", "no such folder");
    rig.store.scheduling.recordFailedPoll("files", "no such folder");
    const { nextAt, failures, note } = statusIn(rig, sensor);
    expect([nextAt?.toISOString(), failures, note]).toEqual([
      "2026-03-01T06:34:00.000Z",
      2,
      "no such folder",
    ]);
  });
});

describe("a schedule that its definition has switched off", () => {
  it("fires nothing of the time before a person switched it on", () => {
    const off = defineSchedule({ name: "hourly", cron: "0 * * * *", timezone: "UTC", enabled: false });
    const rig = new SchedulerRig("2026-03-01T06:30:00.000Z");
    const scheduler = rig.scheduler([off]);
    rig.forward(3 * hour);
    scheduler.advance(rig.now);
    switchSchedule(rig.store.scheduling, off, true, rig.now);
    scheduler.advance(rig.now);
    expect(rig.ticks("hourly")).toEqual([]);
    rig.forward(hour);
    scheduler.advance(rig.now);
    expect(rig.ticks("hourly")).toEqual(["2026-03-01T10:00 started"]);
  });
});

describe("a tick by hand", () => {
  it("runs beside those that had their turn, again and again, but one of an instant at a time", () => {
    const rig = new SchedulerRig("2026-03-01T06:30:00.000Z");
    const scheduler = rig.scheduler([hourly]);
    rig.forward(hour / 2);
    scheduler.advance(rig.now);
    rig.end("failed");
    const at = new Date("2026-03-01T07:00:00.000Z");
    const fire = () => fireTick(rig.store.scheduling, hourly, at, rig.now);
    expect([fire().ok, fire()]).toEqual([true, { ok: false, reason: "open" }]);
    scheduler.advance(rig.now);
    rig.end("succeeded");
    expect(fire().ok).toBe(true);
    expect(rig.store.scheduling.ticks().map(({ number, status }) => [number, status])).toEqual([
      [2, "queued"],
      [1, "succeeded"],
      [0, "failed"],
    ]);
  });

  it("of an instant to come leaves that its own tick", () => {
    const rig = new SchedulerRig("2026-03-01T06:30:00.000Z");
    const scheduler = rig.scheduler([hourly]);
    fireTick(rig.store.scheduling, hourly, new Date("2026-03-01T07:00:00.000Z"), rig.now);
    scheduler.advance(rig.now);
    rig.end("succeeded");
    rig.forward(hour / 2);
    scheduler.advance(rig.now);
    expect(rig.ticks("hourly")).toEqual(["2026-03-01T07:00 started", "2026-03-01T07:00 succeeded"]);
  });
});

describe("a preview", () => {
  it("names what comes in its order, by local clocks that change, with jitter and partitions", () => {
    const night = defineSchedule({
      name: "night",
      cron: "30 2 * * *",
      timezone: "Europe/Oslo",
      jitterMs: 60_000,
      partitions: ({ at, previous }) => `${previous.toISOString()}..${at.toISOString()}`,
    });
    const weekly = defineSchedule({ name: "weekly", cron: "0 4 * * 0", timezone: "UTC" });
    const ticks = previewTicks([night, weekly], new Date("2026-03-28T00:00:00.000Z"), 4);
    expect(ticks.map(({ schedule, at }) => [schedule, localText(at, "Europe/Oslo")])).toEqual([
      ["night", "Sat 2026-03-28 02:30 +01:00"],
      ["night", "Sun 2026-03-29 03:00 +02:00"],
      ["weekly", "Sun 2026-03-29 06:00 +02:00"],
      ["night", "Mon 2026-03-30 02:30 +02:00"],
    ]);
    expect(ticks[1]?.partitions).toEqual(["2026-03-28T01:30:00.000Z..2026-03-29T01:00:00.000Z"]);
    const lateMs = ticks.map(({ at, beginsAt }) => beginsAt.getTime() - at.getTime());
    expect(lateMs.every((ms) => ms >= 0 && ms < 60_000) && lateMs.some((ms) => ms > 0)).toBe(true);
  });
});

describe("cron in words", () => {
  it.each([
    ["0 5 * * *", "daily at 05:00"],
    ["@daily", "daily at 00:00"],
    ["30 7 * * 1-5", "Mon-Fri at 07:30"],
    ["0 6,18 * * sat,0", "Sat, Sun at 06:00, 18:00"],
    ["0 0 1 */3 *", "0 0 1 */3 *"],
    ["0 0 1,15 * *", "on day 1, 15 at 00:00"],
    ["0 0 1 1 *", "on day 1 in Jan at 00:00"],
    ["5 * * * *", "hourly at :05"],
    ["0 */6 * * *", "every 6 hours at :00"],
    ["*/15 * * * *", "every 15 minutes"],
    ["*/7 * * * *", "*/7 * * * *"],
    ["* * * * 7", "Sun every minute"],
    ["0 0 13 * 5", "0 0 13 * 5"],
    ["0 9-17 * * *", "0 9-17 * * *"],
  ])("of %s is %s", (cron, text) => {
    expect(cronText(cron)).toBe(text);
  });
});
