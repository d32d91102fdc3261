import { existsSync } from "node:fs";
import { fail } from "../../event/failure.ts";
import type { Column, TableDefinition } from "../../definition/table.ts";
import { nearest } from "../../util/nearest.ts";
import type { SourceFile } from "../lakehouse.ts";
import { quoteName, quoteText } from "../ddl/quoting.ts";
import { duckdbDialect } from "./duckdb-dialect.ts";
import type { Session } from "./session.ts";

/** Longest line of newline-delimited JSON, bytes. */
const maximumLineBytes = 64 * 1024 * 1024;

/**
 * A query for all rows of the files, in the files' order, in the table's columns and types. A column that a file
 * lacks is NULL; in NDJSON, timestamps with an offset become UTC, binary is base64, other members are ignored.
 *
 * @throws FailureError `query-failed` when a file is missing, or a Parquet file has a column that the table lacks
 */
export async function sourceSql(
  session: Session,
  table: TableDefinition,
  files: readonly SourceFile[],
): Promise<string> {
  expectFiles(files);
  const groups: SourceFile[][] = [];
  for (const file of files) {
    const last = groups.at(-1);
    if (last?.[0]?.format === file.format) last.push(file);
    else groups.push([file]);
  }
  const queries: string[] = [];
  for (const group of groups) {
    queries.push(
      group[0]?.format === "ndjson" ? ndjsonSql(table, group) : await parquetSql(session, table, group),
    );
  }
  return queries.join("\nUNION ALL BY NAME\n");
}

function expectFiles(files: readonly SourceFile[]): void {
  const missing = files.find((file) => !existsSync(file.path));
  if (missing === undefined) return;
  fail({
    reason: "query-failed",
    message: "a file to load does not exist",
    where: missing.path,
    next: "extract the data again",
    retryable: false,
  });
}

async function parquetSql(
  session: Session,
  table: TableDefinition,
  files: readonly SourceFile[],
): Promise<string> {
  const scan = `read_parquet(${fileList(files)}, union_by_name = true)`;
  const present = new Map(
    (await session.run(`DESCRIBE SELECT * FROM ${scan}`)).map((row) => [
      String(row["column_name"]),
      String(row["column_type"]),
    ]),
  );
  const extra = [...present.keys()].filter((name) => !(name in table.columns));
  if (extra.length > 0) {
    const near = extra.flatMap((name) => nearest(name, Object.keys(table.columns)));
    fail({
      reason: "query-failed",
      message: `the files have ${extra.length === 1 ? "a column" : "columns"} that ${table.key} lacks: ${extra.join(", ")}`,
      expected: `columns among ${Object.keys(table.columns).join(", ")}`,
      where: files[0]?.path ?? table.key,
      next:
        near.length === 0 ? "add the column to the table's definition" : `did you mean ${near.join(", ")}?`,
      retryable: false,
    });
  }
  return selectSql(table, scan, (name, column) =>
    present.has(name) ? `CAST(${quoteName(name)} AS ${typeOf(column)})` : `CAST(NULL AS ${typeOf(column)})`,
  );
}

function ndjsonSql(table: TableDefinition, files: readonly SourceFile[]): string {
  const columns = Object.entries(table.columns).map(
    ([name, column]) => `${quoteText(name)}: ${quoteText(isText(column) ? "VARCHAR" : typeOf(column))}`,
  );
  const scan = `read_json(${fileList(files)}, format = 'newline_delimited', columns = {${columns.join(", ")}}, maximum_object_size = ${maximumLineBytes})`;
  return selectSql(table, scan, (name, column) => {
    if (column.type === "binary") return `from_base64(${quoteName(name)})`;
    // A plain cast to TIMESTAMP would drop the offset instead of applying it; the session's time zone is UTC.
    if (column.type === "timestamp") return `CAST(CAST(${quoteName(name)} AS TIMESTAMPTZ) AS TIMESTAMP)`;
    return quoteName(name);
  });
}

function selectSql(
  table: TableDefinition,
  scan: string,
  select: (name: string, column: Column) => string,
): string {
  const columns = Object.entries(table.columns).map(
    ([name, column]) => `${select(name, column)} AS ${quoteName(name)}`,
  );
  return `SELECT ${columns.join(", ")} FROM ${scan}`;
}

function isText(column: Column): boolean {
  return column.type === "timestamp" || column.type === "binary" || column.type === "string";
}

function typeOf(column: Column): string {
  return duckdbDialect.columnType(column.type);
}

function fileList(files: readonly SourceFile[]): string {
  return `[${files.map((file) => quoteText(file.path)).join(", ")}]`;
}
