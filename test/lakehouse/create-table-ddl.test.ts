import { describe, expect, it } from "vitest";
import { defineTable } from "../../framework/definition/table.ts";
import { parsePartition } from "../../framework/lakehouse/ddl/partition.ts";
import { addColumnDdl, createTableDdl } from "../../framework/lakehouse/ddl/table-ddl.ts";
import { athenaDialect } from "../../framework/lakehouse/athena/athena-dialect.ts";
import { duckdbDialect } from "../../framework/lakehouse/duckdb/duckdb-dialect.ts";

const everything = defineTable({
  key: "sf_raw/sf_user",
  description: "Users, as they were landed; it's a log",
  columns: {
    id: { type: "string", required: true },
    logins: "long",
    age: "int",
    quota: "decimal(18,2)",
    ratio: "float",
    score: "double",
    hired: "date",
    is_active: "boolean",
    photo: "binary",
    extracted_at: "timestamp",
  },
  partitionBy: ["day(extracted_at)", "bucket(16, id)", "truncate(4,id)", "is_active"],
  properties: { "write.target-file-size-bytes": "134217728" },
});

describe("DDL for Athena", () => {
  const athena = athenaDialect("s3://lake/tables/");

  it("makes every type and transform, and the properties that Athena knows", () => {
    const table = defineTable({
      ...everything,
      columns: {
        ...everything.columns,
        id: { type: "string", required: true, description: "It's 18\ncharacters" },
      },
      properties: {
        ...everything.properties,
        "write.wap.enabled": "true",
        optimize_rewrite_delete_file_threshold: "2",
      },
    });
    expect(createTableDdl(table, athena)).toBe(
      `CREATE TABLE IF NOT EXISTS \`sf_raw\`.\`sf_user\` (
  \`id\` string COMMENT 'It''s 18 characters',
  \`logins\` bigint,
  \`age\` int,
  \`quota\` decimal(18,2),
  \`ratio\` float,
  \`score\` double,
  \`hired\` date,
  \`is_active\` boolean,
  \`photo\` binary,
  \`extracted_at\` timestamp
)
PARTITIONED BY (day(\`extracted_at\`), bucket(16, \`id\`), truncate(4, \`id\`), \`is_active\`)
LOCATION 's3://lake/tables/sf_raw/sf_user/'
TBLPROPERTIES ('table_type' = 'ICEBERG', 'format' = 'parquet', 'write_compression' = 'zstd', 'write_target_data_file_size_bytes' = '134217728', 'optimize_rewrite_delete_file_threshold' = '2')`,
    );
  });

  it("adds a column", () => {
    expect(addColumnDdl(everything, "logins", athena)).toBe(
      "ALTER TABLE `sf_raw`.`sf_user` ADD COLUMNS (`logins` bigint)",
    );
  });
});

describe("DDL for DuckDB", () => {
  it("makes every type, transform and property", () => {
    expect(createTableDdl(everything, duckdbDialect)).toBe(
      `CREATE TABLE IF NOT EXISTS "lake"."sf_raw"."sf_user" (
  "id" VARCHAR NOT NULL,
  "logins" BIGINT,
  "age" INTEGER,
  "quota" DECIMAL(18,2),
  "ratio" FLOAT,
  "score" DOUBLE,
  "hired" DATE,
  "is_active" BOOLEAN,
  "photo" BLOB,
  "extracted_at" TIMESTAMP
)
PARTITIONED BY (day("extracted_at"), bucket(16, "id"), truncate(4, "id"), "is_active")
WITH ('write.parquet.compression-codec' = 'zstd', 'comment' = 'Users, as they were landed; it''s a log', 'write.target-file-size-bytes' = '134217728')`,
    );
  });

  it("leaves out what a small table does not have", () => {
    expect(createTableDdl(defineTable({ key: "a/b", columns: { id: "string" } }), duckdbDialect)).toBe(
      `CREATE TABLE IF NOT EXISTS "lake"."a"."b" (\n  "id" VARCHAR\n)\nWITH ('write.parquet.compression-codec' = 'zstd')`,
    );
  });

  it("adds a column", () => {
    expect(addColumnDdl(everything, "quota", duckdbDialect)).toBe(
      `ALTER TABLE "lake"."sf_raw"."sf_user" ADD COLUMN "quota" DECIMAL(18,2)`,
    );
  });

  it("names the columns when a partition is of none of them", () => {
    const wrong = defineTable({ key: "a/b", columns: { id: "string" }, partitionBy: ["day(extracted_at)"] });
    expect(() => createTableDdl(wrong, duckdbDialect)).toThrow(
      'expected a partition of one of id in a/b, got "day(extracted_at)"',
    );
  });
});

describe("a partition transform", () => {
  it.each([
    ["name", { transform: "identity", column: "name", argument: undefined }],
    ["hour( at )", { transform: "hour", column: "at", argument: undefined }],
    ["bucket(8,id)", { transform: "bucket", column: "id", argument: 8 }],
  ])("%s is parsed", (text, expected) => expect(parsePartition(text)).toEqual(expected));

  it.each(["days(at)", "day(at, 2)", "bucket(id)", "bucket(0, id)", "day(1)", "", "a b"])(
    "%j is refused",
    (text) => {
      expect(() => parsePartition(text)).toThrow("expected a column, year(c)");
    },
  );
});
