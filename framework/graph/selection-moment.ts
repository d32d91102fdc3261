import { parseAgeMs } from "../util/age.ts";

/**
 * Reads an age before `now` (`90m`, `2d`), a date (its midnight, UTC) or an ISO instant with `Z` or an offset like
 * `+02:00`. Undefined for anything else, also for days that no calendar has. Nothing is before 1970.
 */
export function readMoment(text: string, now: Date): Date | undefined {
  const ageMs = parseAgeMs(text);
  if (ageMs !== undefined) return new Date(Math.max(0, now.getTime() - ageMs));
  const [, date] =
    /^(\d{4}-\d{2}-\d{2})(?:T\d{2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?(?:Z|[+-]\d{2}:\d{2}))?$/.exec(text) ?? [];
  if (date === undefined || !isCalendarDate(date)) return undefined;
  const instant = new Date(text);
  return Number.isNaN(instant.getTime()) ? undefined : instant;
}

/** `Date` takes the 30th of February for the 2nd of March. */
function isCalendarDate(date: string): boolean {
  const midnight = new Date(`${date}T00:00:00Z`);
  return !Number.isNaN(midnight.getTime()) && midnight.toISOString().startsWith(date);
}
