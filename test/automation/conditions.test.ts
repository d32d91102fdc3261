import { describe, expect, it } from "vitest";
import {
  all,
  any,
  defineAsset,
  eager,
  not,
  onCron,
  onMissing,
  whenOverdue,
  whenStale,
  whenUpstreamChanged,
} from "moraine";
import type { Condition } from "moraine";
import { buildGraph } from "../../framework/graph/build-graph.ts";
import { asset, World } from "./world.ts";

const nightly = onCron("0 2 * * *", { timezone: "UTC" });
const start = "2026-03-01T12:00:00.000Z";
const minuteMs = 60_000;
const hourMs = 60 * minuteMs;

/** One asset that reads another, both made; `world.tick()` starts what its condition lets start. */
function pair(condition: Condition | undefined, upstreamCondition?: Condition) {
  const raw = asset("a/raw", [], upstreamCondition);
  const mart = asset("a/mart", [raw], condition);
  const world = new World([raw, mart], start);
  world.make(raw.key);
  world.make(mart.key);
  return { world, raw, mart };
}

describe("eager", () => {
  it("starts what is missing, and then rests", () => {
    const { world, mart } = pair(eager());
    world.made.delete(mart.key);
    expect(world.tick()).toEqual([mart.key]);
    world.end([mart.key]);
    expect(world.tick()).toEqual([]);
  });

  it("starts what is stale by code or by data, once for each change", () => {
    const { world, raw, mart } = pair(eager());
    expect(world.tick()).toEqual([]);
    world.change(mart.key);
    expect(world.tick()).toEqual([mart.key]);
    world.end([mart.key]);
    world.make(raw.key);
    expect(world.tick()).toEqual([mart.key]);
    world.end([mart.key]);
    expect(world.tick()).toEqual([]);
  });

  it("does not start again what failed, until something changes", () => {
    const { world, raw, mart } = pair(eager());
    world.change(mart.key);
    world.end(world.tick(), () => "failed");
    expect(world.pass(hourMs).decisions()).toEqual({ [mart.key]: "done" });
    world.make(raw.key);
    expect(world.tick()).toEqual([mart.key]);
  });

  it("starts again what was killed before it had an outcome, and what was skipped", () => {
    const { world, mart } = pair(eager());
    world.change(mart.key);
    world.end(world.tick(), () => undefined);
    expect(world.pass(minuteMs).tick()).toEqual([mart.key]);
    world.end([mart.key], () => "skipped");
    expect(world.pass(minuteMs).tick()).toEqual([mart.key]);
  });

  it("tries what reads the outside world again with each interval that passes, failed or not", () => {
    const raw = asset("a/raw", [], eager(), { refresh: { everyMs: hourMs } });
    const world = new World([raw], start);
    world.make(raw.key);
    expect(world.pass(59 * minuteMs).tick()).toEqual([]);
    world.end(world.pass(minuteMs).tick(), () => "failed");
    expect(world.pass(59 * minuteMs).tick()).toEqual([]);
    expect(world.pass(minuteMs).tick()).toEqual([raw.key]);
  });

  it("waits while the asset or an upstream is in progress", () => {
    const { world, raw, mart } = pair(eager());
    world.change(mart.key);
    world.inProgress.set(raw.key, start);
    expect(world.evaluate()).toMatchObject([
      { decision: "wait", held: { reason: "upstream-in-progress", upstream: raw.key } },
    ]);
    world.inProgress.delete(raw.key);
    world.inProgress.set(mart.key, start);
    expect(world.evaluate()).toMatchObject([{ decision: "wait", held: { reason: "in-progress" } }]);
    world.inProgress.delete(mart.key);
    expect(world.tick()).toEqual([mart.key]);
  });

  it("waits while an upstream is missing, unless that starts as well: then both go into one run", () => {
    const { world, raw } = pair(eager());
    world.made.clear();
    expect(world.evaluate()).toMatchObject([
      { decision: "wait", held: { reason: "upstream-unusable", upstream: raw.key } },
    ]);
    const both = pair(eager(), eager());
    both.world.made.clear();
    expect(both.world.tick()).toEqual([both.raw.key, both.mart.key]);
  });

  it("goes with an upstream that starts, although nothing is known to change yet", () => {
    const { world, raw, mart } = pair(eager(), nightly);
    expect(world.tick()).toEqual([]);
    expect(world.at("2026-03-02T02:00:00.000Z").tick()).toEqual([raw.key, mart.key]);
  });

  it("is not moved by an upstream that is stale and starts by nobody", () => {
    const { world, raw } = pair(eager());
    world.change(raw.key);
    expect(world.statuses().get(raw.key)?.status).toBe("stale");
    expect(world.tick()).toEqual([]);
  });
});

