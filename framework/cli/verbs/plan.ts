import type { AssetKey } from "../../definition/asset-key.ts";
import { PartitionGraph } from "../../graph/partition-graph.ts";
import { planUnits } from "../../materializer/plan-units.ts";
import { trimCauses } from "../../staleness/compute-statuses.ts";
import type { AssetStatus, Staleness } from "../../staleness/status.ts";
import { causeSummary } from "../../tui/words/cause.ts";
import { tableLines } from "../../tui/words/columns.ts";
import { countOf, formatDuration } from "../../tui/words/numbers.ts";
import { shellWords } from "../../util/shell-words.ts";
import { exitCode } from "../exit-code.ts";
import { print, printJson } from "../output/print.ts";
import { lookOf, tableWidth } from "../output/terminal.ts";
import type { OpenProject } from "../project/open-project.ts";
import type { VerbContext } from "../run-verb.ts";
import { UsageError } from "../usage-error.ts";
import { choosePartitions, type PartitionOptions, partitionWords } from "./partition-choice.ts";
import { readStatuses, readUnchecked, selectFrom } from "./statuses.ts";

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
  const statuses = await readStatuses(project, { asked: true });
  const usual = project.store.usualDurations();
  const keys = selectFrom(project, terms, statuses);
  const selected = keys.flatMap((key) => statuses.get(key) ?? []);
  const planned = plannedPartitions(project, keys, statuses, options);
  const steps = selected
    .map((status) => stepOf(project, status, planned.get(status.key), usual.get(status.key)))
    .filter(({ action }) => options.all === true || action !== "none");
  const toRun = steps.filter((step) => step.action !== "none");
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
      fresh: selected.length - toRun.length,
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
          step.action === "run" ? "yes" : step.action === "maybe" ? "if changed" : "no",
          step.usualMs === null ? "" : `~${formatDuration(step.usualMs * (step.partitions?.length ?? 1))}`,
          causeSummary(step.causes),
        ]),
        { width: tableWidth(), ellipsis: signs.ellipsis },
      ),
      "",
      toRun.length === 0
        ? `${signs.sign.fresh} nothing to do: all ${countOf(selected.length, "asset")} fresh`
        : `${countOf(toRun.length, "asset")} of ${selected.length} would run: moraine materialize${[shellWords(terms), ...partitionWords(options)].map((words) => (words === "" ? "" : ` ${words}`)).join("")}`,
      ...unchecked.map(
        ({ key, checks }) => `${signs.sign.warned} ${key} never checked: ${checks.join(", ")}`,
      ),
      ...(unchecked.length === 0
        ? []
        : [`next  moraine check ${unchecked.length === 1 ? unchecked[0]?.key : "state:unchecked"}`]),
    );
  }
  return options.exitCode === true && toRun.length > 0 ? exitCode.notCurrent : exitCode.done;
}

/** The partitions that a run would work on, by asset; of assets without partitions nothing. */
function plannedPartitions(
  { graph }: OpenProject,
  keys: readonly AssetKey[],
  statuses: ReadonlyMap<AssetKey, AssetStatus>,
  options: PartitionOptions,
): ReadonlyMap<AssetKey, readonly string[]> {
  const now = new Date();
  const choice = choosePartitions(graph, keys, options, now) ?? ({ type: "due" } as const);
  if (!keys.some((key) => graph.asset(key).partitions !== undefined)) return new Map();
  const partitionGraph = new PartitionGraph(graph, now);
  const units = planUnits({ graph, partitionGraph, statuses, keys, choice, forced: new Set() });
  return new Map([...units].filter(([key]) => graph.asset(key).partitions !== undefined));
}

function stepOf(
  { graph }: OpenProject,
  { key, partitions, ...asset }: AssetStatus,
  planned: readonly string[] | undefined,
  usualMs: number | undefined,
) {
  // What reads a partition that may change is planned, though it is fresh now.
  const units = planned?.map((partition) => ({ key: partition, ...(partitions?.get(partition) ?? asset) }));
  const first = units?.find(({ status }) => status !== "fresh");
  const { status, causes } = units === undefined ? asset : (first ?? { status: "fresh", causes: [] });
  const actions = new Set(units === undefined ? [actionOf(asset)] : units.map(actionOf));
  return {
    key,
    kind: graph.asset(key).assetKind,
    status,
    action: actions.has("run") ? "run" : actions.has("maybe") ? "maybe" : "none",
    causes: trimCauses(causes),
    usualMs: usualMs ?? null,
    /** Null for an asset without partitions. */
    partitions:
      units?.map((unit) => ({
        key: unit.key,
        status: unit.status,
        action: actionOf(unit),
        causes: trimCauses(unit.causes),
      })) ?? null,
  };
}

function actionOf({ status, causes }: Staleness): "none" | "maybe" | "run" {
  if (status === "fresh") return "none";
  return causes.every((cause) => cause.type === "upstream") ? "maybe" : "run";
}

/** `[2026-01-03]`, or how many from where to where. */
function partitionsText(partitions: readonly { readonly key: string }[]): string {
  const [first] = partitions;
  if (first === undefined) return "";
  if (partitions.length === 1) return `[${first.key}]`;
  return `[${first.key}..${partitions.at(-1)?.key ?? ""}, ${partitions.length}]`;
}
