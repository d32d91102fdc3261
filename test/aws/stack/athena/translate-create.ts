import { hiveCatalog } from "../trino.ts";
import { createHiveTable } from "./hive-table.ts";
import { icebergOptions } from "./iceberg-properties.ts";
import { qualified, tableName } from "./names.ts";
import type { Plan, Session, Step } from "./plan.ts";
import { literal, QueryError, quoted, SqlReader, valueOf } from "./sql-reader.ts";
import { icebergType } from "./types.ts";

/** CREATE DATABASE, VIEW, TABLE, EXTERNAL TABLE and TABLE AS. */
export function translateCreate(reader: SqlReader, session: Session): Plan {
  const whole = reader.rest();
  const create = new SqlReader(whole);
  create.need("create");
  const isReplacing = create.take("or", "replace");
  if (create.is("view") || create.is("protected"))
    return { type: "DDL", subtype: "CREATE_VIEW", result: "none", steps: [whole] };
  if (isReplacing) create.refuse("'VIEW'");
  if (create.take("schema") || create.take("database")) return createDatabase(create);
  const isExternal = create.take("external");
  create.need("table");
  const ifNotExists = create.take("if", "not", "exists");
  if (!isExternal && isTableAs(whole)) return createTableAs(create, ifNotExists, session);
  const name = create.name();
  if (isExternal) return createHiveTable(create, { ...qualified(name, session), ifNotExists });
  return createIcebergTable(create, tableName(name, session), ifNotExists);
}

/** A column list comes before the properties of a plain CREATE TABLE, and never in a CREATE TABLE AS. */
function isTableAs(sql: string): boolean {
  const reader = new SqlReader(sql);
  for (let token = reader.peek(); token !== undefined && token.text !== "("; token = reader.peek()) {
    if (reader.is("with") || reader.is("as")) return true;
    reader.next();
  }
  return false;
}

function createDatabase(reader: SqlReader): Plan {
  const ifNotExists = reader.take("if", "not", "exists") ? "IF NOT EXISTS " : "";
  const name = reader.name().at(-1) ?? "";
  let location = "";
  while (reader.peek() !== undefined) {
    if (reader.take("comment")) reader.next();
    else if (reader.take("location"))
      location = ` WITH (location = ${literal(valueOf(reader.next()).replace(/\/$/, ""))})`;
    else if (reader.take("with", "dbproperties")) reader.properties();
    else reader.end();
  }
  const statement = `CREATE SCHEMA ${ifNotExists}${quoted(name)}${location}`;
  return { type: "DDL", subtype: "CREATE_DATABASE", result: "none", steps: [statement] };
}

function createIcebergTable(reader: SqlReader, name: string, ifNotExists: boolean): Plan {
  const columns = reader.list().map(icebergColumn);
  let partitioning: readonly string[] = [];
  let properties: ReadonlyMap<string, string> = new Map();
  let location: string | undefined;
  while (reader.peek() !== undefined) {
    if (reader.take("comment")) reader.next();
    else if (reader.take("partitioned", "by")) partitioning = reader.list().map(partitionTerm);
    else if (reader.take("location")) location = valueOf(reader.next());
    else if (reader.take("tblproperties")) properties = reader.properties();
    else reader.end();
  }
  if (properties.get("table_type")?.toLowerCase() !== "iceberg")
    throw new QueryError(
      "FAILED: SemanticException",
      "only external tables may be other than Iceberg: TBLPROPERTIES ('table_type'='ICEBERG') expected",
    );
  if (location === undefined) throw new QueryError("FAILED: SemanticException", "LOCATION is required");
  const options = icebergOptions(new Map([...properties, ["location", location]]), partitioning);
  const statement = `CREATE TABLE ${ifNotExists ? "IF NOT EXISTS " : ""}${name} (${columns.join(", ")})${options}`;
  return { type: "DDL", subtype: "CREATE_TABLE", result: "none", steps: [statement] };
}

function icebergColumn(reader: SqlReader): string {
  const column = `${quoted(reader.identifier())} ${icebergType(reader)}`;
  const comment = reader.take("comment") ? ` COMMENT ${reader.next().text}` : "";
  reader.end();
  return column + comment;
}

/** `bucket(16, id)` is `bucket(id, 16)` to Trino. */
function partitionTerm(reader: SqlReader): string {
  const name = reader.identifier();
  if (reader.peek() === undefined) return name;
  const terms = reader.list().map((term) => valueOf(term.next()));
  const [column = "", size] = name === "bucket" || name === "truncate" ? terms.toReversed() : terms;
  return `${name}(${size === undefined ? column : `${column}, ${size}`})`;
}

function createTableAs(reader: SqlReader, ifNotExists: boolean, session: Session): Plan {
  const parts = [reader.next()];
  while (reader.take(".")) parts.push(reader.next());
  if (parts.some((part) => part.kind === "backticked"))
    throw new QueryError(
      "SYNTAX_ERROR",
      "backquoted identifiers are not supported; use double quotes to quote identifiers",
    );
  const { database, table } = qualified(parts.map(valueOf), session);
  const properties = reader.take("with") ? reader.properties() : new Map<string, string>();
  reader.need("as");
  const query = reader.rest();
  const isIceberg = properties.get("table_type")?.toLowerCase() === "iceberg";
  const target = `${quoted(database)}.${quoted(table)}`;
  const head = `CREATE TABLE ${ifNotExists ? "IF NOT EXISTS " : ""}`;
  const steps = isIceberg
    ? [only6Digits(query), `${head}${target}${icebergTableAs(properties)} AS ${query}`]
    : [`${head}${quoted(hiveCatalog)}.${target}${hiveTableAs(properties, session, table)} AS ${query}`];
  return { type: "DML", subtype: "CREATE_TABLE_AS_SELECT", result: "count", steps };
}

function icebergTableAs(properties: ReadonlyMap<string, string>): string {
  if (properties.get("is_external")?.toLowerCase() !== "false")
    throw new QueryError("INVALID_TABLE_PROPERTY", "is_external must be false for an Iceberg CTAS");
  if (!properties.has("location"))
    throw new QueryError("INVALID_TABLE_PROPERTY", "location is required for an Iceberg CTAS");
  return icebergOptions(properties, []);
}

/** Athena makes tables in Hive format unless told otherwise, beside the results unless told where. */
function hiveTableAs(properties: ReadonlyMap<string, string>, session: Session, table: string): string {
  const location = properties.get("external_location") ?? `${session.outputLocation}tables/${table}`;
  const format = properties.get("format") ?? "PARQUET";
  const partitioning = properties.get("partitioned_by");
  return (
    ` WITH (external_location = ${literal(location)}, format = ${literal(format.toUpperCase())}` +
    `${partitioning === undefined ? "" : `, partitioned_by = ${partitioning}`})`
  );
}

/** Athena refuses what Trino widens without a word: an Iceberg table of timestamps with other than six digits. */
function only6Digits(query: string): Step {
  return async ({ outputTypes }) => {
    for (const { name, type } of await outputTypes(query)) {
      const digits = /timestamp\((\d+)\)/.exec(type)?.[1];
      if (digits !== undefined && digits !== "6")
        throw new QueryError(
          "NOT_SUPPORTED",
          `Timestamp precision (${digits}) not supported for Iceberg. Use "timestamp(6)" instead. (column ${name})`,
        );
    }
    return undefined;
  };
}