describe("onCron", () => {
  it("starts once at each tick, however often it is looked at", () => {
    const { world, mart } = pair(nightly);
    expect(world.tick()).toEqual([]);
    expect(world.at("2026-03-02T01:59:59.999Z").tick()).toEqual([]);
    world.end(world.at("2026-03-02T02:00:00.000Z").tick());
    expect(world.outcomes.get(mart.key)?.outcome).toBe("fresh");
    expect(world.pass(minuteMs).tick()).toEqual([]);
    expect(world.at("2026-03-03T02:00:30.000Z").tick()).toEqual([mart.key]);
  });

  it("starts nothing for the past when it is new, or was changed", () => {
    const { world, raw, mart } = pair(nightly);
    world.tick();
    world.redefine([raw, asset("a/mart", [raw], onCron("0 11 * * *", { timezone: "UTC" }))]);
    expect(world.tick()).toEqual([]);
    // Not even for a tick between the change and the evaluation that meets it first.
    world.redefine([raw, asset("a/mart", [raw], onCron("0 13 * * *", { timezone: "UTC" }))]);
    expect(world.at("2026-03-01T13:05:00.000Z").tick()).toEqual([]);
    expect(world.at("2026-03-02T13:00:00.000Z").tick()).toEqual([mart.key]);
  });

  it("starts once for all ticks that passed while nobody looked", () => {
    const { world, mart } = pair(nightly);
    world.tick();
    world.end(world.at("2026-03-09T09:00:00.000Z").tick());
    expect(world.evaluate()).toMatchObject([{ key: mart.key, decision: "no" }]);
    expect(world.at("2026-03-10T02:00:00.000Z").tick()).toEqual([mart.key]);
  });

  it("starts no tick twice when the clock goes back", () => {
    const { world, mart } = pair(nightly);
    world.tick();
    world.end(world.at("2026-03-02T02:00:00.000Z").tick());
    for (let minute = -120; minute <= 60; minute += 5) {
      world.at("2026-03-02T02:00:00.000Z").pass(minute * minuteMs);
      expect(world.tick()).toEqual([]);
    }
    expect(world.at("2026-03-03T02:00:00.000Z").tick()).toEqual([mart.key]);
  });

  it("keeps a tick while the asset or an upstream is in progress", () => {
    const { world, raw, mart } = pair(nightly);
    world.tick();
    world.inProgress.set(raw.key, start);
    expect(world.at("2026-03-02T02:00:00.000Z").decisions()).toEqual({ [mart.key]: "wait" });
    world.inProgress.delete(raw.key);
    expect(world.at("2026-03-02T02:20:00.000Z").tick()).toEqual([mart.key]);
  });

  it("takes a tick up again when what it started was killed, and not when it failed", () => {
    const { world, mart } = pair(nightly);
    world.tick();
    world.end(world.at("2026-03-02T02:00:00.000Z").tick(), () => undefined);
    expect(world.pass(minuteMs).tick()).toEqual([mart.key]);
    world.end([mart.key], () => "failed");
    expect(world.pass(minuteMs).tick()).toEqual([]);
  });
});

