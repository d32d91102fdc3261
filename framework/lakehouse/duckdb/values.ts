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
  const micros = microsOf(value);
  if (micros !== undefined) return timestampText(micros) ?? String(value);
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

/** A timestamp of any precision, whole microseconds since 1970; undefined for other values. */
function microsOf(value: DuckDBValue): bigint | undefined {
  if (value instanceof DuckDBTimestampValue || value instanceof DuckDBTimestampTZValue) return value.micros;
  if (value instanceof DuckDBTimestampSecondsValue) return value.seconds * 1_000_000n;
  if (value instanceof DuckDBTimestampMillisecondsValue) return value.millis * 1_000n;
  if (value instanceof DuckDBTimestampNanosecondsValue) return value.nanos / 1_000n;
  return undefined;
}

function keyText(key: Value): string {
  return typeof key === "string" ? key : JSON.stringify(key);
}

/** Furthest that a Date reaches, either way from 1970. */
const maxDateMillis = 8_640_000_000_000_000n;

/** `YYYY-MM-DD HH:MM:SS.ffffff`, UTC; undefined for infinities and for years that no calendar needs. */
function timestampText(micros: bigint): string | undefined {
  const rest = ((micros % 1_000n) + 1_000n) % 1_000n;
  const millis = (micros - rest) / 1_000n;
  if (millis > maxDateMillis || millis < -maxDateMillis) return undefined;
  const iso = new Date(Number(millis)).toISOString();
  return `${iso.slice(0, -1).replace("T", " ")}${rest.toString().padStart(3, "0")}`;
}
