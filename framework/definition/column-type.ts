/** Column types that Iceberg format 2, DuckDB and Athena share. `timestamp` is UTC, 6 digits, without zone. */
export type ColumnType =
  | "boolean"
  | "int"
  | "long"
  | "float"
  | "double"
  | `decimal(${number},${number})`
  | "date"
  | "timestamp"
  | "string"
  | "binary";

/**
 * A value of a column in a row. A `long` outside the safe range of a number, and a floating point number that is none,
 * are text, so that nothing is lost; decimals are text always. Timestamps are `YYYY-MM-DD HH:MM:SS.ffffff` (UTC), dates
 * `YYYY-MM-DD`, binary is lower-case hex.
 */
export type ColumnValue<T extends ColumnType> = T extends "boolean"
  ? boolean
  : T extends "int"
    ? number
    : T extends "long"
      ? number | `${bigint}`
      : T extends "float" | "double"
        ? number | "NaN" | "Infinity" | "-Infinity"
        : string;
