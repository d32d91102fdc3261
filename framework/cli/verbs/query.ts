import { formatBytes } from "../../tui/words/numbers.ts";
import { printJson, say } from "../output/print.ts";
import { defaultRowLimit, printRows, rowFormatOf, takeRows } from "../output/row-output.ts";
import type { VerbContext } from "../run-verb.ts";

/** `moraine query`: at most `limit` rows are read from the engine, whatever the query yields. */
export async function query(
  context: VerbContext,
  [sql = ""]: readonly string[],
  options: { readonly limit?: number; readonly format?: string },
): Promise<number> {
  const format = rowFormatOf(context.options, options.format);
  const limit = options.limit ?? defaultRowLimit;
  const project = await context.openConfig();
  const result = await project.lakehouse.query(sql, { signal: context.signal });
  const found = await takeRows(result, limit);
  if (format === "json") printJson(found.rows);
  else printRows(found, format);
  if (found.isCut) say(`first ${limit} rows; --limit shows more`);
  if (result.costs !== undefined)
    say(`scanned ${formatBytes(result.costs.bytesScanned)}, $${result.costs.usd.toFixed(6)}`);
  return 0;
}
