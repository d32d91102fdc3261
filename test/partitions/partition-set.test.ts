import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Temporal } from "temporal-polyfill";
import {
  dailyPartitions,
  hourlyPartitions,
  monthlyPartitions,
  multiPartitions,
  type Partitions,
  staticPartitions,
} from "moraine";
import { partitionSetAt } from "../../framework/definition/partitions/partition-set.ts";
import { partitionsProblems } from "../../framework/definition/partitions/partitions.ts";
import { instantOfLocal } from "../../framework/util/zoned-time.ts";

const keysAt = (partitions: Partitions, now: string) => partitionSetAt(partitions, new Date(now)).keys;
const windowOf = (partitions: Partitions, key: string, now: string) => {
  const { window } = partitionSetAt(partitions, new Date(now)).partition(key);
  return [window?.start.toISOString(), window?.end.toISOString()];
};

const zones = [
  "UTC",
  "Europe/Oslo",
  "America/New_York",
  "America/Sao_Paulo",
  "Australia/Lord_Howe",
  "Asia/Kathmandu",
  "Africa/Cairo",
  "Pacific/Apia",
];

describe("daily partitions", () => {
  it("exist when their day has passed", () => {
    const days = dailyPartitions({ start: "2026-01-01" });
    expect(keysAt(days, "2026-01-01T23:59:59Z")).toEqual([]);
    expect(keysAt(days, "2026-01-02T00:00:00Z")).toEqual(["2026-01-01"]);
    expect(keysAt(days, "2026-01-03T12:00:00Z")).toEqual(["2026-01-01", "2026-01-02"]);
  });

  it("end with their last one", () => {
    const days = dailyPartitions({ start: "2026-01-01", end: "2026-01-02" });
    expect(keysAt(days, "2027-01-01T00:00:00Z")).toEqual(["2026-01-01", "2026-01-02"]);
  });

  it("have 23 and 25 hours when the clocks change", () => {
    const days = dailyPartitions({ start: "2026-03-28", timezone: "Europe/Oslo" });
    const now = "2026-12-01T00:00:00Z";
    expect(windowOf(days, "2026-03-29", now)).toEqual([
      "2026-03-28T23:00:00.000Z",
      "2026-03-29T22:00:00.000Z",
    ]);
    expect(windowOf(days, "2026-10-25", now)).toEqual([
      "2026-10-24T22:00:00.000Z",
      "2026-10-25T23:00:00.000Z",
    ]);
  });

  it("begin when clocks land, where they jump over midnight", () => {
    const days = dailyPartitions({ start: "2017-10-14", timezone: "America/Sao_Paulo" });
    expect(windowOf(days, "2017-10-15", "2018-01-01T00:00:00Z")[0]).toBe("2017-10-15T03:00:00.000Z");
  });

  it("leave out a day that a zone skipped whole", () => {
    const days = dailyPartitions({ start: "2011-12-29", timezone: "Pacific/Apia" });
    expect(keysAt(days, "2012-01-02T00:00:00Z").slice(0, 3)).toEqual([
      "2011-12-29",
      "2011-12-31",
      "2012-01-01",
    ]);
  });
});

describe("hourly partitions", () => {
  it("have two for the hour that clocks show twice, and none for the one they skip", () => {
    const autumn = hourlyPartitions({ start: "2026-10-25T01", timezone: "Europe/Oslo" });
    expect(keysAt(autumn, "2026-10-25T02:00:00Z")).toEqual([
      "2026-10-25T01+02:00",
      "2026-10-25T02+02:00",
      "2026-10-25T02+01:00",
    ]);
    const spring = hourlyPartitions({ start: "2026-03-29T01", timezone: "Europe/Oslo" });
    expect(keysAt(spring, "2026-03-29T02:00:00Z")).toEqual(["2026-03-29T01+01:00", "2026-03-29T03+02:00"]);
  });

  it("are named by their hour in UTC", () => {
    const hours = hourlyPartitions({ start: "2026-01-01T22", end: "2026-01-02T00" });
    expect(keysAt(hours, "2026-02-01T00:00:00Z")).toEqual([
      "2026-01-01T22Z",
      "2026-01-01T23Z",
      "2026-01-02T00Z",
    ]);
  });
});

