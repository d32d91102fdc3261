import { QueryError, quoted, type SqlReader } from "./sql-reader.ts";

const trinoTypes: Readonly<Record<string, string>> = {
  string: "varchar",
  int: "integer",
  float: "real",
  binary: "varbinary",
  timestamp: "timestamp(6)",
  bigint: "bigint",
  double: "double",
  boolean: "boolean",
  date: "date",
  uuid: "uuid",
};

/** Trino's name of a column type in the DDL of an Iceberg table. */
export function icebergType(reader: SqlReader): string {
  const name = reader.identifier();
  if (name === "array") return `array(${between(reader, icebergType)})`;
  if (name === "map") {
    return `map(${between(reader, (inner) => {
      const key = icebergType(inner);
      inner.need(",");
      return `${key}, ${icebergType(inner)}`;
    })})`;
  }
  if (name === "struct") return `row(${between(reader, structFields)})`;
  if (name === "decimal") return `decimal${reader.is("(") ? precision(reader) : ""}`;
  const type = trinoTypes[name];
  if (type === undefined) throw new QueryError("NOT_SUPPORTED", `Unsupported Iceberg column type: ${name}`);
  return type;
}

function between(reader: SqlReader, inner: (reader: SqlReader) => string): string {
  reader.need("<");
  const text = inner(reader);
  reader.need(">");
  return text;
}

function structFields(reader: SqlReader): string {
  const fields: string[] = [];
  do {
    const name = reader.identifier();
    reader.need(":");
    fields.push(`${quoted(name)} ${icebergType(reader)}`);
  } while (reader.take(","));
  return fields.join(", ");
}

function precision(reader: SqlReader): string {
  return `(${reader
    .list()
    .map((part) => part.rest())
    .join(", ")})`;
}
