import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { defineTable } from "../../../framework/definition/table.ts";
import { loadSql, stagedRowsSql } from "../../../framework/lakehouse/athena/load-sql.ts";
import { expectQuery } from "../../../framework/lakehouse/athena/read-only.ts";
import { toValue } from "../../../framework/lakehouse/athena/results.ts";
import { joinS3, parseS3Uri } from "../../../framework/lakehouse/athena/s3-uri.ts";
import { slicing } from "../../../framework/lakehouse/athena/slices.ts";
import { Spending } from "../../../framework/lakehouse/athena/spending.ts";

const users = defineTable({
  key: "sf_raw/sf_user",
  columns: { id: { type: "string", required: true }, stamp: "timestamp", division: "string" },
});
const source = stagedRowsSql(users, `"staging"."rows"`, undefined);

describe("loading", () => {
  it("turns staged text into timestamps of microseconds", () => {
    expect(source).toBe(
      `SELECT "id", CAST("stamp" AS timestamp(6)) AS "stamp", "division" FROM "staging"."rows"`,
    );
  });

  it("replaces all rows in one statement", () => {
    const [sql, ...more] = loadSql(users, { type: "replace" }, source);
    expect(more).toEqual([]);
    expect(sql).toContain("WHEN MATCHED THEN DELETE");
    expect(sql).toContain("WHEN NOT MATCHED AND NOT s.moraine_old THEN INSERT");
  });

  it("compares a key that may be null by equalities, a required one as it is", () => {
    const [sql] = loadSql(
      users,
      { type: "merge", strategy: "insert-only", key: ["id"], unless: ["stamp"] },
      source,
    );
    expect(sql).toContain(
      `ON t."id" = s."id" AND coalesce(t."stamp", TIMESTAMP '1970-01-01 00:00:00.000000') = ` +
        `coalesce(s."stamp", TIMESTAMP '1970-01-01 00:00:00.000000') AND (t."stamp" IS NULL) = (s."stamp" IS NULL)`,
    );
  });

  it("has one WHEN a statement above 321 columns", () => {
    const names = Array.from({ length: 330 }, (_, number) => [`c${number}`, "string" as const]);
    const wide = defineTable({ key: "sf_raw/wide", columns: Object.fromEntries(names) });
    const upsert = { type: "merge", strategy: "upsert", key: ["c0"] } as const;
    for (const sql of [
      ...loadSql(wide, upsert, "SELECT 1"),
      ...loadSql(wide, { type: "replace" }, "SELECT 1"),
    ])
      expect(sql.match(/^WHEN/gm)?.length ?? 0).toBeLessThanOrEqual(1);
    expect(loadSql(users, { ...upsert, key: ["id"] }, source)).toHaveLength(1);
  });
});

describe("slices", () => {
  const of = (...partitionBy: string[]) =>
    slicing(
      defineTable({ key: "a/b", columns: { id: "string", size: "long", at: "timestamp" }, partitionBy }),
    );

  it("are of at most 100 partitions, counting every bucket", () => {
    expect(of()).toBeUndefined();
    expect(of("day(at)")).toEqual({ tuple: [`date_trunc('day', "at")`], perSlice: 100 });
    expect(of("day(at)", "bucket(16, id)")).toEqual({ tuple: [`date_trunc('day', "at")`], perSlice: 6 });
    expect(of("truncate(4, id)", "truncate(10, size)", "id")?.tuple).toEqual([
      `left("id", 4)`,
      `"size" - ((("size" % 10) + 10) % 10)`,
      `"id"`,
    ]);
  });
});

describe("values", () => {
  it.each([
    ["9007199254740993", "bigint", "9007199254740993"],
    ["12", "integer", 12],
    ["NaN", "double", "NaN"],
    ["1.5E10", "double", 15_000_000_000],
    ["10.50", "decimal(12,2)", "10.50"],
    ["true", "boolean", true],
    ["2026-01-31 09:30:00.123", "timestamp", "2026-01-31 09:30:00.123000"],
    ["2026-01-31 09:30:00", "timestamp", "2026-01-31 09:30:00.000000"],
    ["2026-01-31 01:30:00.5 +02:00", "timestamp with time zone", "2026-01-30 23:30:00.500000"],
    ["2026-01-31 01:30:00.500 UTC", "timestamp with time zone", "2026-01-31 01:30:00.500000"],
    ["ab 0f", "varbinary", "ab0f"],
    ["", "varchar", ""],
    [undefined, "varchar", null],
  ])("%s as %s is %s", (text, type, value) => expect(toValue(text, type)).toEqual(value));
});

describe("what may only read", () => {
  it.each([
    "select 1",
    "-- why\n/* so */ WITH a AS (SELECT 1) SELECT * FROM a",
    "((values 1))",
    "EXPLAIN SELECT 1",
    "show tables",
  ])("takes %s", (sql) => expect(() => expectQuery(sql)).not.toThrow());
  it.each([
    "",
    "-- select",
    "DROP TABLE a",
    "/* select */ insert into a values 1",
    "explain analyze delete from a",
    "(delete from a)",
    "MERGE INTO a",
  ])("refuses %s", (sql) => expect(() => expectQuery(sql)).toThrow("only a single query is allowed here"));
});

it("reads every bucket and key back out of a URI", () => {
  fc.assert(
    fc.property(fc.stringMatching(/^[a-z0-9][a-z0-9.-]{1,20}[a-z0-9]$/), fc.string(), (bucket, key) => {
      expect(parseS3Uri(joinS3(`s3://${bucket}/`, key))).toEqual({ bucket, key });
    }),
  );
  expect(() => parseS3Uri("https://bucket/key")).toThrow("expected s3://bucket/prefix");
});

describe("spending", () => {
  it("is refused before it goes beyond the budget, and told by table", () => {
    const spending = new Spending({ maxBytes: 30_000_000 });
    spending.expect(20_000_000);
    spending.add(20_000_000, "a/b");
    spending.expect();
    spending.add(1, "a/b");
    expect(() => spending.expect()).toThrow("more than is left of the run's budget");
    // Athena charges 10 MB at least.
    expect(spending.take("a/b")).toEqual({
      statements: 2,
      bytesScanned: 20_000_001,
      usd: expect.closeTo(0.00015, 10),
    });
    expect(spending.take("a/b")).toBeUndefined();
  });

  it("does not count what scans nothing", () => {
    const spending = new Spending({ maxBytes: 10_000_000, pricePerTerabyte: 10 });
    spending.add(0, "a/b");
    spending.expect();
    expect(spending.take("a/b")).toEqual({ statements: 1, bytesScanned: 0, usd: 0 });
  });
});
