import type { TrinoColumn, TypeSignature } from "./trino-client.ts";

/** A column as GetQueryResults describes it. */
export interface ColumnInfo {
  readonly CatalogName: string;
  readonly SchemaName: string;
  readonly TableName: string;
  readonly Name: string;
  readonly Label: string;
  readonly Type: string;
  readonly Precision: number;
  readonly Scale: number;
  readonly Nullable: string;
  readonly CaseSensitive: boolean;
}

const precisions: Readonly<Record<string, number>> = {
  bigint: 19,
  integer: 10,
  double: 17,
  float: 17,
  timestamp: 3,
};

export function columnInfo({ name, typeSignature }: TrinoColumn): ColumnInfo {
  const type = typeSignature.rawType === "real" ? "float" : typeSignature.rawType;
  const numbers = typeSignature.arguments.map(({ value }) => Number(value)).filter(Number.isFinite);
  const [precision, scale] =
    type === "decimal"
      ? [numbers[0] ?? 0, numbers[1] ?? 0]
      : [type === "varchar" ? (numbers[0] ?? 2_147_483_647) : (precisions[type] ?? 0), 0];
  return {
    CatalogName: "hive",
    SchemaName: "",
    TableName: "",
    Name: name,
    Label: name,
    Type: type,
    Precision: precision,
    Scale: scale,
    Nullable: "UNKNOWN",
    CaseSensitive: type === "varchar" || type === "char",
  };
}

/** A value as Trino's JSON has it, numbers as text. */
export type TrinoValue =
  | string
  | boolean
  | null
  | undefined
  | readonly TrinoValue[]
  | { readonly [key: string]: TrinoValue };

/** The text that Athena has for a value; undefined for NULL. */
export function render(value: TrinoValue, signature: TypeSignature | undefined): string | undefined {
  if (value === null || value === undefined) return undefined;
  const inner = (index: number) => signature?.arguments[index]?.value;
  const text = (part: TrinoValue, type: unknown) => render(part, type as TypeSignature) ?? "null";
  switch (signature?.rawType ?? "") {
    case "array":
      return `[${(value as TrinoValue[]).map((item) => text(item, inner(0))).join(", ")}]`;
    case "map":
      return `{${Object.entries(value)
        .map(([key, item]) => `${key}=${text(item, inner(1))}`)
        .join(", ")}}`;
    case "row":
      return `{${(value as TrinoValue[])
        .map((item, index) => {
          const field = inner(index) as RowField | undefined;
          return `${field?.fieldName?.name ?? `field${index}`}=${text(item, field?.typeSignature)}`;
        })
        .join(", ")}}`;
    case "varbinary":
      return Buffer.from(value as string, "base64")
        .toString("hex")
        .replaceAll(/(..)(?=.)/g, "$1 ");
    case "double":
    case "real":
      return javaNumber(value as string);
    default:
      return typeof value === "object" ? JSON.stringify(value) : String(value);
  }
}

interface RowField {
  readonly fieldName?: { readonly name: string };
  readonly typeSignature: TypeSignature;
}

/** Java's text of a floating-point number: always with a point, and an exponent from 10^7 on. */
function javaNumber(text: string): string {
  const number = Number(text);
  if (!Number.isFinite(number)) return text;
  if (number === 0) return text.startsWith("-") ? "-0.0" : "0.0";
  const withPoint = (digits: string) => (digits.includes(".") ? digits : `${digits}.0`);
  const size = Math.abs(number);
  if (size >= 1e-3 && size < 1e7) return withPoint(String(number));
  const [digits = "", exponent] = number.toExponential().split("e");
  return `${withPoint(digits)}E${Number(exponent)}`;
}

/** One line of a result object: every value in quotes, and nothing at all for NULL. */
export function csvLine(values: readonly (string | undefined)[]): string {
  const cells = values.map((value) => (value === undefined ? "" : `"${value.replaceAll('"', '""')}"`));
  return `${cells.join(",")}\n`;
}
