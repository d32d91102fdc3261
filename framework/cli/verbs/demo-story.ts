import { assetKey } from "../../definition/asset-key.ts";
import { hasPassed } from "../../event/has-passed.ts";
import { collectRows, type Row } from "../../lakehouse/lakehouse.ts";
import { checkText } from "../../tui/words/check.ts";
import { tableLines } from "../../tui/words/columns.ts";
import { countOf, formatCount } from "../../tui/words/numbers.ts";
import { cleanText } from "../../tui/words/text.ts";
import { wrapText } from "../../tui/words/width.ts";
import type { GlobalOptions } from "../options.ts";
import { print } from "../output/print.ts";
import { lookOf, tableWidth } from "../output/terminal.ts";
import type { OpenProject } from "../project/open-project.ts";
import { type Days, daysText } from "./demo-days.ts";
import { declaredLineage, lineageLines } from "./lineage.ts";

/** The asset whose history the demo shows. */
export const dimension = assetKey("sf_curated/dim_sf_user_scd");

/** How many versions the dimension holds; 0 before it exists. */
export async function versionCount(project: OpenProject): Promise<number> {
  if (!(await project.lakehouse.exists(dimension))) return 0;
  const [row] = await rowsOf(project, `SELECT count(*) AS versions FROM ${tableOf(project)}`);
  return Number(row?.["versions"] ?? 0);
}

/** What a person sees after the run: what changed, one user's history, the lineage, the checks, what to type next. */
export async function printStory(
  project: OpenProject,
  facts: { readonly days: Days; readonly versionsBefore: number; readonly options: GlobalOptions },
): Promise<void> {
  const { signs, paint } = lookOf(facts.options);
  const heading = (text: string) => ["", paint.bold(text)];
  const opened = (await versionCount(project)) - facts.versionsBefore;
  const [totals] = await rowsOf(
    project,
    `SELECT count(*) AS versions, count(*) FILTER (is_current) AS users, count(*) FILTER (is_current AND is_deleted) AS retired
     FROM ${tableOf(project)}`,
  );
  const upstream = new Set(project.graph.ancestors(dimension));
  const keys = project.graph.keys.filter((key) => key === dimension || upstream.has(key));
  const number = (row: Row | undefined, name: string) => formatCount(Number(row?.[name] ?? 0));
  print(
    ...heading("What happened"),
    ...paragraph(`in Salesforce  ${daysText(facts.days)}`),
    ...paragraph(
      `in ${dimension}  ${countOf(opened, "version")} opened; now ${number(totals, "versions")} versions of ${number(totals, "users")} users, ${number(totals, "retired")} of them retired`,
    ),
    ...(await historyLines(project, heading)),
    ...heading("Lineage"),
    ...lineageLines(declaredLineage(project, keys), [dimension], facts.options).map((line) => `  ${line}`),
    ...heading("Checks"),
    ...checkLines(project, signs.sign).map((line) => `  ${line}`),
    ...heading("Next"),
    ...nextLines().map((line) => `  ${line}`),
  );
}

/** Indented lines that fit the terminal. */
function paragraph(text: string): readonly string[] {
  const width = Math.min(tableWidth(), 200) - 4;
  return wrapText(text, width).map((line, index) => (index === 0 ? `  ${line}` : `    ${line}`));
}

/** Commands to type. From an npm script, `moraine` itself is not on the path of the person's shell. */
function nextLines(): readonly string[] {
  const moraine = process.env["npm_lifecycle_event"] === undefined ? "moraine" : "npx moraine";
  const again = process.env["npm_lifecycle_event"] === "start" ? "npm start" : `${moraine} demo`;
  return [
    ...tableLines(
      [{ title: "" }, { title: "" }],
      [
        [again, "one more day"],
        [`${moraine} materialize`, "nothing is new: dbt is not started"],
        [`${moraine} ui`, "all of it in a full screen"],
        [`${moraine} show dim_sf_user_scd`, "history, checks, snapshots"],
      ],
    ),
    `${moraine} query "SELECT * FROM sf_curated.dim_sf_user_scd" --limit 5`,
  ];
}

/** The history of the user with the most versions, of those that changed last. */
async function historyLines(
  project: OpenProject,
  heading: (text: string) => readonly string[],
): Promise<readonly string[]> {
  const rows = await rowsOf(
    project,
    `SELECT * FROM ${tableOf(project)} WHERE user_id = (
       SELECT user_id FROM ${tableOf(project)} GROUP BY user_id ORDER BY count(*) DESC, max(valid_from) DESC, user_id LIMIT 1)
     ORDER BY valid_from`,
  );
  const text = (row: Row, name: string) => (typeof row[name] === "string" ? cleanText(row[name]) : "");
  const instant = (row: Row, name: string) => text(row, name).slice(0, 19) || "open";
  const last = rows.at(-1);
  if (last === undefined) return [];
  return [
    ...heading(`History of ${text(last, "name")} (${text(last, "user_id")})`),
    ...tableLines(
      [
        { title: "valid_from" },
        { title: "valid_to" },
        { title: "division" },
        { title: "audit_phase" },
        { title: "state" },
      ],
      rows.map((row) => [
        instant(row, "valid_from"),
        instant(row, "valid_to"),
        row["division"] === null ? "NULL" : text(row, "division"),
        row["audit_phase"] === null ? "NULL" : text(row, "audit_phase"),
        row["is_deleted"] === true
          ? `deleted (${text(row, "delete_reason")})`
          : row["is_current"] === true
            ? "current"
            : "",
      ]),
      { width: tableWidth() - 2 },
    ).map((line) => `  ${line}`),
  ];
}

function checkLines(project: OpenProject, sign: Readonly<Record<string, string>>): readonly string[] {
  const results = [...project.store.latestCheckResults().values()].flat();
  const failed = results.filter((result) => !hasPassed(result));
  return [
    `${sign["materialized"]} ${countOf(results.length - failed.length, "check")} passed`,
    ...failed.map(
      (result) =>
        `${sign[result.severity === "warn" ? "warned" : "failed"]} ${result.key}  ${result.check}: ${checkText(result)} (${result.severity})`,
    ),
  ];
}

async function rowsOf(project: OpenProject, sql: string): Promise<readonly Row[]> {
  return collectRows(await project.lakehouse.query(sql));
}

function tableOf(project: OpenProject): string {
  return project.lakehouse.tableName(dimension);
}
