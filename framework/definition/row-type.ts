import type { StandardSchemaV1 } from "@standard-schema/spec";

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
