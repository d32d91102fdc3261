import { stringify } from "csv-stringify/sync";
import type { Row, Value } from "../../lakehouse/lakehouse.ts";
import { tableLines } from "../../tui/words/columns.ts";
import { cleanText } from "../../tui/words/text.ts";
import { print, printJson, say } from "../output/print.ts";
import { tableWidth } from "../output/terminal.ts";
import type { VerbContext } from "../run-verb.ts";
import { UsageError } from "../usage-error.ts";

/** `moraine query`: at most `limit` rows are read from the engine, whatever the query yields. */
export async function query(
  context: VerbContext,
  [sql = ""]: readonly string[],
  options: { readonly limit?: number; readonly format?: string },
): Promise<number> {
  const format = context.options.json === true ? "json" : (options.format ?? "table");
  if (!["table", "csv", "json"].includes(format))
    throw new UsageError(`--format is table, csv or json, got ${format}`);
  const limit = options.limit ?? 1000;
  const project = await context.openConfig();
  const result = await project.lakehouse.query(sql, { signal: context.signal });
  const rows: Row[] = [];
  let isCut = false;
  for await (const row of result.rows) {
    isCut = rows.length === limit;
    if (isCut) break;
    rows.push(row);
  }
  const names = result.columns.map((column) => column.name);
  if (format === "json") printJson(rows);
  else if (format === "csv")
    process.stdout.write(
      stringify(
        rows.map((row) => names.map((name) => textOf(row[name]))),
        { header: true, columns: names },
      ),
    );
  else {
    print(
      ...tableLines(
        result.columns.map((column) => ({
          title: column.name,
          align: isNumeric(column.type) ? ("right" as const) : ("left" as const),
        })),
        rows.map((row) => names.map((name) => (row[name] === null ? "NULL" : cleanText(textOf(row[name]))))),
        { width: tableWidth() },
      ),
    );
  }
  if (isCut) say(`first ${limit} rows; --limit shows more`);
  return 0;
}

function textOf(value: Value | undefined): string {
  if (value === null || value === undefined) return "";
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}

function isNumeric(type: string): boolean {
  return /^(U?(TINY|SMALL|BIG|HUGE)?INT(EGER)?|FLOAT|DOUBLE|DECIMAL)/.test(type);
}
