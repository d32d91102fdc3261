import type { AssetKey } from "../../definition/asset-key.ts";
import { uncheckedOf } from "../../staleness/unchecked.ts";
import type { CheckResultRecord } from "../../store/store.ts";
import type { Look } from "../../tui/look.ts";
import { checkSign, checkSigns, resultText, severityText, signedResults } from "../../tui/words/check.ts";
import { tableLines } from "../../tui/words/columns.ts";
import { formatAge, formatDuration } from "../../tui/words/numbers.ts";
import { instantText } from "../../tui/words/instant.ts";
import type { OpenProject } from "../project/open-project.ts";

/** The checks of one asset with their results, newest first; as `show --json` prints them. */
export function checkFacts(project: OpenProject, key: AssetKey, limit: number = signedResults) {
  const { graph, store } = project;
  const checks = graph.checks(key);
  const results = new Map(
    checks.map(({ name }) => [name, store.checkResults(key, { check: name, limit: Math.max(limit, 1) })]),
  );
  const published = store.latestCheckResults().get(key) ?? [];
  const unchecked = new Set(uncheckedOf(checks, store.materializations(key, 1)[0], published));
  return checks.map((check) => {
    const history = results.get(check.name) ?? [];
    return {
      name: check.name,
      description: check.description ?? null,
      severity: check.severity,
      blocking: check.blocking,
      holds: check.holds ?? null,
      source: check.source.type,
      unchecked: unchecked.has(check),
      last: history[0] ?? null,
      history,
    };
  });
}

type CheckFacts = ReturnType<typeof checkFacts>[number];

/** A line for each check: its last result and, as signs, those before. */
export function checkLines(checks: readonly CheckFacts[], look: Look, width: number): readonly string[] {
  const { signs } = look;
  return tableLines(
    [
      { title: "" },
      { title: "check", cut: "middle" },
      { title: "severity" },
      { title: "last 10" },
      { title: "last result" },
      { title: "when" },
    ],
    checks.map((check) => [
      check.last === null ? signs.sign.missing : signs.sign[checkSign(check.last)],
      check.name,
      severityText({ ...check, holds: check.holds ?? [] }),
      checkSigns(check.history, signs),
      check.last === null ? "never run" : resultText(check.last),
      check.last === null
        ? ""
        : `${ageOf(check.last)}${check.unchecked ? ", before the last materialization" : ""}`,
    ]),
    { width, ellipsis: signs.ellipsis },
  );
}

/** Every result of each check, newest first. */
export function checkHistoryLines(
  checks: readonly CheckFacts[],
  look: Look,
  width: number,
): readonly string[] {
  return checks.flatMap((check, index) => [
    ...(index === 0 ? [] : [""]),
    `${look.paint.bold(check.name)}  ${severityText({ ...check, holds: check.holds ?? [] })}${check.description === null ? "" : `, ${check.description}`}`,
    ...(check.unchecked ? ["  never checked since the last materialization"] : []),
    ...(check.last === null ? ["  never run"] : historyTable(check.history, look, width - 2)),
  ]);
}

function historyTable(
  history: readonly CheckResultRecord[],
  { signs, paint }: Look,
  width: number,
): readonly string[] {
  return tableLines(
    [
      {
        title: "",
        fixed: true,
        paint: (cell, row) => (history[row] === undefined ? cell : paint.as(checkSign(history[row]), cell)),
      },
      { title: "when", fixed: true },
      { title: "run", fixed: true },
      { title: "time", align: "right", fixed: true },
      { title: "result" },
    ],
    history.map((result) => [
      signs.sign[checkSign(result)],
      instantText(result.at),
      result.runId,
      formatDuration(result.durationMs),
      resultText(result),
    ]),
    { width, ellipsis: signs.ellipsis },
  ).map((line) => `  ${line}`);
}

function ageOf({ at }: CheckResultRecord): string {
  return `${formatAge(Date.now() - Date.parse(at))} ago`;
}
