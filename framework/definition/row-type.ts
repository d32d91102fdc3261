import type { StandardSchemaV1 } from "@standard-schema/spec";
import type { ColumnType } from "./table.ts";

declare const rowType: unique symbol;

/** Something with rows of type `R`. The compiler alone sees it; no value has this member. */
export interface HasRows<R> {
  readonly [rowType]?: R;
}

/** The type of the rows of an asset, a table or a reference; `unknown` where nothing declares it. */
export type RowOf<T> = T extends HasRows<infer R> ? R : unknown;

/**
 * A validator of rows by any library that implements Standard Schema (https://standardschema.dev): zod, Valibot, ArkType
 * and others. It is given rows as the lake gives them ({@link Row}) and may make something else of them; `R` is what
 * comes out.
 */
export type RowSchema<R = unknown> = StandardSchemaV1<unknown, R>;

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
