import { describe, expect, it } from "vitest";
import { all, type Asset, eager, onCron, whenStale } from "moraine";
import { asset, World } from "./world.ts";

const minuteMs = 60_000;
const night = onCron("30 2 * * *", { timezone: "Europe/Oslo" });
const raw = asset("raw/users", [], night, { refresh: { everyMs: 0 } });
const staging = asset("staging/users", [raw], eager());
const dimension = asset("mart/dim_users", [staging], eager());
const report = asset(
  "mart/report",
  [dimension],
  all(onCron("0 7 * * 1-5", { timezone: "Europe/Oslo" }), whenStale()),
);
const assets = [raw, staging, dimension, report];

/** The local date in Oslo. */
const dayOf = (instant: Date) => instant.toLocaleDateString("sv-SE", { timeZone: "Europe/Oslo" });

/** A repeatable number from 0 to 1. */
function randomNumbers(): () => number {
  let state = 42;
  return () => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    return state / 2 ** 32;
  };
}

/** Runs the project for the whole of 2026, looked at every `stepMinutes`; runs take a while. */
class Year {
  readonly world = new World(assets, "2025-12-31T23:00:00.000Z");
  /** Local days of the ticks for which the nightly run and the report started. */
  readonly nights: string[] = [];
  readonly reports: string[] = [];
  readonly #random = randomNumbers();
  #endsAt = Number.POSITIVE_INFINITY;
  #running: readonly (typeof raw.key)[] = [];

  constructor() {
    for (const { key } of assets) this.world.make(key);
    this.world.evaluate();
  }

  step(
    minutes: number,
    mishaps: { readonly kill: number; readonly fail: number; readonly back: number },
  ): void {
    const { world } = this;
    world.pass(minutes * minuteMs);
    // Clocks are set right, by up to two hours.
    if (this.#random() < mishaps.back) world.pass(-Math.floor(this.#random() * 120) * minuteMs);
    if (world.now.getTime() >= this.#endsAt) this.#end(mishaps);
    const starts = world.tick();
    if (starts.length === 0) return;
    this.#running = [...this.#running, ...starts];
    this.#endsAt = world.now.getTime() + Math.floor(this.#random() * 90) * minuteMs;
    if (starts.includes(raw.key)) this.nights.push(this.#tickOf(raw));
    if (starts.includes(report.key)) this.reports.push(this.#tickOf(report));
  }

  #tickOf({ key }: Asset): string {
    const [tick] = Object.values(this.world.memories.get(key)?.ticks ?? {});
    return dayOf(new Date(tick ?? Number.NaN));
  }

  #end({ kill, fail }: { readonly kill: number; readonly fail: number }): void {
    const luck = this.#random();
    this.world.end(this.#running, () =>
      luck < kill ? undefined : luck < kill + fail ? "failed" : "materialized",
    );
    this.#running = [];
    this.#endsAt = Number.POSITIVE_INFINITY;
  }
}

const end = new Date("2026-12-31T23:00:00.000Z");
const everyDay = Array.from({ length: 365 }, (_, day) =>
  new Date(Date.UTC(2026, 0, day + 1)).toISOString().slice(0, 10),
);
const weekdays = everyDay.filter((day) => ![0, 6].includes(new Date(day).getUTCDay()));

describe("a year of automation", () => {
  it("without mishaps starts one run every night, over both changes of the clocks, and the report on weekdays", () => {
    const year = new Year();
    while (year.world.now < end) year.step(20, { kill: 0, fail: 0, back: 0 });
    expect(year.nights).toEqual(everyDay);
    expect(year.reports).toEqual(weekdays);
  });

  it("with runs killed and failed, and a clock that is set back, still takes every night once, and again only what was killed", () => {
    const year = new Year();
    while (year.world.now < end) year.step(20, { kill: 0.1, fail: 0.1, back: 0.02 });
    expect([...new Set(year.nights)].sort()).toEqual(everyDay);
    const again = year.nights.length - everyDay.length;
    expect(again).toBeGreaterThan(10);
    expect(again).toBeLessThan(90);
  });

  it("looked at only when the daemon is up, takes one night for all that it missed", () => {
    const year = new Year();
    // Ten days up, ten days down.
    for (let day = 0; year.world.now < end; day++) {
      if (Math.floor(day / 10) % 2 === 1) year.world.pass(24 * 60 * minuteMs);
      else for (let step = 0; step < 48; step++) year.step(30, { kill: 0, fail: 0, back: 0 });
    }
    expect(new Set(year.nights).size).toBe(year.nights.length);
    expect(year.nights.length).toBeGreaterThan(180);
    expect(year.nights.length).toBeLessThan(205);
  });
});
