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
    const hour = new Date(clock(at)).toISOString().slice(0, 13);
    const next = windows[index + 1]?.start?.getTime();
    // Without an expectation for each of a million windows.
    if (key.slice(0, 13) !== hour || (next !== undefined && end?.getTime() !== next))
      throw new Error(
        `${timezone}: expected ${key} to name ${hour} and to end at ${next}, got ${end?.getTime()}`,
      );
    starts.push(at);
  }
  expect([timezone, starts]).toEqual([timezone, wholeHoursShown(clock, starts[0] ?? 0, starts.at(-1) ?? -1)]);
  expect([timezone, (starts[0] ?? 0) - fromMs < 2 * hourMs]).toEqual([timezone, true]);
}

/** The instants at which clocks show a whole hour: looked for in every quarter of an hour of days on which they change. */
function wholeHoursShown(clock: (ms: number) => number, fromMs: number, toMs: number): readonly number[] {
  const shown: number[] = [];
  const offset = (ms: number) => clock(ms) - ms;
  for (let day = fromMs; day <= toMs; day += 24 * hourMs) {
    const changes = offset(day) !== offset(day + 24 * hourMs);
    const step = changes ? hourMs / 4 : hourMs;
    const first = changes ? day : day + (((-clock(day) % hourMs) + hourMs) % hourMs);
    for (let ms = first; ms < day + 24 * hourMs && ms <= toMs; ms += step)
      if (!changes || clock(ms) % hourMs === 0) shown.push(ms);
  }
  return shown;
}
