import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { FreshnessPolicy } from "moraine";
import { deadlineAfter, freshnessAt, freshnessOf } from "../../framework/staleness/freshness.ts";
import { ticksOf } from "../../framework/util/cron.ts";

const nightly: FreshnessPolicy = { deadline: { cron: "0 7 * * *", timezone: "Europe/Oslo" } };

/** `on-time` or `overdue` of an asset that was known good at one instant, at another. */
const stateOf = (policy: FreshnessPolicy, knownGoodAt: string, now: string) =>
  freshnessOf(policy, knownGoodAt, new Date(now)).state;

describe("freshness by age", () => {
  it("is on time until the age is reached, and overdue since then", () => {
    const policy: FreshnessPolicy = { maxAgeMs: 3_600_000 };
    expect(freshnessOf(policy, "2026-02-01T06:00:00.000Z", new Date("2026-02-01T06:59:59.999Z"))).toEqual({
      state: "on-time",
      since: "2026-02-01T06:00:00.000Z",
      deadline: "2026-02-01T07:00:00.000Z",
      knownGoodAt: "2026-02-01T06:00:00.000Z",
    });
    expect(freshnessOf(policy, "2026-02-01T06:00:00.000Z", new Date("2026-02-01T09:00:00.000Z"))).toEqual({
      state: "overdue",
      since: "2026-02-01T07:00:00.000Z",
      deadline: "2026-02-01T07:00:00.000Z",
      knownGoodAt: "2026-02-01T06:00:00.000Z",
    });
  });

  it("of what was never known good is overdue, since no known time", () => {
    expect(freshnessOf(nightly, undefined, new Date("2026-02-01T06:00:00.000Z"))).toEqual({
      state: "overdue",
      since: null,
      deadline: null,
      knownGoodAt: null,
    });
  });
});

describe("freshness by deadline", () => {
  it("asks at each tick for something later than the tick before", () => {
    // Known good on Monday night; 07:00 in Oslo is 06:00 UTC.
    const monday = "2026-02-02T01:00:00.000Z";
    expect(stateOf(nightly, monday, "2026-02-02T07:00:00.000Z")).toBe("on-time");
    expect(stateOf(nightly, monday, "2026-02-03T05:59:59.999Z")).toBe("on-time");
    expect(stateOf(nightly, monday, "2026-02-03T06:00:00.000Z")).toBe("overdue");
  });

  it("takes what comes right after a tick as in time for the next one, and at the tick as not", () => {
    const next = "2026-02-03T06:00:00.000Z";
    expect(stateOf(nightly, "2026-02-02T06:00:00.001Z", next)).toBe("on-time");
    expect(stateOf(nightly, "2026-02-02T06:00:00.000Z", next)).toBe("overdue");
  });

  it("waits for the grace before it says overdue", () => {
    const policy: FreshnessPolicy = {
      deadline: { cron: "0 7 * * *", timezone: "Europe/Oslo", graceMs: 1_800_000 },
    };
    const monday = "2026-02-02T01:00:00.000Z";
    expect(stateOf(policy, monday, "2026-02-03T06:29:59.999Z")).toBe("on-time");
    expect(freshnessOf(policy, monday, new Date("2026-02-03T06:30:00.000Z"))).toMatchObject({
      state: "overdue",
      since: "2026-02-03T06:30:00.000Z",
    });
  });

  it("follows the clocks of its zone over the change to summer time", () => {
    expect(deadlineAfter(nightly, new Date("2026-03-27T12:00:00.000Z")).toISOString()).toBe(
      "2026-03-29T05:00:00.000Z",
    );
  });
});

const policies = fc
  .record({
    cron: fc.constantFrom(
      "0 7 * * *",
      "30 2 * * *",
      "0 */6 * * *",
      "15,45 1-3 * * *",
      "0 0 * * 1-5",
      "0 12 1 * *",
    ),
    timezone: fc.constantFrom(
      "UTC",
      "Europe/Oslo",
      "America/Santiago",
      "Australia/Lord_Howe",
      "Pacific/Apia",
    ),
    graceMs: fc.constantFrom(0, 60_000, 1_800_000, 90_000_000),
  })
  .map((deadline) => ({ deadline }) satisfies FreshnessPolicy);
/** Within a few days of the changes of clocks in spring and autumn, north and south, and anywhere else. */
const instants = fc
  .tuple(
    fc.constantFrom(
      "2026-03-29",
      "2026-04-05",
      "2026-10-04",
      "2026-10-25",
      "2026-09-06",
      "2011-12-30",
      "2026-01-15",
    ),
    fc.integer({ min: -4 * 86_400_000, max: 4 * 86_400_000 }),
  )
  .map(([day, ms]) => Date.parse(day) + ms);

describe("freshness by deadline, for any zone, cron, grace and instant", () => {
  it("is overdue exactly when at the last tick whose grace is over nothing was good since the tick before", () => {
    fc.assert(
      fc.property(policies, instants, fc.integer({ min: 0, max: 5 * 86_400_000 }), (policy, good, agedMs) => {
        const ticks = ticksOf(policy.deadline.cron, policy.deadline.timezone);
        const now = new Date(good + agedMs);
        const judged = ticks.last(new Date(now.getTime() - policy.deadline.graceMs));
        const before = judged === undefined ? undefined : ticks.last(new Date(judged.getTime() - 1));
        const isLate = before !== undefined && good <= before.getTime();
        expect(freshnessOf(policy, new Date(good).toISOString(), now).state).toBe(
          isLate ? "overdue" : "on-time",
        );
      }),
      { numRuns: 400 },
    );
  });

  it("becomes overdue once as time goes on, at its deadline, and a later good moment never has an earlier one", () => {
    fc.assert(
      fc.property(
        policies,
        instants,
        fc.integer({ min: 0, max: 3 * 86_400_000 }),
        (policy, good, laterMs) => {
          const at = new Date(good).toISOString();
          const deadline = deadlineAfter(policy, new Date(good));
          const first = freshnessOf(policy, at, new Date(good));
          expect(first.state).toBe("on-time");
          expect(freshnessAt(first, new Date(deadline.getTime() - 1)).state).toBe("on-time");
          expect(freshnessAt(first, deadline)).toEqual(freshnessOf(policy, at, deadline));
          expect(freshnessAt(first, deadline)).toMatchObject({
            state: "overdue",
            since: deadline.toISOString(),
          });
          expect(deadlineAfter(policy, new Date(good + laterMs)).getTime()).toBeGreaterThanOrEqual(
            deadline.getTime(),
          );
        },
      ),
      { numRuns: 400 },
    );
  });
});
