import { readFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { defineSchedule, onCron } from "moraine";
import { automationProblems } from "../../framework/definition/automation.ts";
import { freshnessProblems } from "../../framework/definition/freshness.ts";
import { readCron, ticksOf } from "../../framework/util/cron.ts";

/** The ticks after an instant, as many as asked. */
function following(cron: string, timezone: string, after: string, count: number): readonly string[] {
  const ticks = ticksOf(cron, timezone);
  const found: string[] = [];
  for (let at = new Date(after); found.length < count;) {
    at = ticks.next(at);
    found.push(at.toISOString().replace(":00.000Z", "Z"));
  }
  return found;
}

describe("cron", () => {
  it("ticks by the clocks of its zone, in summer and in winter", () => {
    expect(following("0 7 * * *", "Europe/Oslo", "2026-03-28T00:00:00Z", 3)).toEqual([
      "2026-03-28T06:00Z",
      "2026-03-29T05:00Z",
      "2026-03-30T05:00Z",
    ]);
  });

  it("ticks at the next valid minute when its own does not exist", () => {
    expect(following("30 2 * * *", "Europe/Oslo", "2026-03-28T12:00:00Z", 2)).toEqual([
      "2026-03-29T01:00Z", // 03:00, for there is no 02:30
      "2026-03-30T00:30Z",
    ]);
    // The whole of 30 December 2011 was skipped in Samoa.
    expect(following("0 12 * * *", "Pacific/Apia", "2011-12-29T00:00:00Z", 3)).toEqual([
      "2011-12-29T22:00Z",
      "2011-12-30T10:00Z", // 31 December, 00:00
      "2011-12-30T22:00Z",
    ]);
  });

  it("ticks once for all minutes of a gap and the one that follows it", () => {
    expect(following("*/20 * * * *", "Europe/Oslo", "2026-03-29T00:30:00Z", 3)).toEqual([
      "2026-03-29T00:40Z",
      "2026-03-29T01:00Z",
      "2026-03-29T01:20Z",
    ]);
  });

  it("ticks once for a minute that comes twice, the first time", () => {
    expect(following("30 2 * * *", "Europe/Oslo", "2026-10-24T12:00:00Z", 2)).toEqual([
      "2026-10-25T00:30Z",
      "2026-10-26T01:30Z",
    ]);
    expect(following("30 2 * * *", "Europe/Oslo", "2026-10-25T00:45:00Z", 1)).toEqual(["2026-10-26T01:30Z"]);
    expect(following("15 1 * * *", "America/New_York", "2026-10-31T12:00:00Z", 2)).toEqual([
      "2026-11-01T05:15Z",
      "2026-11-02T06:15Z",
    ]);
  });

  it("knows zones that move by half an hour, and those that move at midnight", () => {
    expect(following("15 2 * * *", "Australia/Lord_Howe", "2026-10-03T00:00:00Z", 2)).toEqual([
      "2026-10-03T15:30Z", // 02:30, for there is no 02:15
      "2026-10-04T15:15Z",
    ]);
    expect(following("0 0 * * *", "America/Santiago", "2026-09-05T12:00:00Z", 2)).toEqual([
      "2026-09-06T04:00Z", // 01:00, for the day begins there
      "2026-09-07T03:00Z",
    ]);
  });

  it("goes on in the hour that comes twice where the minute or the hour begins with a star", () => {
    expect(following("*/30 * * * *", "Europe/Oslo", "2026-10-25T00:00:00Z", 4)).toEqual([
      "2026-10-25T00:30Z",
      "2026-10-25T01:00Z", // 02:00 again
      "2026-10-25T01:30Z",
      "2026-10-25T02:00Z",
    ]);
    expect(ticksOf("*/30 * * * *", "Europe/Oslo").last(new Date("2026-10-25T01:59:00Z"))).toEqual(
      new Date("2026-10-25T01:30:00Z"),
    );
  });

  it("takes either of day and weekday when both are given", () => {
    expect(following("0 0 1 * MON", "UTC", "2026-06-28T00:00:00Z", 3)).toEqual([
      "2026-06-29T00:00Z",
      "2026-07-01T00:00Z",
      "2026-07-06T00:00Z",
    ]);
  });

  it("reads nicknames and any blanks", () => {
    expect(following("@daily", "UTC", "2026-01-01T00:00:00Z", 1)).toEqual(["2026-01-02T00:00Z"]);
    expect(following("  0   7 * *  * ", "UTC", "2026-01-01T00:00:00Z", 1)).toEqual(["2026-01-01T07:00Z"]);
  });

  it("finds the last tick at or before an instant, however rare", () => {
    const last = (cron: string, at: string) => ticksOf(cron, "UTC").last(new Date(at))?.toISOString();
    expect(last("0 7 * * *", "2026-01-02T07:00:00.000Z")).toBe("2026-01-02T07:00:00.000Z");
    expect(last("0 7 * * *", "2026-01-02T06:59:59.999Z")).toBe("2026-01-01T07:00:00.000Z");
    expect(last("* 0 * * *", "2026-01-02T23:00:00.000Z")).toBe("2026-01-02T00:59:00.000Z");
    expect(last("0 0 29 2 *", "2027-12-31T00:00:00.000Z")).toBe("2024-02-29T00:00:00.000Z");
    expect(last("0 0 29 2 *", "2104-02-28T00:00:00.000Z")).toBe("2096-02-29T00:00:00.000Z");
  });

  it.each([
    ["0 7 * *", "UTC", "cron", 'expected five fields like "0 7 * * 1-5", or @daily'],
    ["0 0 7 * * *", "UTC", "cron", "expected five fields"],
    ["@nightly", "UTC", "cron", "expected five fields"],
    ["61 * * * *", "UTC", "cron", 'expected minutes from 0 to 59, with lists, ranges and steps, not "61"'],
    ["a * * * *", "UTC", "cron", "expected minutes from 0 to 59"],
    ["? * * * *", "UTC", "cron", "expected minutes from 0 to 59"],
    ["0 0 7 * * 2026", "UTC", "cron", "expected five fields"],
    ["0 9 * * 5L", "UTC", "cron", "write 5#L for the last, 5 for every"],
    ["0 9 * * fril", "UTC", "cron", "write FRI#L for the last, FRI for every"],
    ["0 9 * * 1,5L", "UTC", "cron", "write 5#L for the last"],
    ["0 9 * * L", "UTC", "cron", "FRI#L the last Friday"],
    ["0 9 * L *", "UTC", "cron", "expected months from 1 to 12"],
    ["L 9 * * *", "UTC", "cron", "expected minutes from 0 to 59"],
    ["0 9 L-3 * *", "UTC", "cron", 'or L for the last one, not "L-3"'],
    ["0 9 LW * *", "UTC", "cron", 'or L for the last one, not "LW"'],
    ["0 9 15W * *", "UTC", "cron", 'or L for the last one, not "15W"'],
    ["0/20 * * * *", "UTC", "cron", 'some crons take "0/20" as 0 alone: write 0-59/20'],
    ["5/15 * * * *", "UTC", "cron", "write 5-59/15"],
    ["0 9 * * MON/2", "UTC", "cron", "write 1-6/2"],
    ["0 9 1/10 * *", "UTC", "cron", "write 1-31/10"],
    ["0 22-2 * * *", "UTC", "cron", 'goes up, not "22-2": write 22-23,0-2'],
    ["0 9 * * 6-1", "UTC", "cron", "write 6-6,0-1"],
    ["0 9 * * 7-2", "UTC", "cron", "write 0-2"],
    ["0 9 */2 * 1", "UTC", "cron", 'no "*/2" where both day and weekday are given'],
    ["0 9 1 * */2", "UTC", "cron", "write 0-6/2 for either"],
    ["0 9 * * 5#6", "UTC", "cron", "1 to 5 or L behind it"],
    ["0 9 * * 5#", "UTC", "cron", "1 to 5 or L behind it"],
    ["0 9 * * 1-3#2", "UTC", "cron", "like MON#2, FRI#L or 1#1,2#1"],
    ["*/90 * * * *", "UTC", "cron", "expected a step of 1 to 60 minutes"],
    ["*/0 * * * *", "UTC", "cron", "expected a step of 1 to 60 minutes"],
    ["0 9 1 * +1", "UTC", "cron", "expected weekdays"],
    ["1, * * * *", "UTC", "cron", "expected minutes"],
    ["5- * * * *", "UTC", "cron", "expected minutes"],
    ["0x5 * * * *", "UTC", "cron", "expected minutes"],
    ["0 9 * * MONDAY", "UTC", "cron", "expected weekdays"],
    ["0 24 * * *", "UTC", "cron", "expected hours from 0 to 23"],
    ["0 9 0 * *", "UTC", "cron", "expected days from 1 to 31"],
    ["0 0 30 2 *", "UTC", "cron", "expected a day that some year has"],
    ["0 7 * * *", "Mars/Olympus", "timezone", 'expected an IANA time zone like "Europe/Oslo" or "UTC"'],
    ["0 7 * * *", "+01:00", "timezone", "expected an IANA time zone"],
    ["0 7 * * *", "", "timezone", "expected an IANA time zone"],
  ])("refuses %j in %j and says what it expected", (cron, timezone, field, message) => {
    expect(readCron(cron, timezone)).toMatchObject({
      ok: false,
      field,
      message: expect.stringContaining(message) as string,
    });
  });
});

it("schedules, deadlines and conditions refuse the same with the same words", () => {
  const rule = { cron: "0 9 * * 5L", timezone: "UTC" };
  const expected = expect.stringContaining("write 5#L for the last") as string;
  expect(defineSchedule({ name: "weekly", ...rule }).problems).toMatchObject([{ message: expected }]);
  expect(freshnessProblems({ deadline: rule })).toMatchObject([{ expected }]);
  expect(automationProblems(onCron(rule.cron, { timezone: rule.timezone }), false)).toMatchObject([
    { expected },
  ]);
});

interface Row {
  readonly cron: string;
  readonly timezone: string;
  readonly from: string;
  readonly by: readonly string[];
  readonly ticks: readonly string[];
}
const table = JSON.parse(
  readFileSync(join(import.meta.dirname, "cron-table.json"), "utf8"),
) as readonly Row[];

// If a row fails, schedules of projects would move: it is the code that is wrong, or the library that was upgraded.
describe("an expression ticks as other programs say", () => {
  it.each(table)("$cron in $timezone by $by", ({ cron, timezone, from, ticks }) => {
    expect(following(cron, timezone, from, ticks.length)).toEqual(ticks);
  });
});

/** What the clocks of a zone show, as text whose order is that of clock readings. */
function wallTexts(timezone: string): (ms: number) => string {
  const format = new Intl.DateTimeFormat("sv-SE", {
    timeZone: timezone,
    dateStyle: "short",
    timeStyle: "medium",
  });
  return (ms) => format.format(ms);
}

const zones = [
  "UTC",
  "Europe/Oslo",
  "Europe/London",
  "Africa/Casablanca", // one hour back for Ramadan
  "America/New_York",
  "America/Santiago", // at midnight
  "America/Havana",
  "America/St_Johns",
  "Asia/Kolkata",
  "Asia/Kathmandu",
  "Australia/Lord_Howe", // half an hour
  "Pacific/Chatham",
  "Pacific/Apia", // skipped a day
  "Antarctica/Troll", // two hours
] as const;
const minuteMs = 60_000;
const dayMs = 24 * 60 * minuteMs;
/** Days on which a zone's clocks change, by zone; each is the midnight, UTC, before the change. */
const changes = zones.map((timezone) => {
  const wall = wallTexts(timezone);
  const offset = (ms: number) => Date.parse(`${wall(ms).replace(" ", "T")}Z`) - ms;
  const days: number[] = [];
  for (let ms = Date.UTC(2008, 0, 1); ms < Date.UTC(2032, 0, 1); ms += dayMs) {
    if (offset(ms) !== offset(ms + dayMs)) days.push(ms);
  }
  return { timezone, days: days.length === 0 ? [Date.UTC(2026, 2, 29)] : days };
});
/** Instants within a day or two of a change. */
const aroundChanges = fc
  .tuple(
    fc.constantFrom(...changes),
    fc.nat(),
    fc.integer({ min: -1440, max: 2880 }),
    fc.constantFrom(0, 0, 1, 30_500),
  )
  .map(([{ timezone, days }, day, minutes, ms]) => ({
    timezone,
    at: (days[day % days.length] ?? 0) + minutes * minuteMs + ms,
  }));

/** A field as text and the values that it names. */
interface Field {
  readonly text: string;
  readonly names: (value: number) => boolean;
}
const every: Field = { text: "*", names: () => true };
const field = (min: number, max: number): fc.Arbitrary<Field> =>
  fc.oneof(
    fc.constant(every),
    fc
      .integer({ min, max })
      .map((value) => ({ text: String(value), names: (other: number) => other === value })),
    fc
      .integer({ min: 2, max: Math.min(20, max) })
      .map((step) => ({ text: `*/${step}`, names: (value: number) => (value - min) % step === 0 })),
    fc.tuple(fc.integer({ min, max }), fc.integer({ min, max })).map(([one, other]) => {
      const [low, high] = [Math.min(one, other), Math.max(one, other)];
      return { text: `${low}-${high}`, names: (value: number) => value >= low && value <= high };
    }),
  );
const crons = fc
  .record({
    minute: field(0, 59),
    hour: field(0, 4),
    day: field(1, 28),
    weekday: field(0, 6),
    byDay: fc.boolean(),
  })
  .map(({ minute, hour, byDay, ...days }) => {
    const [day, weekday] = byDay ? [days.day, every] : [every, days.weekday];
    return {
      cron: `${minute.text} ${hour.text} ${day.text} * ${weekday.text}`,
      repeats: minute.text.startsWith("*") || hour.text.startsWith("*"),
      names: (wall: Date) =>
        minute.names(wall.getUTCMinutes()) &&
        hour.names(wall.getUTCHours()) &&
        day.names(wall.getUTCDate()) &&
        weekday.names(wall.getUTCDay()),
    };
  });

describe("cron, against a model that looks at every minute", () => {
  it("ticks at the first moment at which clocks show a named minute or a later one", () => {
    fc.assert(
      fc.property(crons, aroundChanges, ({ cron, names, repeats }, { timezone, at }) => {
        const wall = wallTexts(timezone);
        const shownAt = (ms: number) => Date.parse(`${wall(ms).replace(" ", "T")}Z`);
        const expected: number[] = [];
        const from = Math.floor((at - dayMs) / minuteMs) * minuteMs;
        let shown = shownAt(from);
        for (let ms = from + minuteMs; ms <= at + 3 * dayMs && expected.length < 3; ms += minuteMs) {
          // What clocks show again is named again by what repeats.
          let isNamed = repeats && shownAt(ms) <= shown && names(new Date(shownAt(ms)));
          // What clocks skip is passed in one step, what they show again is not passed again.
          for (; shown < shownAt(ms); shown += minuteMs) isNamed ||= names(new Date(shown + minuteMs));
          if (isNamed && ms > at) expected.push(ms);
        }
        const ticks = ticksOf(cron, timezone);
        let tick = new Date(at);
        expect(expected.map(() => (tick = ticks.next(tick)).getTime())).toEqual(expected);
      }),
    );
  });

  it("has a last tick exactly when no other is between it and the instant", () => {
    fc.assert(
      fc.property(crons, aroundChanges, ({ cron }, { timezone, at }) => {
        const ticks = ticksOf(cron, timezone);
        const last = ticks.last(new Date(at));
        if (last === undefined) throw new Error("expected a tick within eight years");
        expect(last.getTime()).toBeLessThanOrEqual(at);
        expect(ticks.next(last).getTime()).toBeGreaterThan(at);
        expect(ticks.next(new Date(last.getTime() - 1))).toEqual(last);
      }),
    );
  });
});
