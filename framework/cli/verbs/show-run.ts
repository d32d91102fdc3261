import type { AssetKey } from "../../definition/asset-key.ts";
import { unitId } from "../../definition/unit.ts";
import type { CheckResultRecord, RunRecord, StoreReader } from "../../store/store.ts";
import { checkSign, resultText, severityText } from "../../tui/words/check.ts";
import { tableLines } from "../../tui/words/columns.ts";
import { reasonTag } from "../../tui/words/failure.ts";
import { formatDuration } from "../../tui/words/numbers.ts";
import { tagsText } from "../../tui/words/run.ts";
import { unitName } from "../../tui/words/text.ts";
import { print, printJson } from "../output/print.ts";
import { lookOf, tableWidth } from "../output/terminal.ts";
import type { OpenConfig } from "../project/open-project.ts";
import type { VerbContext } from "../run-verb.ts";
import { findRun, runJson } from "./find-run.ts";

/** `moraine runs RUN`. */
export function showRun(context: VerbContext, { store }: OpenConfig, id: string): number {
  const run = findRun({ store }, id);
  const attempts = store.attempts(run.id);
  const checks = store.runCheckResults(run.id);
  const unfinished = unfinishedChecks(store, run.id);
  const resumedBy = store.resumersOf(run.id).filter((later) => later.resumes === run.id);
  if (context.options.json === true) {
    printJson({
      ...runJson(run),
      resumedBy: resumedBy.map((later) => later.id),
      attempts,
      checks,
      unfinishedChecks: unfinished,
    });
    return 0;
  }
  const { signs } = lookOf(context.options);
  print(
    `run ${run.id} ${run.status}, by ${run.trigger}, target ${run.target}, selection ${run.selection || "all"}`,
    ...linkLines(run, resumedBy),
    "",
    ...tableLines(
      [
        { title: "" },
        { title: "asset", cut: "middle" },
        { title: "try", align: "right" },
        { title: "outcome" },
        { title: "time", align: "right" },
        { title: "" },
      ],
      attempts.map((attempt) => [
        signs.sign[attempt.outcome ?? (run.status === "running" ? "running" : "cancelled")],
        unitName(attempt),
        attempt.attempt === 0 ? "" : String(attempt.attempt),
        attempt.outcome ?? (run.status === "running" ? "" : run.status),
        attempt.finishedAt === undefined || attempt.attempt === 0
          ? ""
          : formatDuration(Date.parse(attempt.finishedAt) - Date.parse(attempt.startedAt)),
        attempt.failure === undefined ? "" : `${reasonTag(attempt.failure)} ${attempt.failure.message}`,
      ]),
      { width: tableWidth() },
    ),
  );
  if (checks.length + unfinished.length === 0) return 0;
  print(
    "",
    ...tableLines(
      [
        { title: "" },
        { title: "asset", cut: "middle" },
        { title: "check", cut: "middle" },
        { title: "severity" },
        { title: "result" },
      ],
      [
        ...checks.map((check) => [
          signs.sign[checkSign(check)],
          unitName(check),
          check.check,
          severityText(check),
          resultText(check),
        ]),
        ...unfinished.map((check) => [
          signs.sign[run.status === "running" ? "running" : "cancelled"],
          unitName(check),
          check.check,
          severityText(check),
          run.status === "running" ? "running" : `no result: the run was ${run.status} first`,
        ]),
      ],
      { width: tableWidth() },
    ),
  );
  return 0;
}

/** A check that began and gave no result, of a partition where the asset has them. */
type UnfinishedCheck = Pick<CheckResultRecord, "key" | "partition" | "check" | "severity" | "blocking">;

/** Checks that began and gave no result: they work now, or their run ended before them. */
function unfinishedChecks(store: StoreReader, runId: string): readonly UnfinishedCheck[] {
  const open = new Map<string, UnfinishedCheck>();
  for (const { event } of store.events({ runId })) {
    if (event.type !== "check-started" && event.type !== "check-finished") continue;
    const { check, severity, blocking, partition = "" } = event;
    const key = event.key as AssetKey;
    const id = `${unitId({ key, partition })} ${check}`;
    if (event.type === "check-started") open.set(id, { key, partition, check, severity, blocking });
    else open.delete(id);
  }
  return [...open.values()];
}

/** Its tags, the run that it goes on with, and those that went on with it. */
function linkLines(run: RunRecord, resumedBy: readonly RunRecord[]): readonly string[] {
  const tags = tagsText(run.tags);
  return [
    ...(tags === "" ? [] : [`  tags        ${tags}`]),
    ...(run.resumes === undefined ? [] : [`  resumes     ${run.resumes}`]),
    ...resumedBy.map((later) => `  resumed by  ${later.id} ${later.status}`),
  ];
}
