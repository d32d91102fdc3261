import { stringify } from "csv-stringify/sync";
import type { QueryResult, Row } from "../../lakehouse/lakehouse.ts";
import { tableLines } from "../../tui/words/columns.ts";
import { cleanText } from "../../tui/words/text.ts";
import type { GlobalOptions } from "../options.ts";
import { UsageError } from "../usage-error.ts";
import { print } from "./print.ts";
import { tableWidth } from "./terminal.ts";

/** How rows are printed. */
export type RowFormat = "table" | "csv" | "json";

/** Rows as they are printed; `isCut` when there are more than were asked for. */
export interface PrintedRows {
  readonly columns: readonly { readonly name: string; readonly isNumeric: boolean }[];
  readonly rows: readonly Readonly<Record<string, unknown>>[];
  readonly isCut: boolean;
}

/** Rows that are printed when nobody says how many. */
export const defaultRowLimit = 1000;

/** `--format`, or `json` with `--json`. */
export function rowFormatOf(options: GlobalOptions, asked: string | undefined): RowFormat {
  const format = options.json === true ? "json" : (asked ?? "table");
  if (format === "table" || format === "csv" || format === "json") return format;
  throw new UsageError(`--format is table, csv or json, got ${format}`);
}

/** Reads at most `limit` rows from the engine, whatever the query yields. */
export async function takeRows(result: QueryResult, limit: number): Promise<PrintedRows> {
  const rows: Row[] = [];
  let isCut = false;
  for await (const row of result.rows) {
    isCut = rows.length === limit;
    if (isCut) break;
    rows.push(row);
  }
  const columns = result.columns.map(({ name, type }) => ({ name, isNumeric: isNumericType(type) }));
  return { columns, rows, isCut };
}

/** Prints rows for people, or as CSV. */
export function printRows({ columns, rows }: PrintedRows, format: "table" | "csv"): void {
  const names = columns.map((column) => column.name);
  if (format === "csv") {
    const cells = rows.map((row) => names.map((name) => textOf(row[name])));
    process.stdout.write(stringify(cells, { header: true, columns: names }));
    return;
  }
  print(
    ...tableLines(
      columns.map(({ name, isNumeric }) => ({ title: name, align: isNumeric ? "right" : "left" })),
      rows.map((row) => names.map((name) => (row[name] === null ? "NULL" : cleanText(textOf(row[name]))))),
      { width: tableWidth() },
    ),
  );
}

function textOf(value: unknown): string {
  if (value === null || value === undefined) return "";
  return typeof value === "string" ? value : JSON.stringify(value);
}

function isNumericType(type: string): boolean {
  return /^(U?(TINY|SMALL|BIG|HUGE)?INT(EGER)?|FLOAT|DOUBLE|DECIMAL)/.test(type);
}
