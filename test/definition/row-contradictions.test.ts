import * as z from "zod";
import { describe, expect, it } from "vitest";
import { defineAsset, defineTable, type RowSchema, rowsCheck } from "moraine";
import { buildGraph } from "../../framework/graph/build-graph.ts";

const table = defineTable({
  key: "shop/order",
  columns: { id: { type: "long", required: true }, total: "decimal(10,2)", paid: "boolean", at: "timestamp" },
});

const problemsOf = (rows: RowSchema) =>
  defineAsset({ key: "shop/order", table, rows, materialize: () => {} }).problems.map(
    ({ message }) => message,
  );

describe("a schema beside a table", () => {
  it("may say less, or more exactly, than the table", () => {
    expect(problemsOf(z.object({ id: z.union([z.number(), z.string()]) }))).toEqual([]);
    expect(
      problemsOf(
        z.object({ id: z.int(), total: z.string().regex(/^\d/), paid: z.literal(true), at: z.coerce.date() }),
      ),
    ).toEqual([]);
    expect(
      problemsOf(z.object({ total: z.string().nullish(), at: z.string().transform(Date.parse) })),
    ).toEqual([]);
  });

  it("can't want a column that the table has not", () => {
    expect(problemsOf(z.object({ id: z.number(), totl: z.string() }))).toEqual([
      "shop/order: the schema needs column totl, which the table has not; did you mean total?",
    ]);
    expect(problemsOf(z.object({ discounted: z.string().optional() }))).toEqual([
      "shop/order: the schema has column discounted, which the table has not",
    ]);
  });

  it("can't want another type than the column's", () => {
    expect(problemsOf(z.object({ total: z.number(), paid: z.enum(["y", "n"]).nullable() }))).toEqual([
      "shop/order: column total is decimal(10,2) in the table, read as string, and the schema takes number",
      "shop/order: column paid is boolean in the table, read as boolean, and the schema takes string or null",
    ]);
    expect(problemsOf(z.object({ at: z.union([z.number(), z.boolean()]) }))).toEqual([
      "shop/order: column at is timestamp in the table, read as string, and the schema takes number or boolean",
    ]);
  });

  it("can't refuse a column of the table", () => {
    expect(
      problemsOf(z.strictObject({ id: z.number(), total: z.string(), at: z.string().nullable() })),
    ).toEqual(["shop/order: the schema refuses column paid of the table"]);
  });

  it("of a library that can't describe itself is left to the rows", () => {
    const validate = () => ({ issues: [{ message: "never" }] });
    expect(problemsOf({ "~standard": { version: 1, vendor: "hand", validate } })).toEqual([]);
    expect(problemsOf(z.custom<object>())).toEqual([]);
  });

  it("is a definition error before anything runs", () => {
    const asset = defineAsset({
      key: "shop/order",
      table,
      rows: z.object({ nope: z.string() }),
      materialize: () => {},
    });
    expect(() => buildGraph({ assets: [asset], checks: [], problems: [] })).toThrow(
      "the schema needs column nope, which the table has not",
    );
  });
});

it("a check of rows on an asset without schema is a definition problem", () => {
  const asset = defineAsset({ key: "shop/order", table, materialize: () => {} });
  expect(rowsCheck({ asset }).problems).toEqual([
    {
      message: "check rows_fit on shop/order: the asset declares no schema that its rows could fit",
      next: "give defineAsset a schema in `rows`",
    },
  ]);
});
