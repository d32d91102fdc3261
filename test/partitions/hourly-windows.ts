import { expect } from "vitest";
import { hourlyPartitions } from "moraine";
import { partitionSetAt } from "../../framework/definition/partitions/partition-set.ts";

/** All zones of the runtime's tz database. */
export const allZones: readonly string[] = Intl.supportedValuesOf("timeZone");

const hourMs = 3_600_000;

/** What a zone's clocks show, by the runtime's own formatter: as if it were UTC, milliseconds. */
function clockOf(timezone: string): (ms: number) => number {
  const format = new Intl.DateTimeFormat("sv-SE", {
    timeZone: timezone,
    dateStyle: "short",
    timeStyle: "medium",
  });
  return (ms) => Date.parse(`${format.format(ms).replace(" ", "T")}Z`);
}

/**
 * Expects that a zone's windows from one instant to another follow each other, begin whenever clocks show a whole hour
 * and at no other moment, and have different keys that name that hour.
 */
export function expectWholeHours(timezone: string, fromMs: number, toMs: number): void {
  const clock = clockOf(timezone);
  const start = `${new Date(fromMs).toISOString().slice(0, 13)}Z`;
  const set = partitionSetAt(hourlyPartitions({ start, timezone }), new Date(toMs));
  const windows = set.keys.map((key) => ({ key, ...set.partition(key).window }));
  expect(new Set(set.keys).size).toBe(set.keys.length);
  const starts: number[] = [];
  for (const [index, { key, start: begin, end }] of windows.entries()) {
    const at = begin?.getTime() ?? Number.NaN;
    const place = `${timezone} ${key}`;
    expect([place, key.slice(0, 13)]).toEqual([place, new Date(clock(at)).toISOString().slice(0, 13)]);
    const next = windows[index + 1];
    if (next !== undefined) expect([place, end]).toEqual([place, next.start]);
    starts.push(at);
  }
  const shown: number[] = [];
  const last = starts.at(-1) ?? 0;
  // No zone has been a quarter of an hour off a quarter since 1972.
  for (let ms = starts[0] ?? last + 1; ms <= last; ms += hourMs / 4)
    if (clock(ms) % hourMs === 0) shown.push(ms);
  expect([timezone, starts]).toEqual([timezone, shown]);
  expect([timezone, (starts[0] ?? 0) - fromMs < 2 * hourMs]).toEqual([timezone, true]);
}
