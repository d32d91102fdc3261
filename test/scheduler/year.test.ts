import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { defineSchedule, type Schedule } from "../../framework/definition/schedule.ts";
import { ticksOfRule } from "../../framework/scheduler/rule.ts";
import { dayMs, hour, minute, SchedulerRig } from "./rig.ts";

const start = "2026-01-01T00:00:00.000Z";

/** Clocks that go forward and back on different days, by an hour or by half of one, and some that never do. */
const zones = [
  ["oslo", "30 2 * * *", "Europe/Oslo"],
  ["new-york", "15 1 * * *", "America/New_York"],
  ["lord-howe", "45 1 * * *", "Australia/Lord_Howe"],
  ["lord-howe-late", "10 2 * * *", "Australia/Lord_Howe"],
  ["kolkata", "0 7 * * 1-5", "Asia/Kolkata"],
  ["santiago", "0 0 * * *", "America/Santiago"],
  ["quarters", "0 */4 * * *", "Europe/Oslo"],
] as const;

const schedules: readonly Schedule[] = [
  ...zones.map(([name, cron, timezone]) =>
    defineSchedule({ name, cron, timezone, catchUp: "all", catchUpLimit: 10_000 }),
  ),
  defineSchedule({ name: "quarter-days", everyMs: 6 * hour, catchUp: "all", catchUpLimit: 10_000 }),
];

/** The ticks between two instants, the second one included, one by one. */
function named(schedule: Schedule, from: Date, until: Date): readonly string[] {
  const found: string[] = [];
  const ticks = ticksOfRule(schedule);
  for (let at = ticks.next(from); at <= until; at = ticks.next(at)) found.push(at.toISOString());
  return found;
}

/** What may happen to a machine that runs two daemons. */
type Happening =
  | { readonly type: "pass" | "jump"; readonly ms: number }
  | { readonly type: "restart"; readonly which: 0 | 1 }
  | { readonly type: "down"; readonly ms: number }
  | { readonly type: "end"; readonly status: "succeeded" | "failed" | "interrupted" };

const happening: fc.Arbitrary<Happening> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({ type: fc.constant("pass"), ms: fc.integer({ min: 1, max: 6 * dayMs }) }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      type: fc.constant("jump"),
      ms: fc.integer({ min: -40 * dayMs, max: 12 * dayMs }),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ type: fc.constant("jump"), ms: fc.integer({ min: -90 * minute, max: 0 }) }),
  },
  { weight: 2, arbitrary: fc.record({ type: fc.constant("restart"), which: fc.constantFrom(0, 1) }) },
  {
    weight: 2,
    arbitrary: fc.record({ type: fc.constant("down"), ms: fc.integer({ min: 1, max: 20 * dayMs }) }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      type: fc.constant("end"),
      status: fc.constantFrom("succeeded", "failed", "interrupted"),
    }),
  },
);

describe("a simulated year", () => {
  it("fires every tick of every zone exactly once, with two daemons that are woken by turns", () => {
    const rig = new SchedulerRig(start);
    const daemons = [rig.scheduler(schedules), rig.scheduler(schedules, { store: rig.open() })] as const;
    const end = new Date("2027-01-01T00:00:00.000Z");
    for (let turn = 0; rig.now < end; turn += 1) {
      const [first, second] = turn % 2 === 0 ? daemons : [daemons[1], daemons[0]];
      first.advance(rig.now);
      second.advance(rig.now);
      rig.end("succeeded");
      rig.now = new Date(Math.min(first.nextAt()?.getTime() ?? Infinity, end.getTime()));
    }
    for (const turn of [0, 1]) {
      daemons[turn]?.advance(end);
      rig.end("succeeded");
    }
    const fired = rig.store.scheduling.ticks();
    for (const schedule of schedules) {
      const ticks = fired.filter((tick) => tick.schedule === schedule.name).map(({ tick }) => tick);
      expect(ticks.toSorted()).toEqual(named(schedule, new Date(start), end));
    }
    // By the zones' own calendars, which know nothing of our cron: each day once, also those that clocks change on.
    for (const [name, , timeZone] of zones.filter(
      ([, cron]) => cron.endsWith(" * * *") && cron !== "0 */4 * * *",
    )) {
      const date = new Intl.DateTimeFormat("en-CA", { timeZone });
      const days = fired
        .filter(({ schedule }) => schedule === name)
        .map(({ tick }) => date.format(new Date(tick)));
      expect(new Set(days).size).toBe(days.length);
      expect(days.length).toBeGreaterThanOrEqual(365);
    }
    expect(fired.filter(({ attempt }) => attempt !== 1)).toEqual([]);
  });

  it("loses and repeats no tick through restarts, clock jumps, stopped machines and runs that die", () => {
    fc.assert(
      fc.property(fc.array(happening, { minLength: 5, maxLength: 30 }), (happenings) => {
        const rig = new SchedulerRig(start);
        const stores = [rig.store, rig.open()] as const;
        const daemons = stores.map((store) => rig.scheduler(schedules, { store }));
        const passed = schedules.map(() => new Set<string>());
        let before = rig.now;
        const advance = () => {
          for (const daemon of daemons) daemon.advance(rig.now);
          // Whatever the clock passes on its way forward has to come, and once however often it passes.
          if (rig.now > before)
            for (const [index, schedule] of schedules.entries())
              for (const tick of named(schedule, before, rig.now)) passed[index]?.add(tick);
          before = rig.now;
        };
        for (const each of happenings) {
          if (each.type === "pass") {
            // Awake: each wakes when it wants to, or at a heartbeat that happens to come.
            const end = rig.now.getTime() + each.ms;
            for (let turns = 0; rig.now.getTime() < end && turns < 30; turns += 1) {
              const next = Math.min(...daemons.map((daemon) => daemon.nextAt()?.getTime() ?? Infinity));
              rig.now = new Date(Math.min(Math.max(next, rig.now.getTime() + 1), end));
              advance();
            }
          } else if (each.type === "restart") {
            daemons[each.which] = rig.scheduler(schedules, { store: stores[each.which] });
          } else if (each.type === "end") rig.end(each.status);
          else rig.forward(each.ms);
          if (each.type === "jump") advance();
        }
        advance();
        const fired = rig.store.scheduling.ticks();
        for (const [index, schedule] of schedules.entries()) {
          const ticks = fired.filter((tick) => tick.schedule === schedule.name && tick.status !== "skipped");
          const instants = ticks.map(({ tick }) => tick).toSorted();
          const skipped = fired.filter(
            (tick) => tick.schedule === schedule.name && tick.status === "skipped",
          );
          expect(new Set(instants).size).toBe(instants.length);
          // What overlapped was decided as well, and has its own record.
          expect([...instants, ...skipped.map(({ tick }) => tick)].toSorted()).toEqual(
            [...(passed[index] ?? [])].toSorted(),
          );
        }
      }),
      { numRuns: 12 },
    );
  });
});
