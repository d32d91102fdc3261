import { afterAll, beforeAll, expect, it } from "vitest";
import { collectRows } from "../../framework/lakehouse/lakehouse.ts";
import { type LakeRig, lakeRig } from "./support.ts";

let rig: LakeRig;
beforeAll(async () => {
  rig = await lakeRig();
});
afterAll(() => rig.close());

it.each([
  ["NULL", null],
  ["TRUE", true],
  ["1::TINYINT", 1],
  ["9007199254740991", 9_007_199_254_740_991],
  ["9007199254740993", "9007199254740993"],
  ["-9223372036854775808", "-9223372036854775808"],
  ["2::HUGEINT ** 100", 2 ** 100],
  ["170141183460469231731687303715884105727::HUGEINT", "170141183460469231731687303715884105727"],
  ["1.50::DECIMAL(10,2)", "1.50"],
  ["0.1::DOUBLE", 0.1],
  ["'nan'::DOUBLE", "NaN"],
  ["'infinity'::DOUBLE", "Infinity"],
  ["DATE '2024-02-29'", "2024-02-29"],
  ["TIMESTAMP '2026-01-02 03:04:05'", "2026-01-02 03:04:05.000000"],
  ["TIMESTAMP '2026-01-02 03:04:05.000001'", "2026-01-02 03:04:05.000001"],
  ["TIMESTAMP '1969-12-31 23:59:59.999999'", "1969-12-31 23:59:59.999999"],
  ["TIMESTAMP '0001-01-01 00:00:00.000001'", "0001-01-01 00:00:00.000001"],
  ["TIMESTAMP 'infinity'", "infinity"],
  ["TIMESTAMPTZ '2026-01-02 03:04:05+02'", "2026-01-02 01:04:05.000000"],
  ["TIMESTAMP_S '2026-01-02 03:04:05'", "2026-01-02 03:04:05.000000"],
  ["TIMESTAMP_MS '2026-01-02 03:04:05.678'", "2026-01-02 03:04:05.678000"],
  ["TIMESTAMP_NS '2026-01-02 03:04:05.123456789'", "2026-01-02 03:04:05.123456"],
  ["TIME '03:04:05'", "03:04:05"],
  ["UUID '9c12d441-03fe-4693-9a96-a0705ddf69c1'", "9c12d441-03fe-4693-9a96-a0705ddf69c1"],
  ["'\\xAB\\x00'::BLOB", "ab00"],
  ["[1, NULL, 3]", [1, null, 3]],
  ["{'a': 1, 'b': [TIMESTAMP '2026-01-02']}", { a: 1, b: ["2026-01-02 00:00:00.000000"] }],
  ["MAP {'k': 1}", { k: 1 }],
  ["MAP {1: 'v'}", { "1": "v" }],
])("%s is given as %j", async (sql, value) => {
  expect(await collectRows(await rig.lake.query(`SELECT ${sql} AS value`))).toEqual([{ value }]);
});

it("names columns and types, and keeps columns of one name apart", async () => {
  const result = await rig.lake.query("SELECT 1 AS a, 'x' AS a, now()::TIMESTAMP AS at");
  expect(result.columns.map((column) => column.type)).toEqual(["INTEGER", "VARCHAR", "TIMESTAMP"]);
  expect(new Set(result.columns.map((column) => column.name)).size).toBe(3);
});

it("streams: the first rows come before the last are made", async () => {
  const { rows } = await rig.lake.query("SELECT range AS n FROM range(100000000000)");
  let seen = 0;
  for await (const row of rows) {
    expect(row).toEqual({ n: seen });
    seen += 1;
    if (seen === 5_000) break;
  }
  expect(seen).toBe(5_000);
});
