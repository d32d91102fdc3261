import { isAssetKey } from "../../definition/asset-key.ts";
import type { RunStatus } from "../../event/event.ts";
import { checkSign, checkText, severityText } from "../../tui/words/check.ts";
import { tableLines } from "../../tui/words/columns.ts";
import { reasonTag } from "../../tui/words/failure.ts";
import { formatDuration } from "../../tui/words/numbers.ts";
import type { RunRecord } from "../../store/store.ts";
import { print, printJson } from "../output/print.ts";
import { lookOf, tableWidth } from "../output/terminal.ts";
import type { OpenProject } from "../project/open-project.ts";
import type { VerbContext } from "../run-verb.ts";
import { UsageError } from "../usage-error.ts";

interface RunsOptions {
  readonly limit?: number;
  readonly since?: string;
  readonly status?: string;
}

const statuses: readonly RunStatus[] = ["running", "succeeded", "failed", "cancelled", "interrupted"];

/** `moraine runs`. */
export async function runs(
  context: VerbContext,
  [id]: readonly string[],
  options: RunsOptions,
): Promise<number> {
  const project = await context.openProject();
  // Whoever looks should not see a run as running whose process is gone.
  project.store.interruptDeadRuns(new Date().toISOString());
  if (id !== undefined) return showRun(context, project, id);
  const found = project.store.runs({
    limit: options.limit ?? 20,
    ...(options.since === undefined ? {} : { since: instant(options.since) }),
    ...(options.status === undefined ? {} : { status: statusOf(options.status) }),
  });
  if (context.options.json === true) {
    printJson(found.map(runJson));
    return 0;
  }
  const { signs, paint } = lookOf(context.options);
  print(
    ...tableLines(
      [
        { title: "", paint: (cell, row) => paint.as(signOf(found[row]?.status), cell) },
        { title: "run" },
        { title: "started" },
        { title: "by" },
        { title: "selection" },
        { title: "outcome" },
        { title: "time", align: "right" },
        ...outcomes.map((outcome) => ({ title: signs.sign[outcome], align: "right" as const })),
      ],
      found.map((run) => [
        signs.sign[signOf(run.status)],
        run.id,
        run.startedAt.slice(0, 19).replace("T", " "),
        run.trigger,
        run.selection || "all",
        run.status,
        run.finishedAt === undefined
          ? ""
          : formatDuration(Date.parse(run.finishedAt) - Date.parse(run.startedAt)),
        ...outcomes.map((outcome) => String(run.counts[outcome])),
      ]),
      { width: tableWidth() },
    ),
  );
  return 0;
}

const outcomes = ["materialized", "fresh", "failed", "skipped"] as const;

function showRun(context: VerbContext, project: OpenProject, id: string): number {
  const run = findRun(project, id);
  const attempts = project.store.attempts(run.id);
  const checks = [...new Set(attempts.map((attempt) => attempt.key))].flatMap((key) =>
    project.store.checkResults(key, { runId: run.id }).toReversed(),
  );
  if (context.options.json === true) {
    printJson({ ...runJson(run), attempts, checks });
    return 0;
  }
  const { signs } = lookOf(context.options);
  print(
    `run ${run.id} ${run.status}, by ${run.trigger}, target ${run.target}, selection ${run.selection || "all"}`,
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
        signs.sign[attempt.outcome ?? "running"],
        attempt.key,
        attempt.attempt === 0 ? "" : String(attempt.attempt),
        attempt.outcome ?? "",
        attempt.finishedAt === undefined || attempt.attempt === 0
          ? ""
          : formatDuration(Date.parse(attempt.finishedAt) - Date.parse(attempt.startedAt)),
        attempt.failure === undefined ? "" : `${reasonTag(attempt.failure)} ${attempt.failure.message}`,
      ]),
      { width: tableWidth() },
    ),
    ...(checks.length === 0 ? [] : [""]),
    ...tableLines(
      [
        { title: "" },
        { title: "asset", cut: "middle" },
        { title: "check", cut: "middle" },
        { title: "severity" },
        { title: "result" },
      ],
      checks.map((check) => [
        signs.sign[checkSign(check)],
        check.key,
        check.check,
        severityText(check),
        checkText(check),
      ]),
      { width: tableWidth() },
    ),
  );
  return 0;
}

/** Finds a run by the whole or the unique beginning of its id. */
export function findRun(project: OpenProject, id: string): RunRecord {
  const run = project.store.run(id);
  if (run !== undefined) return run;
  const hint = isAssetKey(id) ? `moraine show ${id}` : "moraine runs";
  throw new UsageError(`no run ${id}, or more than one begins so`, hint);
}

function runJson(run: RunRecord) {
  return { ...run, finishedAt: run.finishedAt ?? null };
}

function signOf(status: RunStatus | undefined) {
  if (status === "succeeded") return "materialized";
  return status === "failed" || status === "running" ? status : "cancelled";
}

function statusOf(text: string): RunStatus {
  const status = statuses.find((candidate) => candidate === text);
  if (status === undefined) throw new UsageError(`--status is ${statuses.join(", ")}, got ${text}`);
  return status;
}

function instant(text: string): string {
  const time = Date.parse(text);
  if (Number.isNaN(time))
    throw new UsageError(`--since expects an instant like 2026-01-31T06:00:00Z, got ${text}`);
  return new Date(time).toISOString();
}
