import { describe, expect, it } from "vitest";
import { defineSchedule, defineSensor } from "moraine";
import type { Schedule } from "../../framework/definition/schedule.ts";
import type { Sensor } from "../../framework/definition/sensor.ts";
import { Metrics } from "../../framework/observability/metrics/metrics.ts";
import { hour, minute, SchedulerRig } from "../scheduler/rig.ts";

const daily = defineSchedule({
  name: "daily",
  cron: "0 5 * * *",
  timezone: "UTC",
  retry: { maxAttempts: 1 },
});
const files = defineSensor({ name: "files", everyMs: 10 * minute, poll: () => ({}) });

/** Values by name and labels, as they are at the rig's clock: `schedule_late_seconds daily`. */
function values(rig: SchedulerRig, schedules: readonly (Schedule | Sensor)[]) {
  const metrics = new Metrics({
    reader: rig.store,
    storePath: rig.path,
    graph: () => undefined,
    schedules: () => schedules,
    version: "1",
    now: () => rig.now,
  });
  return () =>
    Object.fromEntries(
      metrics
        .collect()
        .families()
        .flatMap(({ name, samples }) =>
          samples.map(({ labels, value }) => [
            [name.replace("moraine_", ""), ...Object.values(labels)].join(" "),
            value,
          ]),
        ),
    );
}

describe("metrics of schedules", () => {
  it("say how many ticks ended how, which were the last, and when the next is", () => {
    const rig = new SchedulerRig("2026-03-01T04:00:00.000Z");
    const scheduler = rig.scheduler([daily]);
    const read = values(rig, [daily]);
    expect(read()).toMatchObject({
      "schedule_enabled daily schedule": 1,
      "schedule_ticks_total daily failed": 0,
      "schedule_next_tick_timestamp_seconds daily": Date.UTC(2026, 2, 1, 5) / 1000,
      "schedule_late_seconds daily": 0,
    });
    rig.forward(hour);
    scheduler.advance(rig.now);
    expect(read()).toMatchObject({
      "schedule_ticks_open daily started": 1,
      "schedule_late_seconds daily": 0,
    });
    rig.end("succeeded");
    rig.forward(24 * hour);
    scheduler.advance(rig.now);
    rig.end("failed");
    expect(read()).toMatchObject({
      "schedule_ticks_open daily started": 0,
      "schedule_ticks_total daily succeeded": 1,
      "schedule_ticks_total daily failed": 1,
      "schedule_last_tick_timestamp_seconds daily succeeded": Date.UTC(2026, 2, 1, 5) / 1000,
      "schedule_last_tick_timestamp_seconds daily failed": Date.UTC(2026, 2, 2, 5) / 1000,
      "schedule_next_tick_timestamp_seconds daily": Date.UTC(2026, 2, 3, 5) / 1000,
    });
  });

  it("say how late a tick is that nobody decides, and one that waits for room, but not one that is off", () => {
    const rig = new SchedulerRig("2026-03-01T04:00:00.000Z");
    const other = defineSchedule({ name: "other", cron: "0 5 * * *", timezone: "UTC" });
    const scheduler = rig.scheduler([daily, other], { maxRuns: 1 });
    const read = values(rig, [daily, other]);
    rig.forward(hour + 20 * minute);
    expect(read()).toMatchObject({
      "schedule_late_seconds daily": 20 * 60,
      "schedule_late_seconds other": 20 * 60,
    });
    scheduler.advance(rig.now);
    expect(read()).toMatchObject({
      "schedule_late_seconds daily": 0,
      "schedule_late_seconds other": 20 * 60,
      "schedule_ticks_open other queued": 1,
    });
    rig.end("succeeded");
    scheduler.advance(rig.now);
    rig.store.scheduling.switch("other", { on: false, isDefined: true }, rig.now.toISOString());
    rig.forward(48 * hour);
    expect(read()).toMatchObject({
      "schedule_enabled other schedule": 0,
      "schedule_late_seconds other": 0,
      "schedule_late_seconds daily": (24 * 60 + 20) * 60,
    });
    expect(read()).not.toHaveProperty("schedule_next_tick_timestamp_seconds other");
  });

  it("count the failed polls of a sensor, which is late only when its next poll is", () => {
    const rig = new SchedulerRig("2026-03-01T04:00:00.000Z");
    rig.scheduler([files]).advance(rig.now);
    rig.store.scheduling.recordFailedPoll("files", "it threw");
    rig.store.scheduling.recordFailedPoll("files", "it threw");
    const read = values(rig, [files]);
    rig.forward(30 * minute);
    // Two failures let it wait four times as long.
    expect(read()).toMatchObject({ "sensor_failed_polls files": 2, "schedule_late_seconds files": 0 });
    rig.forward(20 * minute);
    expect(read()).toMatchObject({ "schedule_late_seconds files": 10 * 60 });
  });

  it("know nothing of a schedule that no daemon has seen, nor of another target's", () => {
    const rig = new SchedulerRig("2026-03-01T04:00:00.000Z");
    const elsewhere = defineSchedule({ name: "elsewhere", everyMs: hour, target: "aws" });
    rig.scheduler([elsewhere]);
    const names = Object.keys(values(rig, [daily, elsewhere])());
    expect(names.filter((name) => /daily|schedule_(late|next|enabled).*elsewhere/.test(name))).toEqual([]);
  });
});

describe("metrics of daemons", () => {
  it("say when any was heard last, how many work and hang, and whether all have the newest definitions", () => {
    const rig = new SchedulerRig("2026-03-01T04:00:00.000Z");
    const read = values(rig, []);
    expect(Object.keys(read()).filter((name) => name.startsWith("daemon"))).toEqual([]);
    const { scheduling } = rig.store;
    scheduling.registerDaemon("a", rig.now.toISOString());
    scheduling.registerDaemon("b", rig.now.toISOString());
    rig.forward(2 * minute);
    scheduling.beat("b", rig.now.toISOString(), { isDraining: false, problem: "no such asset" });
    expect(read()).toMatchObject({
      daemon_heartbeat_timestamp_seconds: rig.now.getTime() / 1000,
      "daemons ok": 1,
      "daemons silent": 1,
      "daemons draining": 0,
      daemon_definitions_current: 0,
    });
    scheduling.beat("b", rig.now.toISOString(), { isDraining: true, problem: undefined });
    expect(read()).toMatchObject({ "daemons draining": 1, daemon_definitions_current: 1 });
    scheduling.stopDaemon("b", rig.now.toISOString());
    rig.forward(2 * hour);
    expect(read()).toMatchObject({
      daemon_heartbeat_timestamp_seconds: (rig.now.getTime() - 2 * hour) / 1000,
      "daemons ok": 0,
      "daemons silent": 0,
    });
  });
});
