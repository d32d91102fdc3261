import { unreachable } from "../../util/unreachable.ts";

/** A half-open span of time, seconds since 1970. */
export interface Span {
  readonly from: number;
  readonly to: number;
}

type Unit = "DAY" | "WEEK" | "MONTH" | "QUARTER" | "YEAR";

/** Start of the unit that `now` is in, moved by `count` units; weeks start on Sunday, as in the en_US locale. */
function startOf(unit: Unit, now: number, count: number): number {
  const date = new Date(now * 1000);
  const [year, month, dayOfMonth] = [date.getUTCFullYear(), date.getUTCMonth(), date.getUTCDate()];
  const at = (...parts: [number, number, number]): number => Date.UTC(...parts) / 1000;
  switch (unit) {
    case "DAY":
      return at(year, month, dayOfMonth + count);
    case "WEEK":
      return at(year, month, dayOfMonth - date.getUTCDay() + 7 * count);
    case "MONTH":
      return at(year, month + count, 1);
    case "QUARTER":
      return at(year, month - (month % 3) + 3 * count, 1);
    case "YEAR":
      return at(year + count, 0, 1);
    default:
      return unreachable(unit);
  }
}

const fixed: Readonly<Record<string, readonly [Unit, number]>> = {
  YESTERDAY: ["DAY", -1],
  TODAY: ["DAY", 0],
  TOMORROW: ["DAY", 1],
};

/**
 * What a SOQL date literal means when the sandbox's clock shows `now`, days being UTC days and fiscal years calendar years;
 * undefined for a literal that does not exist. `LAST_N_DAYS:n` and `LAST_90_DAYS` hold today, the other `LAST_N` end before
 * the present unit.
 *
 * @see https://developer.salesforce.com/docs/atlas.en-us.soql_sosl.meta/soql_sosl/sforce_api_calls_soql_select_dateformats.htm
 */
export function dateLiteralSpan(literal: string, now: number): Span | undefined {
  const [name = "", countText] = literal.toUpperCase().replace("_FISCAL_", "_").split(":");
  const whole = (unit: Unit, count: number, length = 1): Span => ({
    from: startOf(unit, now, count),
    to: startOf(unit, now, count + length),
  });
  const exact = fixed[name];
  if (exact !== undefined) return whole(...exact);
  if (name === "LAST_90_DAYS") return { from: startOf("DAY", now, -90), to: startOf("DAY", now, 1) };
  if (name === "NEXT_90_DAYS") return whole("DAY", 1, 90);

  const relative = /^(LAST|THIS|NEXT)_(WEEK|MONTH|QUARTER|YEAR)$/.exec(name);
  if (relative !== null) {
    return whole(relative[2] as Unit, { LAST: -1, THIS: 0, NEXT: 1 }[relative[1] as "LAST"]);
  }

  const counted =
    /^(LAST|NEXT)_N_(DAY|WEEK|MONTH|QUARTER|YEAR)S$|^N_(DAY|WEEK|MONTH|QUARTER|YEAR)S_AGO$/.exec(name);
  if (counted === null || countText === undefined) return undefined;
  const count = Number(countText);
  const unit = (counted[2] ?? counted[3]) as Unit;
  if (counted[3] !== undefined) return whole(unit, -count);
  if (counted[1] === "NEXT") return whole(unit, 1, count);
  return unit === "DAY"
    ? { from: startOf("DAY", now, -count), to: startOf("DAY", now, 1) }
    : whole(unit, -count, count);
}

/** Seconds of a SOQL datetime (`2026-01-02T03:04:05Z`, fractions and offsets as well); undefined when it is none. */
export function parseDatetime(text: string): number | undefined {
  if (!/^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:?\d\d)$/i.test(text)) return undefined;
  const milliseconds = Date.parse(text.replace(/([+-]\d\d)(\d\d)$/, "$1:$2"));
  return Number.isNaN(milliseconds) ? undefined : milliseconds / 1000;
}

/** A stamp as REST writes it, `2026-01-02T03:04:05.000+0000`; whole seconds. */
export function restDatetime(seconds: number): string {
  return new Date(seconds * 1000).toISOString().replace("Z", "+0000");
}

/** A stamp as Bulk 2.0 writes it, `2026-01-02T03:04:05.000Z`. */
export function bulkDatetime(seconds: number): string {
  return new Date(seconds * 1000).toISOString();
}