describe("joined conditions", () => {
  it("spend a tick at which the rest does not hold", () => {
    const { world, mart } = pair(all(nightly, whenStale()));
    world.tick();
    expect(world.at("2026-03-02T02:00:00.000Z").tick()).toEqual([]);
    world.change(mart.key);
    expect(world.at("2026-03-02T09:00:00.000Z").tick()).toEqual([]);
    expect(world.at("2026-03-03T02:00:00.000Z").tick()).toEqual([mart.key]);
  });

  it("start by any part that is new, and only then", () => {
    const { world, mart } = pair(any(eager(), nightly));
    world.tick();
    world.change(mart.key);
    world.end(world.tick(), () => "failed");
    world.end(world.at("2026-03-02T02:00:00.000Z").tick(), () => "failed");
    expect(world.outcomes.get(mart.key)?.at).toBe("2026-03-02T02:00:00.000Z");
    expect(world.pass(minuteMs).decisions()).toEqual({ [mart.key]: "done" });
  });

  it("start by not() once, until it was false in between", () => {
    const { world, mart } = pair(not(whenUpstreamChanged()));
    world.end(world.tick());
    expect(world.tick()).toEqual([]);
    world.make("a/raw" as typeof mart.key);
    expect(world.tick()).toEqual([]);
    world.make(mart.key);
    expect(world.tick()).toEqual([mart.key]);
  });

  it("tell upstream data from code, and missing from stale", () => {
    const { world, raw, mart } = pair(whenUpstreamChanged());
    world.change(mart.key);
    expect(world.tick()).toEqual([]);
    world.make(raw.key);
    expect(world.tick()).toEqual([mart.key]);
    const missing = pair(onMissing());
    missing.world.change(missing.mart.key);
    expect(missing.world.tick()).toEqual([]);
    missing.world.made.delete(missing.mart.key);
    expect(missing.world.tick()).toEqual([missing.mart.key]);
  });

  it("start what is overdue once for every deadline that it misses", () => {
    const late = asset("a/late", [], whenOverdue(), { freshness: { maxAgeMs: hourMs } });
    const world = new World([late], start);
    world.end(world.tick());
    expect(world.pass(59 * minuteMs).tick()).toEqual([]);
    world.end(world.pass(minuteMs).tick(), () => "failed");
    expect(world.pass(30 * minuteMs).tick()).toEqual([]);
    expect(world.pass(30 * minuteMs).tick()).toEqual([late.key]);
  });

  it("say which part held, and by what", () => {
    const { world, raw, mart } = pair(all(eager(), not(whenUpstreamChanged())));
    world.make(raw.key);
    const [verdict] = world.evaluate();
    expect(verdict).toMatchObject({
      key: mart.key,
      decision: "no",
      evaluated: {
        type: "all",
        holds: false,
        of: [
          {
            type: "any",
            holds: true,
            of: [
              { type: "missing", holds: false },
              { type: "stale", holds: true, causes: [{ type: "data", upstream: raw.key }], starting: [] },
            ],
          },
          { type: "not", holds: false, of: { type: "upstream-changed", holds: true } },
        ],
      },
    });
  });
});

describe("a wrong condition", () => {
  it.each([
    [
      onCron("0 25 * * *", { timezone: "UTC" }),
      'a/x: automation.cron: expected hours from 0 to 23, with lists, ranges and steps, not "25", got "0 25 * * *"',
    ],
    [
      any(eager(), onCron("0 2 * * *", { timezone: "Mars" })),
      'a/x: automation.any.1.timezone: expected an IANA time zone like "Europe/Oslo" or "UTC", got "Mars"',
    ],
    [all(), 'a/x: automation: expected at least one condition, got {"type":"all","of":[]}'],
    [
      not(nightly),
      'a/x: automation: expected no cron within not(), got {"type":"not","of":{"type":"cron","cron":"0 2 * * *","timezone":"UTC"}}',
    ],
    [whenOverdue(), 'a/x: automation: expected a freshness policy on the asset, got {"type":"overdue"}'],
    [
      { type: "sometimes" } as unknown as Condition,
      'a/x: automation: expected a condition like eager() or onCron(...), got {"type":"sometimes"}',
    ],
  ])("is refused with its place: %j", (automation, message) => {
    const wrong = defineAsset({ key: "a/x", automation, materialize: () => {} });
    expect(() => buildGraph({ assets: [wrong], checks: [], problems: [] })).toThrow(message);
  });
});
