import { expect, it } from "vitest";
import { baseTypeOf } from "../../framework/definition/base-type.ts";

it.each([
  ["boolean", "boolean"],
  ["INTEGER", "int"],
  ["smallint", "int"],
  ["bigint", "long"],
  ["INT64", "long"],
  ["UBIGINT", "long"],
  ["real", "float"],
  ["double precision", "double"],
  ["decimal(10,2)", "decimal"],
  ["NUMERIC(38, 9)", "decimal"],
  ["numeric", "decimal"],
  ["date", "date"],
  ["timestamp", "timestamp"],
  ["timestamp(6)", "timestamp"],
  ["TIMESTAMP WITH TIME ZONE", "timestamp"],
  ["timestamp(3) without time zone", "timestamp"],
  ["timestamptz", "timestamp"],
  ["varchar(40)", "string"],
  ["character varying(20)", "string"],
  ["uuid", "string"],
  ["time", "string"],
  ["ENUM('a', 'b c')", "string"],
  ["fixed[16]", "binary"],
  ["varbinary", "binary"],
])("%s is a %s", (name, base) => {
  expect(baseTypeOf(name)).toBe(base);
});

it.each([
  "varchar[]",
  "integer[3]",
  "array(varchar)",
  "struct(a integer)",
  "map<string, int>",
  '{"type":"list","element":"string"}',
  "geography",
  "",
  "varchar of sorts",
])("%j is none that a row holds as one plain value", (name) => {
  expect(baseTypeOf(name)).toBeUndefined();
});
