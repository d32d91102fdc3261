import { Cron } from "croner";
import { Temporal } from "temporal-polyfill";

/** The instants that a cron expression names in a time zone. */
export interface CronTicks {
  /** The first tick after an instant. */
  next(after: Date): Date;
  /** The last tick at or before an instant; undefined when there was none in the eight years before. */
  last(atOrBefore: Date): Date | undefined;
}

/** What {@link readCron} makes of an expression and a zone. */
export type ReadCron =
  | { readonly ok: true; readonly ticks: CronTicks }
  /** `message` says what was expected of the field, not what came. */
  | { readonly ok: false; readonly field: "cron" | "timezone"; readonly message: string };

const fields = /^\S+(?: \S+){4}$/;
const nicknames = /^@(?:hourly|daily|weekly|monthly|yearly|annually)$/;
/** February 29th is eight years from the next one around 2100; every other day that can be named is nearer. */
const longestGapMs = 8 * 366 * 86_400_000;

/**
 * Reads a cron expression of five fields (minute, hour, day, month, weekday; also `@hourly` to `@yearly`) in an IANA
 * zone. A tick is the first moment at which the zone's clocks show the named minute or a later one, so that
 *
 * - a minute that clocks skip ticks at the end of the gap, together with whatever else was skipped or is named then;
 * - a minute that clocks show twice ticks the first time only.
 *
 * Day and weekday both given means either, as in Vixie cron.
 */
export function readCron(cron: string, timezone: string): ReadCron {
  const wrong = (message: string): ReadCron => ({ ok: false, field: "cron", message });
  const expression = cron.trim().replaceAll(/\s+/g, " ");
  if (!fields.test(expression) && !nicknames.test(expression)) {
    return wrong('expected five fields like "0 7 * * 1-5", or @daily');
  }
  if (expression.includes("?")) return wrong('expected no "?", for its meaning changes with the clock');
  if (!isTimezone(timezone)) {
    return {
      ok: false,
      field: "timezone",
      message: 'expected an IANA time zone like "Europe/Oslo" or "UTC"',
    };
  }
  let pattern: Cron;
  try {
    // Wall-clock times are looked for as if they were UTC; the zone is ours, because croner shifts what clocks skip.
    pattern = new Cron(expression, { paused: true, utcOffset: 0 });
  } catch (error) {
    return wrong(error instanceof Error ? error.message.replace(/^CronPattern: /, "") : String(error));
  }
  if (pattern.nextRun(new Date(0)) === null) return wrong("expected a day that some year has");
  return { ok: true, ticks: new ZonedTicks(pattern, timezone) };
}

/** Offsets like `+01:00` are no zones: they know no summer time. */
function isTimezone(timezone: string): boolean {
  if (!/^[A-Za-z]/.test(timezone)) return false;
  try {
    Temporal.Instant.fromEpochMilliseconds(0).toZonedDateTimeISO(timezone);
    return true;
  } catch {
    return false;
  }
}

class ZonedTicks implements CronTicks {
  readonly #pattern: Cron;
  readonly #timezone: string;

  constructor(pattern: Cron, timezone: string) {
    this.#pattern = pattern;
    this.#timezone = timezone;
  }

  next(after: Date): Date {
    // Where clocks were set back, times that are named anew have ticked already.
    for (let wall = this.#wallAt(after); ;) {
      const named = this.#pattern.nextRun(wall);
      if (named === null)
        throw new Error(`Internal error: expected a tick after ${after.toISOString()}, got none`);
      const tick = this.#firstMoment(named);
      if (tick > after) return tick;
      wall = named;
    }
  }

  last(atOrBefore: Date): Date | undefined {
    let low = this.#tickWithin(atOrBefore);
    if (low === undefined) return undefined;
    // `low` is a tick, and after `high` there is none.
    for (let high = atOrBefore; this.next(low) <= high;) {
      const middle = new Date((low.getTime() + high.getTime()) / 2);
      const tick = this.next(middle);
      if (tick <= high) low = tick;
      else high = middle;
    }
    return low;
  }

  /** Some tick at or before an instant, looked for further back each time. */
  #tickWithin(atOrBefore: Date): Date | undefined {
    for (let backMs = 60_000; ; backMs = Math.min(4 * backMs, longestGapMs)) {
      const tick = this.next(new Date(atOrBefore.getTime() - backMs));
      if (tick <= atOrBefore) return tick;
      if (backMs === longestGapMs) return undefined;
    }
  }

  /** What the zone's clocks show, as if it were UTC. */
  #wallAt(instant: Date): Date {
    const zoned = Temporal.Instant.fromEpochMilliseconds(instant.getTime()).toZonedDateTimeISO(
      this.#timezone,
    );
    return new Date(instant.getTime() + zoned.offsetNanoseconds / 1e6);
  }

  /** When the zone's clocks first show a wall-clock time or a later one. */
  #firstMoment(wall: Date): Date {
    const named = Temporal.Instant.fromEpochMilliseconds(wall.getTime())
      .toZonedDateTimeISO("UTC")
      .toPlainDateTime();
    const zoned = named.toZonedDateTime(this.#timezone, { disambiguation: "earlier" });
    // In a gap, "earlier" is a moment before it.
    const first = zoned.toPlainDateTime().equals(named) ? zoned : zoned.getTimeZoneTransition("next");
    if (first === null)
      throw new Error(`Internal error: expected the end of a gap after ${zoned.toString()}`);
    return new Date(first.epochMilliseconds);
  }
}
