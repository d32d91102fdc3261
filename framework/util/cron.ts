import { Cron } from "croner";
import { readFields } from "./cron-fields.ts";
import { instantsOfLocal, isTimezone, utcOffsetMs } from "./zoned-time.ts";

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

const dayMs = 86_400_000;
/** February 29th is eight years from the next one around 2100; every other day that can be named is nearer. */
const longestGapMs = 8 * 366 * dayMs;

/**
 * Reads a cron expression of five fields (minute, hour, day, month, weekday; also `@hourly` to `@yearly`) in an IANA
 * zone. A tick is the first moment at which the zone's clocks show the named minute or a later one, so that
 *
 * - a minute that clocks skip ticks at the end of the gap, together with whatever else was skipped or is named then;
 * - a minute that clocks show twice ticks the first time only; both times where the minute or the hour begins with `*`,
 *   so that what ticks every few minutes does not pause for an hour, as in Vixie cron and systemd.
 *
 * Day and weekday both given means either. {@link readFields} says which expressions are refused.
 */
export function readCron(cron: string, timezone: string): ReadCron {
  const wrong = (message: string): ReadCron => ({ ok: false, field: "cron", message });
  // An offset like `+01:00` knows no summer time.
  if (!/^[A-Za-z]/.test(timezone) || !isTimezone(timezone)) {
    return {
      ok: false,
      field: "timezone",
      message: 'expected an IANA time zone like "Europe/Oslo" or "UTC"',
    };
  }
  const read = readFields(cron);
  if (!read.ok) return wrong(read.message);
  let pattern: Cron;
  try {
    // Wall-clock times are looked for as if they were UTC; the zone is ours, because croner shifts what clocks skip.
    pattern = new Cron(read.pattern, { paused: true, utcOffset: 0 });
  } catch (error) {
    return wrong(error instanceof Error ? error.message.replace(/^CronPattern: /, "") : String(error));
  }
  if (pattern.nextRun(new Date(0)) === null) return wrong("expected a day that some year has");
  return { ok: true, ticks: new ZonedTicks(pattern, timezone, read.repeats) };
}

/** A project has few expressions, and a daemon reads them again and again. */
const known = new Map<string, CronTicks>();

/** The same for a definition whose problems have been looked for. @throws Error (our bug) for one that is wrong */
export function ticksOf(cron: string, timezone: string): CronTicks {
  const name = `${cron} ${timezone}`;
  const before = known.get(name);
  if (before !== undefined) return before;
  const read = readCron(cron, timezone);
  if (!read.ok) throw new Error(`Internal error: expected a checked ${read.field}, got ${name}`);
  known.set(name, read.ticks);
  return read.ticks;
}

class ZonedTicks implements CronTicks {
  readonly #pattern: Cron;
  readonly #timezone: string;
  /** Whether a minute that clocks show twice ticks twice. */
  readonly #repeats: boolean;

  constructor(pattern: Cron, timezone: string, repeats: boolean) {
    this.#pattern = pattern;
    this.#timezone = timezone;
    this.#repeats = repeats;
  }

  next(after: Date): Date {
    const afterMs = after.getTime();
    let next = Number.POSITIVE_INFINITY;
    for (let local = this.#earliestLocal(afterMs); ;) {
      const named = this.#pattern.nextRun(local);
      if (named === null) throw new Error(`Internal error: expected a tick after ${after.toISOString()}`);
      const [first, second = first] = instantsOfLocal(named.getTime(), this.#timezone);
      // Later readings are shown later: the first time, and the second time as well.
      if (first >= next) return new Date(next);
      if (first > afterMs) next = first;
      else if (this.#repeats && second > afterMs) next = Math.min(next, second);
      local = named;
    }
  }

  /** A clock reading before all that can name the next tick: the second time, clocks show what they have shown. */
  #earliestLocal(afterMs: number): Date {
    const offset = (ms: number) => utcOffsetMs(ms, this.#timezone);
    const now = offset(afterMs);
    return new Date(afterMs + (this.#repeats ? Math.min(now, offset(afterMs + dayMs)) : now));
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
}
