import { afterEach, describe, expect, it, vi } from "vitest";
import { defineSchedule } from "moraine";
import { AutomationTurns } from "../../framework/scheduler/automation-turns.ts";
import { type Child, Children, type Task } from "../../framework/scheduler/children.ts";
import { hour, minute, SchedulerRig } from "./rig.ts";

const hourly = defineSchedule({
  name: "hourly",
  cron: "0 * * * *",
  timezone: "UTC",
  retry: { maxAttempts: 1 },
});

/** A tick whose run works, and a child that writes down what it is told; its process is this one. */
function working({ memoryMb = 100_000 } = {}) {
  const rig = new SchedulerRig("2026-03-01T06:59:00.000Z");
  const scheduler = rig.scheduler([hourly]);
  rig.forward(minute);
  scheduler.advance(rig.now);
  const [run] = rig.runs;
  if (run === undefined) throw new Error("expected a run");
  const told: string[] = [];
  const child: Child = {
    pid: process.pid,
    memoryMb,
    ended: new Promise(() => {}),
    end: (now) => void told.push(now ? "kill" : "end"),
  };
  const children = new Children({
    store: rig.store,
    report: (event) => void rig.events.push(event),
    at: () => rig.now.toISOString(),
    onEnd: () => {},
  });
  const tick = rig.store.scheduling.tick(run.tick.id) ?? run.tick;
  return { rig, children, child, told, tick, runId: run.runId };
}

/** Sets the clock that nobody sets. */
const at = (ms: number) => void vi.spyOn(performance, "now").mockReturnValue(ms);
afterEach(() => void vi.restoreAllMocks());

describe("a child of the daemon", () => {
  it("is told to end at its deadline, and killed a minute later", () => {
    const { rig, children, child, told, tick, runId } = working();
    at(0);
    children.watch(child, { work: "run", runId, tick, deadlineMs: hour });
    at(hour - 1);
    children.enforce(false);
    expect(told).toEqual([]);
    expect(Math.min(...children.waits(hour - 1).filter((ms) => ms > 0))).toBe(1);
    at(hour);
    children.enforce(false);
    at(hour + minute - 1);
    children.enforce(false);
    expect([told, rig.store.scheduling.tick(tick.id)?.ending]).toEqual([["end"], "deadline"]);
    at(hour + minute);
    children.enforce(false);
    expect(told).toEqual(["end", "kill"]);
    rig.end("interrupted");
    expect(rig.ticks("hourly")).toEqual(["2026-03-01T07:00 failed deadline"]);
  });

  it("that holds too much memory is told to end, and killed ten seconds later", () => {
    const { rig, children, child, told, tick, runId } = working({ memoryMb: 1 });
    at(10_000);
    children.watch(child, { work: "run", runId, tick });
    children.enforce(false);
    at(20_000);
    children.enforce(false);
    expect(told).toEqual(["end", "kill"]);
    expect(rig.events.at(-1)).toMatchObject({
      type: "daemon-problem",
      message: expect.stringMatching(/^run \w+ held \d+ MB of memory, and may hold 1$/),
    });
    rig.end("cancelled");
    expect(rig.ticks("hourly")).toEqual(["2026-03-01T07:00 failed memory"]);
  });

  it("that polls is killed at once", () => {
    const { children, child, told } = working();
    at(0);
    children.watch(child, { work: "poll", schedule: "files", deadlineMs: 1000 });
    at(1000);
    children.enforce(false);
    expect(told).toEqual(["kill"]);
  });

  it("is waited for by a daemon that drains, and then goes on with the next one", () => {
    const { rig, children, child, told, tick, runId } = working();
    at(0);
    children.watch(child, { work: "run", runId, tick });
    children.enforce(true);
    expect(told).toEqual(["end"]);
    rig.end("cancelled");
    expect(rig.ticks("hourly")).toEqual(["2026-03-01T07:00 queued cancelled"]);
  });

  it("of a daemon that died keeps its limits", () => {
    const { rig, children, child, told, tick } = working();
    rig.forward(hour);
    at(0);
    const limited = { ...tick, request: { ...tick.request, deadlineMs: 2 * hour } };
    children.adopt(limited, () => child);
    children.enforce(true);
    expect([told, children.count()]).toEqual([[], 0]);
    at(hour);
    children.enforce(false);
    expect(told).toEqual(["end"]);
    rig.end("cancelled");
    at(2 * hour);
    children.enforce(false);
    expect(told).toEqual(["end"]);
  });

  it("counts by what it is there for", () => {
    const { children, child } = working();
    const tasks: readonly Task[] = [
      { work: "run" },
      { work: "automation" },
      { work: "poll", schedule: "files" },
    ];
    for (const task of tasks) children.watch(child, task);
    expect([children.count(), children.count("run", "automation"), children.tasks("poll")]).toEqual([
      3,
      2,
      [{ work: "poll", schedule: "files" }],
    ]);
  });
});

describe("the conditions of assets", () => {
  it("are evaluated at an interval, and less and less often while that fails", () => {
    const turns = new AutomationTurns(minute);
    const waits: number[] = [];
    for (const isGood of [true, false, false, ...Array<boolean>(8).fill(false), true]) {
      expect(turns.isDue(0)).toBe(waits.length === 0);
      turns.begin(0);
      turns.end(0, isGood);
      waits.push(turns.waitMs(0) / minute);
    }
    expect([...waits.slice(0, 4), ...waits.slice(-2)]).toEqual([1, 2, 4, 8, 60, 60]);
    turns.begin(hour);
    expect([turns.waitMs(hour), turns.isDue(hour + minute)]).toEqual([minute, true]);
  });

  it("are never evaluated where there are none, and at once when a reload brings some", () => {
    const turns = new AutomationTurns(Number.POSITIVE_INFINITY);
    expect([turns.isDue(hour), turns.waitMs(hour)]).toEqual([false, Number.POSITIVE_INFINITY]);
    turns.set(minute);
    expect(turns.isDue(hour)).toBe(true);
  });
});
