import { hasPassed } from "../../event/has-passed.ts";
import type { Check } from "../../definition/check.ts";
import { collectRows } from "../../lakehouse/lakehouse.ts";
import type { CheckResultRecord } from "../../store/store.ts";
import { checkText } from "../../tui/words/check.ts";
import { metadataText } from "../../tui/words/metadata.ts";
import { countOf, formatAge, formatCount } from "../../tui/words/numbers.ts";
import { instantText } from "../../tui/words/instant.ts";
import { printJson, say } from "../output/print.ts";
import { defaultRowLimit, type PrintedRows, printRows, rowFormatOf, takeRows } from "../output/row-output.ts";
import type { OpenProject } from "../project/open-project.ts";
import type { VerbContext } from "../run-verb.ts";

/** The rows that break a check, and how many there are altogether, where that is known. */
interface BrokenRows extends PrintedRows {
  readonly total: number | undefined;
}

/** `moraine check --rows`: what breaks a check now, by its own query; else what its last result kept. */
export async function printCheckRows(
  context: VerbContext,
  project: OpenProject,
  found: Check,
  options: { readonly limit?: number; readonly format?: string },
): Promise<number> {
  const format = rowFormatOf(context.options, options.format);
  const limit = options.limit ?? defaultRowLimit;
  const [last] = project.store.checkResults(found.asset, { check: found.name, limit: 1 });
  const sql = found.rowsSql?.(project.lakehouse.tableName(found.asset)).trim();
  // A draft that failed is gone, and the table is another one.
  const isOfDraft = last !== undefined && last.isUnpublished && !hasPassed(last);
  const isAsked = sql !== undefined && sql !== "" && !isOfDraft;
  const broken = isAsked ? await askTable(context, project, sql, limit) : sampledRows(last, limit);
  if (format === "json") {
    const source = isAsked ? "query" : "samples";
    const { rows, total } = broken;
    printJson({
      key: found.asset,
      check: found.name,
      source,
      total: total ?? null,
      rows,
      last: last ?? null,
    });
  } else if (broken.rows.length > 0) printRows(broken, format);
  say(...(isAsked ? askedText(found, broken, last) : sampledText(found, broken, last)));
  return 0;
}

async function askTable(
  context: VerbContext,
  project: OpenProject,
  sql: string,
  limit: number,
): Promise<BrokenRows> {
  const ask = (text: string) => project.lakehouse.query(text, { signal: context.signal });
  const taken = await takeRows(await ask(sql), limit);
  if (!taken.isCut) return { ...taken, total: taken.rows.length };
  const [count] = await collectRows(
    await ask(`SELECT count(*) AS n FROM (\n${sql.replace(/;$/, "")}\n) AS broken`),
  );
  return { ...taken, total: Number(count?.["n"]) };
}

function sampledRows(last: CheckResultRecord | undefined, limit: number): BrokenRows {
  const samples = last?.result.samples ?? [];
  const names = new Set(samples.flatMap((row) => Object.keys(row)));
  const value = last?.result.value;
  return {
    columns: [...names].map((name) => ({
      name,
      isNumeric: samples.every((row) => typeof (row[name] ?? 0) === "number"),
    })),
    rows: samples.slice(0, limit),
    isCut: samples.length > limit,
    // By convention the value of a check that keeps rows counts them; a share of rows, say, does not.
    total:
      samples.length > 0 && Number.isInteger(value) && Number(value) >= samples.length
        ? Number(value)
        : undefined,
  };
}

function askedText(found: Check, { rows, total }: BrokenRows, last: CheckResultRecord | undefined): string[] {
  const then = last === undefined ? "it has never been run" : `its last result: ${lastText(last)}`;
  if (rows.length === 0) return [`no row of ${found.asset} breaks ${found.name} now; ${then}`];
  const told = `${countText(rows.length, total)} of ${found.asset} break ${found.name} now`;
  return [total === rows.length ? told : `${told}; --limit shows more`];
}

function sampledText(found: Check, broken: BrokenRows, last: CheckResultRecord | undefined): string[] {
  const { asset, name, source } = found;
  if (last === undefined) {
    const next =
      source.type === "report" ? `moraine materialize ${asset}` : `moraine check ${asset} --name ${name}`;
    return [`${name} on ${asset} has never given a result`, `next  ${next}`];
  }
  if (broken.rows.length > 0) {
    const told = `${countText(broken.rows.length, broken.total)} that broke ${name}, kept by ${placeText(last)}`;
    return [broken.isCut ? `${told}; --limit shows more` : told];
  }
  const kept = Object.entries(last.result.metadata ?? {});
  return [
    `${name} on ${asset} keeps no rows; its last result: ${lastText(last)}`,
    ...kept.map(([label, value]) => `  ${label}: ${metadataText(value)}`),
  ];
}

/** `5 of 12 rows`, `5 rows`. */
function countText(shown: number, total: number | undefined): string {
  if (total === undefined || total === shown) return countOf(shown, "row");
  return `${formatCount(shown)} of ${countOf(total, "row")}`;
}

function lastText(last: CheckResultRecord): string {
  const found = checkText(last);
  const verdict = hasPassed(last) ? "passed" : "failed";
  return `${verdict}${found === verdict ? "" : `, ${found}`}, by ${placeText(last)}`;
}

function placeText({ runId, at, isUnpublished }: CheckResultRecord): string {
  const age = formatAge(Date.now() - Date.parse(at));
  const written = isUnpublished ? ", which published nothing" : "";
  return `run ${runId}${written}, ${instantText(at)} (${age} ago)`;
}
