import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { hourlyPartitions } from "moraine";
import { partitionSetAt } from "../../framework/definition/partitions/partition-set.ts";
import { allZones, expectWholeHours } from "./hourly-windows.ts";

const dayMs = 86_400_000;

function windowsOf(timezone: string, start: string, now: string): readonly string[] {
  const set = partitionSetAt(hourlyPartitions({ start, timezone }), new Date(now));
  return set.keys.map((key) => {
    const { window } = set.partition(key);
    return `${key} ${window?.start.toISOString().slice(11, 16)}-${window?.end.toISOString().slice(11, 16)}`;
  });
}

describe("hourly windows", () => {
  it("begin at whole hours again after Lord Howe's clocks have moved by half an hour", () => {
    expect(windowsOf("Australia/Lord_Howe", "2026-10-04T00", "2026-10-03T18:00:00Z")).toEqual([
      "2026-10-04T00+10:30 13:30-14:30",
      "2026-10-04T01+10:30 14:30-16:00", // until 03:00, for 02:00 is not shown
      "2026-10-04T03+11:00 16:00-17:00",
      "2026-10-04T04+11:00 17:00-18:00",
    ]);
    expect(windowsOf("Australia/Lord_Howe", "2026-04-05T00", "2026-04-04T17:30:00Z")).toEqual([
      "2026-04-05T00+11:00 13:00-14:00",
      "2026-04-05T01+11:00 14:00-15:30", // 01:30 to 02:00 is shown twice
      "2026-04-05T02+10:30 15:30-16:30",
      "2026-04-05T03+10:30 16:30-17:30",
    ]);
  });

  it("begin with the first whole hour where the first one is not shown", () => {
    expect(windowsOf("Australia/Lord_Howe", "2026-10-04T02", "2026-10-03T17:00:00Z")).toEqual([
      "2026-10-04T03+11:00 16:00-17:00",
    ]);
    expect(windowsOf("Asia/Kathmandu", "2026-01-01T00Z", "2026-01-01T01:30:00Z")).toEqual([
      "2026-01-01T06+05:45 00:15-01:15",
    ]);
  });

  it("end after the second of an hour that clocks show again two hours later", () => {
    const partitions = hourlyPartitions({
      start: "2026-10-25T01",
      end: "2026-10-25T01",
      timezone: "Antarctica/Troll",
    });
    expect(partitionSetAt(partitions, new Date("2027-01-01")).keys).toEqual([
      "2026-10-25T01+02:00",
      "2026-10-25T02+02:00",
      "2026-10-25T01+00:00",
    ]);
  });

  it("begin whenever clocks show a whole hour, and at no other moment, in any zone", () => {
    fc.assert(
      fc.property(
        fc.oneof(fc.constantFrom(...allZones), fc.constant("Australia/Lord_Howe")),
        fc.integer({ min: Date.UTC(2016, 0, 1) / dayMs, max: Date.UTC(2027, 0, 1) / dayMs }),
        (timezone, day) => expectWholeHours(timezone, day * dayMs, (day + 40) * dayMs),
      ),
      { numRuns: 60 },
    );
  });
});
