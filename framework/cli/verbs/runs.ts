import type { RunStatus } from "../../event/event.ts";
import type { RunRecord } from "../../store/store.ts";
import { tableLines } from "../../tui/words/columns.ts";
import { countOf, formatDuration } from "../../tui/words/numbers.ts";
import { tagsText } from "../../tui/words/run.ts";
import { instantText } from "../../tui/words/instant.ts";
import { parseInstant } from "../instant.ts";
import { print, printJson } from "../output/print.ts";
import { lookOf, tableWidth } from "../output/terminal.ts";
import type { OpenConfig } from "../project/open-project.ts";
import type { VerbContext } from "../run-verb.ts";
import { UsageError } from "../usage-error.ts";
import { runJson } from "./find-run.ts";
import type { MaterializeOptions } from "./run-command.ts";
import { parseTags } from "./run-tags.ts";
import { showRun } from "./show-run.ts";

interface RunsOptions extends Omit<MaterializeOptions, "force" | "retry"> {
  readonly limit?: number;
  readonly since?: string;
  readonly status?: string;
  readonly now?: boolean;
}

const statuses: readonly RunStatus[] = ["running", "succeeded", "failed", "cancelled", "interrupted"];

/** What a first word does that is no id: ids are hexadecimal digits. */
const actions = new Map<
  string,
  (context: VerbContext, ids: readonly string[], options: RunsOptions) => Promise<number>
>([
  ["resume", resume],
  ["cancel", cancel],
  ["diff", diff],
]);

/** `moraine runs`. */
export async function runs(
  context: VerbContext,
  [first, ...rest]: readonly string[],
  options: RunsOptions,
): Promise<number> {
  const act = actions.get(first ?? "");
  if (act !== undefined) return act(context, rest, options);
  if (rest.length > 0)
    throw new UsageError(
      `no action ${first}; expected ${[...actions.keys()].join(", ")}`,
      "moraine runs --help",
    );
  const project = await context.openConfig();
  // Whoever looks should not see a run as running whose process is gone.
  project.store.interruptDeadRuns(new Date().toISOString());
  return first === undefined ? listRuns(context, project, options) : showRun(context, project, first);
}

async function resume(context: VerbContext, ids: readonly string[], options: RunsOptions): Promise<number> {
  const [id = ""] = expectIds("resume", ids, 1);
  const { run } = await import("./materialize.ts");
  const { resumeOf } = await import("./take-up.ts");
  return run(context, {
    words: ["runs", "resume", id],
    ask: (project) => resumeOf(project, id),
    options,
  });
}

async function cancel(context: VerbContext, ids: readonly string[], options: RunsOptions): Promise<number> {
  const [id = ""] = expectIds("cancel", ids, 1);
  return (await import("./cancel-run.ts")).cancelRun(context, id, options);
}

async function diff(context: VerbContext, ids: readonly string[]): Promise<number> {
  const { diffRuns } = await import("./diff-runs.ts");
  return diffRuns(context, expectIds("diff", ids, 1, 2));
}

/** The ids that an action needs, no fewer and no more. */
function expectIds(action: string, ids: readonly string[], least: number, most = least): readonly string[] {
  if (ids.length >= least && ids.length <= most) return ids;
  const expected = most === least ? countOf(least, "run") : `${least} or ${countOf(most, "run")}`;
  throw new UsageError(
    `runs ${action} expects ${expected}, got ${ids.length === 0 ? "none" : ids.join(" ")}`,
    "moraine runs shows their ids",
  );
}

function listRuns(context: VerbContext, project: OpenConfig, options: RunsOptions): number {
  const found = project.store.runs({
    limit: options.limit ?? 20,
    tags: parseTags(options.tag),
    ...(options.since === undefined ? {} : { since: parseInstant(options.since, "--since") }),
    ...(options.status === undefined ? {} : { status: statusOf(options.status) }),
  });
  if (context.options.json === true) {
    printJson(found.map(runJson));
    return 0;
  }
  const { signs, paint } = lookOf(context.options);
  const hasTags = found.some((run) => Object.keys(run.tags).length > 0);
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
        ...(hasTags ? [{ title: "tags" }] : []),
      ],
      found.map((run) => [
        signs.sign[signOf(run.status)],
        run.id,
        instantText(run.startedAt),
        run.trigger,
        run.selection || "all",
        run.status,
        run.finishedAt === undefined
          ? ""
          : formatDuration(Date.parse(run.finishedAt) - Date.parse(run.startedAt)),
        ...outcomes.map((outcome) => String(run.counts[outcome])),
        tagsText(run.tags),
      ]),
      { width: tableWidth() },
    ),
  );
  return 0;
}

const outcomes = ["materialized", "fresh", "failed", "skipped"] as const;

function signOf(status: RunRecord["status"] | undefined) {
  if (status === "succeeded") return "materialized";
  return status === "failed" || status === "running" ? status : "cancelled";
}

function statusOf(text: string): RunStatus {
  const status = statuses.find((candidate) => candidate === text);
  if (status === undefined) throw new UsageError(`--status is ${statuses.join(", ")}, got ${text}`);
  return status;
}
