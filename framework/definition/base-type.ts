import type { ColumnType } from "./column-type.ts";

/** A {@link ColumnType} without its parameters. */
export type BaseType = Exclude<ColumnType, `decimal(${number},${number})`> | "decimal";

/** Names of types in DuckDB, Athena, Iceberg and what else dbt's adapters speak, by what a value of them is in a row. */
const names: Readonly<Record<BaseType, string>> = {
  boolean: "boolean bool logical",
  int: "int integer int4 int32 int2 int16 int1 tinyint smallint mediumint byteint byte short signed usmallint utinyint",
  long: "long bigint int8 int64 hugeint uinteger ubigint uhugeint",
  float: "float real float4 float32",
  double: "double float8 float64",
  decimal: "decimal numeric number dec bignumeric",
  date: "date",
  timestamp:
    "timestamp timestamptz datetime datetime2 timestamp_s timestamp_ms timestamp_ns timestamp_ntz timestamp_ltz timestamp_tz timestampntz timestampltz timestamptz_ns",
  string: "string varchar text char bpchar character nvarchar nchar uuid json time timetz interval enum",
  binary: "binary varbinary blob bytea bytes fixed",
};

const byName = new Map(
  Object.entries(names).flatMap(([base, list]) => list.split(" ").map((name) => [name, base as BaseType])),
);

/**
 * What a type is that an engine, Iceberg or a dbt file names: `varchar(20)`, `timestamp(6) with time zone`, `int64`.
 * Undefined for nested types and names that are not known.
 */
export function baseTypeOf(name: string): BaseType | undefined {
  const text = name.trim().toLowerCase();
  // An array of DuckDB or Postgres; `fixed[16]` is Iceberg's and no array.
  if (text.endsWith("]") && !text.startsWith("fixed[")) return undefined;
  const [word = "", ...rest] = text
    .replaceAll(/\(.*?\)|\[\d+\]/g, " ")
    .split(/\s+/)
    .filter(Boolean);
  const isPlain = rest.every((part) => /^(precision|varying|with|without|time|zone|local)$/.test(part));
  return isPlain ? byName.get(word) : undefined;
}