it("monthly partitions are as long as their month", () => {
  const months = monthlyPartitions({ start: "2026-01", timezone: "America/New_York" });
  expect(keysAt(months, "2026-04-15T00:00:00Z")).toEqual(["2026-01", "2026-02", "2026-03"]);
  expect(windowOf(months, "2026-03", "2026-05-01T12:00:00Z")).toEqual([
    "2026-03-01T05:00:00.000Z",
    "2026-04-01T04:00:00.000Z",
  ]);
});

it("multi-dimensional partitions are every combination, by day first", () => {
  const both = multiPartitions({
    day: dailyPartitions({ start: "2026-01-01", column: "at" }),
    region: staticPartitions(["emea", "apac"], { column: "region" }),
  });
  const set = partitionSetAt(both, new Date("2026-01-03T00:00:00Z"));
  expect(set.keys).toEqual(["2026-01-01|emea", "2026-01-01|apac", "2026-01-02|emea", "2026-01-02|apac"]);
  expect(set.partition("2026-01-02|apac")).toMatchObject({
    dimensions: { day: "2026-01-02", region: "apac" },
    window: { start: new Date("2026-01-02T00:00:00Z") },
    where: `"at" >= TIMESTAMP '2026-01-02 00:00:00' AND "at" < TIMESTAMP '2026-01-03 00:00:00' AND "region" = 'apac'`,
  });
});

describe("windows in any zone", () => {
  it("begin where Temporal says that a day begins", () => {
    fc.assert(
      fc.property(fc.constantFrom(...zones), fc.integer({ min: 0, max: 25_000 }), (timezone, day) => {
        const date = Temporal.PlainDate.from("1971-01-01").add({ days: day });
        const expected = date.toZonedDateTime(timezone).epochMilliseconds;
        expect(instantOfLocal(Date.parse(`${date.toString()}T00:00:00Z`), timezone)).toBe(expected);
      }),
      { numRuns: 500 },
    );
  });

  it("follow each other without gap or overlap", () => {
    const cadences = [
      dailyPartitions({ start: "2025-01-01" }),
      hourlyPartitions({ start: "2025-09-01T00" }),
    ] as const;
    fc.assert(
      fc.property(fc.constantFrom(...zones), fc.constantFrom(...cadences), (timezone, partitions) => {
        const set = partitionSetAt({ ...partitions, timezone }, new Date("2026-01-01T00:00:00Z"));
        const windows = set.keys.map((key) => set.partition(key).window);
        const starts = windows.map((window) => window?.start.getTime() ?? NaN);
        expect(windows.map((window) => window?.end.getTime()).slice(0, -1)).toEqual(starts.slice(1));
        expect(starts).toEqual(starts.toSorted((a, b) => a - b));
        expect(new Set(set.keys).size).toBe(set.keys.length);
      }),
      { numRuns: 16 },
    );
  });
});

describe("wrong partitions", () => {
  it.each<[Partitions, string]>([
    [
      dailyPartitions({ start: "2026-02-30" }),
      'start of daily partitions must look like "2026-01-31", got "2026-02-30"',
    ],
    [
      dailyPartitions({ start: "2026-01-02", end: "2026-01-01" }),
      "daily partitions end (2026-01-01) before they start (2026-01-02)",
    ],
    [
      monthlyPartitions({ start: "2026-01-01" }),
      'start of monthly partitions must look like "2026-01", got "2026-01-01"',
    ],
    [
      hourlyPartitions({ start: "2026-01-01" }),
      'start of hourly partitions must look like "2026-01-31T05", got "2026-01-01"',
    ],
    [
      dailyPartitions({ start: "2026-01-01", timezone: "Europe/Osslo" }),
      'no time zone is called "Europe/Osslo"; expected an IANA name like "Europe/Oslo"',
    ],
    [staticPartitions([]), "a list of partitions must not be empty"],
    [staticPartitions(["a", "a"]), "two partitions are called a"],
    [
      staticPartitions(["a..b"]),
      `a partition can't be called "a..b": no "|", ",", "..", brackets or control characters`,
    ],
    [
      multiPartitions({ day: dailyPartitions({ start: "2026-01-01" }) }),
      "multi-dimensional partitions need two dimensions or more",
    ],
  ])("say what is wrong with them", (partitions, problem) => {
    expect(partitionsProblems(partitions)).toEqual([problem]);
  });
});
