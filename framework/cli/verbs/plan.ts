import { computeStatuses, trimCauses } from "../../staleness/compute-statuses.ts";
import { type PlannedAction, type PlannedUnit, planRun } from "../../staleness/plan-run.ts";
import type { AssetStatus } from "../../staleness/status.ts";
import { causeSummary } from "../../tui/words/cause.ts";
import { tableLines } from "../../tui/words/columns.ts";
import { countOf, formatDuration } from "../../tui/words/numbers.ts";
import type { Signs } from "../../tui/words/signs.ts";
import { shellWords } from "../../util/shell-words.ts";
import { exitCode } from "../exit-code.ts";
import { print, printJson } from "../output/print.ts";
import { lookOf, tableWidth } from "../output/terminal.ts";
import type { OpenProject } from "../project/open-project.ts";
import type { VerbContext } from "../run-verb.ts";
import { UsageError } from "../usage-error.ts";
import { choosePartitions, type PartitionOptions, partitionWords } from "./partition-choice.ts";
import { readObservations, readUnchecked, selectFrom } from "./statuses.ts";

/** `moraine plan`. An asset whose only cause is its upstream may turn out fresh; the plan says `maybe`. */
export async function plan(
  context: VerbContext,
  terms: readonly string[],
  options: {
    readonly exitCode?: boolean;
    readonly all?: boolean;
    readonly automation?: boolean;
  } & PartitionOptions,
): Promise<number> {
  if (options.automation === true) {
    if (options.partition !== undefined || options.missing === true)
      throw new UsageError("--automation takes the partitions that are due", "leave the partitions out");
    return (await import("./automation.ts")).planAutomation(context, terms, options);
  }
  const project = await context.openProject();
  const observations = await readObservations(project, { asked: true });
  const statuses = computeStatuses(project.graph, observations);
  const usual = project.store.usualDurations();
  const keys = selectFrom(project, terms, statuses);
  const selected = keys.flatMap((key) => statuses.get(key) ?? []);
  const choice = choosePartitions(project.graph, keys, options, observations.now);
  const planned = planRun({ graph: project.graph, observations, statuses, keys, choice });
  const steps = selected
    .map((status) => stepOf(project, status, planned.get(status.key) ?? [], usual.get(status.key)))
    .filter(({ action }) => options.all === true || action !== "none");
  const toRun = steps.filter((step) => step.action === "run" || step.action === "maybe");
  const blocked = steps.filter((step) => step.action === "blocked");
  const sure = new Set(steps.filter((step) => step.action === "run").map((step) => step.key));
  // What runs is checked then; of the rest somebody has to say that it never was.
  const neverChecked = readUnchecked(project);
  const unchecked = selected.flatMap(({ key }) => {
    const checks = sure.has(key) ? [] : (neverChecked.get(key) ?? []);
    return checks.length === 0 ? [] : [{ key, checks: checks.map((check) => check.name) }];
  });
  if (context.options.json === true) {
    printJson({
      target: project.targetName,
      selection: terms,
      steps,
      toRun: toRun.length,
      fresh: selected.length - toRun.length - blocked.length,
      unchecked,
    });
  } else {
    const { signs, paint } = lookOf(context.options);
    print(
      ...tableLines(
        [
          { title: "", fixed: true, paint: (cell, row) => paint.as(steps[row]?.status ?? "fresh", cell) },
          { title: "asset", cut: "middle", min: 20 },
          { title: "runs", fixed: true },
          { title: "usual", align: "right", fixed: true },
          { title: "why" },
        ],
        steps.map((step) => [
          signs.sign[step.status],
          step.partitions === null ? step.key : `${step.key} ${partitionsText(step.partitions)}`,
          actionWords[step.action],
          step.usualMs === null ? "" : `~${formatDuration(step.usualMs * (step.partitions?.length ?? 1))}`,
          causeSummary(step.causes),
        ]),
        { width: tableWidth(), ellipsis: signs.ellipsis },
      ),
      "",
      ...summaryLines({ selected, toRun: toRun.length, blocked: blocked.length }, signs),
      ...(toRun.length + blocked.length === 0
        ? []
        : [
            `${countOf(toRun.length, "asset")} of ${selected.length} would run: ${["moraine materialize", shellWords(terms), ...partitionWords(options)].filter((words) => words !== "").join(" ")}`,
          ]),
      ...unchecked.map(
        ({ key, checks }) => `${signs.sign.warned} ${key} never checked: ${checks.join(", ")}`,
      ),
      ...(unchecked.length === 0
        ? []
        : [`next  moraine check ${unchecked.length === 1 ? unchecked[0]?.key : "state:unchecked"}`]),
    );
  }
  return options.exitCode === true && toRun.length + blocked.length > 0 ? exitCode.notCurrent : exitCode.done;
}

const actionWords: Readonly<Record<PlannedAction, string>> = {
  run: "yes",
  maybe: "if changed",
  none: "no",
  blocked: "skipped",
};

/** What the numbers of steps leave out. */
function summaryLines(
  {
    selected,
    toRun,
    blocked,
  }: { readonly selected: readonly AssetStatus[]; readonly toRun: number; readonly blocked: number },
  signs: Signs,
): readonly string[] {
  if (blocked > 0) {
    const they = blocked === 1 ? "an upstream of it" : "an upstream of each";
    return [
      `${signs.sign.skipped} ${countOf(blocked, "asset")} would be skipped: ${they} is not there, or held back by a check`,
    ];
  }
  if (toRun > 0) return [];
  const stale = selected.filter(({ status }) => status !== "fresh").length;
  if (stale === 0)
    return [`${signs.sign.fresh} nothing to do: all ${countOf(selected.length, "asset")} fresh`];
  return [
    `${signs.sign.fresh} nothing to do: ${countOf(stale, "asset")} of ${selected.length} stale only by upstreams that are not selected`,
  ];
}

function stepOf(
  { graph }: OpenProject,
  { key, partitions, ...asset }: AssetStatus,
  planned: readonly PlannedUnit[],
  usualMs: number | undefined,
) {
  const isPartitioned = partitions !== undefined;
  const units = planned.map(({ partition, action, causes }) => {
    const { status } = partitions?.get(partition) ?? asset;
    return { key: partition, status, action, causes: trimCauses(causes) };
  });
  const first = units.find(({ action }) => action !== "none");
  const actions = new Set(units.map(({ action }) => action));
  const action: PlannedAction =
    (["run", "maybe", "blocked"] as const).find((each) => actions.has(each)) ?? "none";
  return {
    key,
    kind: graph.asset(key).assetKind,
    status: first?.status ?? asset.status,
    action,
    causes: first?.causes ?? trimCauses(asset.causes),
    usualMs: usualMs ?? null,
    /** Null for an asset without partitions. */
    partitions: isPartitioned ? units : null,
  };
}

/** `[2026-01-03]`, or how many from where to where. */
function partitionsText(partitions: readonly { readonly key: string }[]): string {
  const [first] = partitions;
  if (first === undefined) return "";
  if (partitions.length === 1) return `[${first.key}]`;
  return `[${first.key}..${partitions.at(-1)?.key ?? ""}, ${partitions.length}]`;
}
