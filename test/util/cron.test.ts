import fc from "fast-check";
import { describe, expect, it } from "vitest";
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
    ["61 * * * *", "UTC", "cron", "Invalid value for minute: 61"],
    ["a * * * *", "UTC", "cron", "illegal characters"],
    ["? * * * *", "UTC", "cron", 'expected no "?"'],
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
      fc.property(crons, aroundChanges, ({ cron, names }, { timezone, at }) => {
        const wall = wallTexts(timezone);
        const shownAt = (ms: number) => Date.parse(`${wall(ms).replace(" ", "T")}Z`);
        const expected: number[] = [];
        const from = Math.floor((at - dayMs) / minuteMs) * minuteMs;
        let shown = shownAt(from);
        for (let ms = from + minuteMs; ms <= at + 3 * dayMs && expected.length < 3; ms += minuteMs) {
          let isNamed = false;
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
