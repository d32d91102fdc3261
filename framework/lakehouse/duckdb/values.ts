import {
  DuckDBBlobValue,
  DuckDBListValue,
  DuckDBArrayValue,
  DuckDBMapValue,
  DuckDBStructValue,
  DuckDBTimestampMillisecondsValue,
  DuckDBTimestampNanosecondsValue,
  DuckDBTimestampSecondsValue,
  DuckDBTimestampTZValue,
  DuckDBTimestampValue,
  DuckDBUnionValue,
  type DuckDBValue,
} from "@duckdb/node-api";
import type { Value } from "../lakehouse.ts";

/** DuckDB's value as the lakehouse's: see {@link Value}. Binary becomes lower-case hex, NaN and infinities text. */
export function toValue(value: DuckDBValue): Value {
  if (value === null || typeof value === "string" || typeof value === "boolean") return value;
  if (typeof value === "number") return Number.isFinite(value) ? value : String(value);
  if (typeof value === "bigint")
    return Number.isSafeInteger(Number(value)) ? Number(value) : value.toString();
  if (value instanceof DuckDBTimestampValue || value instanceof DuckDBTimestampTZValue) {
    return isInfinite(value.micros) ? String(value) : timestampText(value.micros);
  }
  if (value instanceof DuckDBTimestampSecondsValue) return timestampText(value.seconds * 1_000_000n);
  if (value instanceof DuckDBTimestampMillisecondsValue) return timestampText(value.millis * 1_000n);
  if (value instanceof DuckDBTimestampNanosecondsValue) return timestampText(value.nanos / 1_000n);
  if (value instanceof DuckDBBlobValue) return Buffer.from(value.bytes).toString("hex");
  if (value instanceof DuckDBListValue || value instanceof DuckDBArrayValue) return value.items.map(toValue);
  if (value instanceof DuckDBStructValue) {
    return Object.fromEntries(Object.entries(value.entries).map(([name, member]) => [name, toValue(member)]));
  }
  if (value instanceof DuckDBMapValue) {
    return Object.fromEntries(
      value.entries.map(({ key, value: member }) => [keyText(toValue(key)), toValue(member)]),
    );
  }
  if (value instanceof DuckDBUnionValue) return toValue(value.value);
  return String(value);
}

function keyText(key: Value): string {
  return typeof key === "string" ? key : JSON.stringify(key);
}

const microsPerDay = 86_400_000_000n;
/** DuckDB's `infinity` and `-infinity`. */
const infinity = 2n ** 63n - 1n;

function isInfinite(micros: bigint): boolean {
  return micros === infinity || micros === -infinity;
}

/** `YYYY-MM-DD HH:MM:SS.ffffff`, UTC. */
function timestampText(micros: bigint): string {
  const timeOfDay = ((micros % microsPerDay) + microsPerDay) % microsPerDay;
  const day = new Date(Number((micros - timeOfDay) / 1_000n));
  // Outside the years 0 to 9999 ISO's form has a sign and six digits; DuckDB itself writes them so as well.
  const date = day.toISOString().replace(/T.*$/, "");
  const seconds = timeOfDay / 1_000_000n;
  const clock = [seconds / 3_600n, (seconds / 60n) % 60n, seconds % 60n]
    .map((part) => pad(part, 2))
    .join(":");
  return `${date} ${clock}.${pad(timeOfDay % 1_000_000n, 6)}`;
}

function pad(number: bigint, digits: number): string {
  return number.toString().padStart(digits, "0");
}
