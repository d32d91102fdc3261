import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Engine, Plan, Step } from "./stack/athena/plan.ts";
import { csvLine, render } from "./stack/athena/rendering.ts";
import { tokensOf } from "./stack/athena/sql-reader.ts";
import { translate } from "./stack/athena/translate.ts";

const session = { database: "raw", parameters: [], outputLocation: "s3://results/" };
const plan = (sql: string, parameters: readonly string[] = []): Plan =>
  translate(sql, { ...session, parameters });

/** The statements that Trino is given, with every question of theirs answered by nothing. */
async function trino(sql: string): Promise<readonly string[]> {
  const engine: Engine = {
    values: async () => [],
    outputTypes: async () => [],
    createGlueTable: async () => {},
  };
  const ask = async (step: Step) => (typeof step === "string" ? step : step(engine));
  return (await Promise.all(plan(sql).steps.map(ask))).flatMap((statement) => statement ?? []);
}

describe("Athena's SQL", () => {
  it("is taken apart without losing a character", () => {
    const piece = fc.constantFrom("'", '"', "`", "--", "/*", "*/", "\n", " ", "a", "1", ";", "(", "é", "->");
    const text = fc.array(fc.oneof(piece, fc.string())).map((parts) => parts.join(""));
    fc.assert(
      fc.property(text, (sql) => {
        expect(
          tokensOf(sql)
            .map((token) => token.text)
            .join(""),
        ).toBe(sql);
      }),
    );
  });

  it.each([
    ["SELECT `x` -- ;\nFROM t;", "SELECT `x` -- ;\nFROM t"],
    ["DROP TABLE IF EXISTS `raw`.`t`", 'DROP TABLE IF EXISTS "raw"."t"'],
    ["drop table t", 'DROP TABLE "raw"."t"'],
    [
      "ALTER TABLE t ADD COLUMNS (a string COMMENT 'x, (y)')",
      `ALTER TABLE "raw"."t" ADD COLUMN "a" varchar COMMENT 'x, (y)'`,
    ],
    [
      "OPTIMIZE t REWRITE DATA USING BIN_PACK WHERE d > DATE '2026-01-01'",
      `ALTER TABLE "raw"."t" EXECUTE optimize WHERE d > DATE '2026-01-01'`,
    ],
    ["SHOW TABLES IN `raw`", 'SHOW TABLES IN "raw"'],
    [
      "CREATE TABLE t (id bigint, m map<string,array<int>>, s struct<a:int,`b`:decimal(12,2)>, at timestamp) " +
        "PARTITIONED BY (day(at), bucket(16, id)) LOCATION 's3://b/t/' " +
        "TBLPROPERTIES ('table_type'='ICEBERG', 'vacuum_max_snapshot_age_seconds'='60')",
      'CREATE TABLE "raw"."t" ("id" bigint, "m" map(varchar, array(integer)), "s" row("a" integer, "b" decimal(12, 2)), "at" timestamp(6)) ' +
        "WITH (location = 's3://b/t', partitioning = ARRAY['day(at)', 'bucket(id, 16)'], " +
        "extra_properties = MAP(ARRAY['vacuum_max_snapshot_age_seconds'], ARRAY['60']))",
    ],
    [
      "CREATE TABLE raw.t WITH (table_type = 'ICEBERG', is_external = false, location = 's3://b/t', partitioning = ARRAY['day(at)', 'x']) AS SELECT ')' AS x",
      `CREATE TABLE "raw"."t" WITH (location = 's3://b/t', partitioning = ARRAY['day(at)', 'x']) AS SELECT ')' AS x`,
    ],
    [
      "CREATE TABLE raw.t AS SELECT 1 AS x",
      `CREATE TABLE "awsdatacatalog_hive"."raw"."t" WITH (external_location = 's3://results/tables/t', format = 'PARQUET') AS SELECT 1 AS x`,
    ],
  ])("becomes Trino's: %s", async (athena, expected) => {
    expect(await trino(athena)).toEqual([expected]);
  });

  it("gives a statement its parameters", () => {
    expect(plan("SELECT 'it''s' WHERE a = ?", ["1"]).steps).toEqual([
      "EXECUTE IMMEDIATE 'SELECT ''it''''s'' WHERE a = ?' USING 1",
    ]);
  });

  it("registers a table in Hive format in Glue, without the engine", async () => {
    const made: unknown[] = [];
    const [step] = plan(
      "CREATE EXTERNAL TABLE stage (id bigint, at timestamp) STORED AS PARQUET LOCATION 's3://b/s/'",
    ).steps;
    if (typeof step !== "function") throw new Error("expected a step that asks");
    await step({
      values: async () => [],
      outputTypes: async () => [],
      createGlueTable: async (...args) => void made.push(args),
    });
    expect(made).toMatchObject([
      [
        "raw",
        {
          Name: "stage",
          StorageDescriptor: {
            Columns: [
              { Name: "id", Type: "bigint" },
              { Name: "at", Type: "timestamp" },
            ],
          },
        },
        false,
      ],
    ]);
  });

  it.each([
    ['DROP TABLE "raw"."t"', "cannot recognize input near '\"raw\"'"],
    ["CREATE TABLE t (id bigint) LOCATION 's3://b/t'", "only external tables may be other than Iceberg"],
    ["CREATE TABLE t (id bigint) TBLPROPERTIES ('table_type'='ICEBERG')", "LOCATION is required"],
    [
      "CREATE TABLE t (id varchar(3)) LOCATION 's3://b/t' TBLPROPERTIES ('table_type'='ICEBERG')",
      "Unsupported Iceberg column type: varchar",
    ],
    [
      "CREATE TABLE t (id int) LOCATION 's3://b/t' TBLPROPERTIES ('table_type'='ICEBERG', 'mine'='1')",
      "Table properties [mine] are not supported.",
    ],
    ["ALTER TABLE t SET TBLPROPERTIES ('mine'='1')", "Unsupported table property key: mine"],
    ["CREATE TABLE `t` WITH (table_type='ICEBERG') AS SELECT 1", "backquoted identifiers are not supported"],
    ["GRANT x", "mismatched input 'GRANT'"],
  ])("is refused as Athena refuses it: %s", (sql, message) => {
    expect(() => plan(sql)).toThrow(message);
  });
});

describe("a result", () => {
  it("tells NULL from empty text and from the word", () => {
    expect(csvLine([undefined, "", "null", 'a "b", c'])).toBe(',"","null","a ""b"", c"\n');
  });

  it.each([
    ["1.0E10", "double", "1.0E10"],
    ["1234567890.5", "double", "1.2345678905E9"],
    ["1", "double", "1.0"],
    ["0.0001", "real", "1.0E-4"],
    ["NaN", "double", "NaN"],
    ["9007199254740993", "bigint", "9007199254740993"],
    ["AAH/", "varbinary", "00 01 ff"],
  ])("has Athena's text: %s as %s", (value, rawType, expected) => {
    expect(render(value, { rawType, arguments: [] })).toBe(expected);
  });
});
