// Local time by the runtime's own zone database. A Temporal polyfill would do the same, and costs every command line
// 40 ms of loading; the tests compare this file with one.

const formats = new Map<string, Intl.DateTimeFormat>();

function formatOf(timezone: string): Intl.DateTimeFormat {
  const known = formats.get(timezone);
  if (known !== undefined) return known;
  const format = new Intl.DateTimeFormat("en-US", {
    timeZone: timezone,
    hourCycle: "h23",
    year: "numeric",
    month: "numeric",
    day: "numeric",
    hour: "numeric",
    minute: "numeric",
    second: "numeric",
  });
  formats.set(timezone, format);
  return format;
}

/** Whether the runtime knows a zone of this IANA name. */
export function isTimezone(timezone: string): boolean {
  try {
    formatOf(timezone);
    return true;
  } catch {
    return false;
  }
}

/** How far local time is ahead of UTC at an instant, milliseconds (whole seconds). */
export function utcOffsetMs(instantMs: number, timezone: string): number {
  if (timezone === "UTC") return 0;
  const whole = Math.floor(instantMs / 1000) * 1000;
  const fields: Record<string, number> = {};
  for (const { type, value } of formatOf(timezone).formatToParts(whole)) fields[type] = Number(value);
  const { year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0 } = fields;
  return Date.UTC(year, month - 1, day, hour, minute, second) - whole;
}

/**
 * The first instant at which local clocks show this local time or a later one, milliseconds. A local time that clocks
 * jump over begins where they land; one that they show twice begins the first time.
 *
 * @param localMs the local time as if it were UTC
 */
export function instantOfLocal(localMs: number, timezone: string): number {
  return instantsOfLocal(localMs, timezone)[0];
}

/** The same, and the second instant at which clocks show the local time where they show it twice. */
export function instantsOfLocal(
  localMs: number,
  timezone: string,
): readonly [first: number, second?: number | undefined] {
  if (timezone === "UTC") return [localMs];
  const dayMs = 86_400_000;
  const before = utcOffsetMs(localMs - dayMs, timezone);
  const after = utcOffsetMs(localMs + dayMs, timezone);
  // The larger offset gives the earlier instant: the first of two. It is wrong only when it is not in force there.
  const [early, late] =
    before > after ? [localMs - before, localMs - after] : [localMs - after, localMs - before];
  const isLate = utcOffsetMs(late, timezone) === localMs - late;
  if (utcOffsetMs(early, timezone) === localMs - early)
    return isLate && late > early ? [early, late] : [early];
  if (isLate) return [late];
  // Jumped over: the change itself lies between the two.
  return [firstInstantWithOffset(early, late, timezone, after)];
}

const hourMs = 3_600_000;

/** Local whole hours from the first one at or after an instant on, each time that clocks show one; without end. */
export function* wholeHours(
  fromMs: number,
  timezone: string,
): Generator<{ readonly at: number; readonly offsetMs: number }, never> {
  let offsetMs = utcOffsetMs(fromMs, timezone);
  let at = upToWholeHour(fromMs, offsetMs);
  if (utcOffsetMs(at, timezone) !== offsetMs) {
    const now = utcOffsetMs(at, timezone);
    at = upToWholeHour(firstInstantWithOffset(fromMs, at, timezone, now), now);
    offsetMs = now;
  }
  for (;;) {
    yield { at, offsetMs };
    const inAnHour = at + hourMs;
    const then = utcOffsetMs(inAnHour, timezone);
    // Clocks that were moved meanwhile show the next whole hour at once, or later than in an hour, or sooner.
    at =
      then === offsetMs
        ? inAnHour
        : upToWholeHour(firstInstantWithOffset(at, inAnHour, timezone, then), then);
    offsetMs = then;
  }
}

function upToWholeHour(ms: number, offsetMs: number): number {
  return Math.ceil((ms + offsetMs) / hourMs) * hourMs - offsetMs;
}

function firstInstantWithOffset(fromMs: number, toMs: number, timezone: string, offsetMs: number): number {
  let low = Math.floor(fromMs / 1000);
  let high = Math.ceil(toMs / 1000);
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    if (utcOffsetMs(middle * 1000, timezone) === offsetMs) high = middle;
    else low = middle + 1;
  }
  return low * 1000;
}
