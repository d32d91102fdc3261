import type { ColumnType } from "../definition/column-type.ts";
import { fail } from "../event/failure.ts";
import type { Row, Value } from "../lakehouse/lakehouse.ts";
import type { SourceRecord } from "../salesforce/rest-query.ts";
import { lakeTime } from "./lake-time.ts";
import type { Spec } from "./spec.ts";

/** Turns records as read into rows of the table, without the columns that the load fills. */
export function recordMapper(spec: Spec): (record: SourceRecord) => Row {
  const fields = Object.entries(spec.fields);
  return (record) => {
    const row: Record<string, Value> = {};
    for (const [name, { column, type }] of fields) row[column] = toValue(record[name], type, name);
    const id = record["Id"];
    // 15-character ids differ in case only and collide wherever case does not count.
    if (typeof id !== "string" || id.length !== 18) refuse("Id", "an 18-character id", id);
    return row;
  };
}

/**
 * One value, from REST's JSON or Bulk's text. The empty string is null, because Bulk can't tell them apart and the same
 * user must give the same row by either way; every other text, `NA` and `null` too, stays as it is.
 */
export function toValue(value: unknown, type: ColumnType, field: string): Value {
  if (value === null || value === undefined || value === "") return null;
  switch (type) {
    case "boolean":
      if (value === true || value === "true") return true;
      if (value === false || value === "false") return false;
      return refuse(field, "true or false", value);
    case "int":
    case "long": {
      // Bulk may write an integer as "3.0".
      const number = Number(value);
      return Number.isSafeInteger(number) ? number : refuse(field, "an integer", value);
    }
    case "float":
    case "double": {
      const number = Number(value);
      return Number.isFinite(number) ? number : refuse(field, "a number", value);
    }
    case "timestamp": {
      const instant = new Date(typeof value === "string" ? value : Number.NaN);
      return Number.isNaN(instant.getTime()) ? refuse(field, "an instant", value) : lakeTime(instant);
    }
    case "string":
    case "date":
    case "binary":
    default:
      return typeof value === "string" || typeof value === "number" || typeof value === "boolean"
        ? String(value)
        : refuse(field, `a ${type}`, value);
  }
}

function refuse(field: string, expected: string, value: unknown): never {
  return fail({
    reason: "bad-response",
    message: `field ${field} holds something else than declared`,
    retryable: false,
    expected,
    got: typeof value === "object" && value !== null ? "a compound value" : JSON.stringify(value),
  });
}
