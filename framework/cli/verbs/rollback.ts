import type { AssetKey } from "../../definition/asset-key.ts";
import { rowCountOf, type Snapshot } from "../../lakehouse/lakehouse.ts";
import { readTableStates, type TableState, type TableStates } from "../../materializer/earlier-states.ts";
import { planRollback, type RollbackPlan } from "../../materializer/plan-rollback.ts";
import { reconcile } from "../../materializer/reconcile.ts";
import { rollBack, rollbackWord } from "../../materializer/roll-back.ts";
import { trimCauses } from "../../staleness/compute-statuses.ts";
import { causeText } from "../../tui/words/cause.ts";
import { countOf, someOf } from "../../tui/words/numbers.ts";
import { instantText } from "../../tui/words/instant.ts";
import { systemClock } from "../../util/clock.ts";
import { exitCode } from "../exit-code.ts";
import { lineageTelling } from "../openlineage/lineage-telling.ts";
import { confirm } from "../output/confirm.ts";
import { print, printJson, say } from "../output/print.ts";
import { lookOf } from "../output/terminal.ts";
import type { OpenProject } from "../project/open-project.ts";
import type { VerbContext } from "../run-verb.ts";
import { UsageError } from "../usage-error.ts";
import { findRun } from "./find-run.ts";
import { selectOne } from "./statuses.ts";

interface RollbackOptions {
  readonly to?: string;
  readonly run?: string;
  readonly dryRun?: boolean;
}

/** Shortest beginning of a snapshot id that names it. */
const shortestId = 4;

/** `moraine rollback`. */
export async function rollback(
  context: VerbContext,
  [text = ""]: readonly string[],
  options: RollbackOptions,
): Promise<number> {
  const project = await context.openProject();
  const key = selectOne(project, text);
  await expectTable(project, key);
  // A dead run's write must be taken back first, or it would seem to be what there is now.
  if (options.dryRun !== true) await reconcile(project, new Date().toISOString());
  const states = await readTableStates(project, key);
  const to = chosenState(project, key, states, options);
  const plan = await planRollback({ ...sourcesOf(project), now: new Date() }, key, { states, to });
  if (plan.units.length === 0 && plan.from?.id === to.snapshot.id) return tellNothingToDo(context, plan);
  const { json, quiet } = context.options;
  if (options.dryRun === true) {
    if (json === true) printJson(documentOf(plan, { dryRun: true, runId: null }));
    else print(...planLines(plan));
    return exitCode.done;
  }
  if (json !== true && quiet !== true && context.options.yes !== true) say(...planLines(plan));
  const what = `this takes ${key} back to snapshot ${to.snapshot.id}`;
  if (!(await confirm(`Roll ${key} back?`, what, context.options, context.signal))) {
    say("nothing was changed");
    return exitCode.done;
  }
  const tellLineage = await lineageTelling(project, project.store, context.signal);
  const runId = await rollBack({ ...sourcesOf(project), clock: systemClock, trigger: "cli" }, plan);
  if (json === true) printJson(documentOf(plan, { dryRun: false, runId }));
  else tellDone(context, plan, runId);
  await tellLineage?.();
  return exitCode.done;
}

function sourcesOf({ graph, store, lakehouse }: OpenProject) {
  return { graph, store, lakehouse };
}

async function expectTable({ lakehouse }: OpenProject, key: AssetKey): Promise<void> {
  if (!(await lakehouse.exists(key))) throw new UsageError(`${key} has no table to roll back`);
  if (lakehouse.canRestore) return;
  throw new UsageError(`the ${lakehouse.name} lakehouse of this target can't take a table back`);
}

function chosenState(
  project: OpenProject,
  key: AssetKey,
  states: TableStates,
  { to, run }: RollbackOptions,
): TableState {
  if (to !== undefined && run !== undefined)
    throw new UsageError("--to and --run both say where to go back to");
  if (to !== undefined) return stateOfSnapshot(key, states, to);
  if (run !== undefined) return stateOfRun(project, key, states, run);
  const earlier = earlierStates(states);
  const [nearest] = earlier;
  if (nearest === undefined) throw new UsageError(`${key} has no earlier snapshot to go back to`);
  throw new UsageError(
    [
      `where is ${key} to go back to? There are`,
      ...earlier.slice(0, 5).map((state) => `  ${stateText(state)}`),
    ].join("\n"),
    `moraine rollback ${key} --to ${nearest.snapshot.id}`,
  );
}

/** What other materializations left, newest first, each once. */
function earlierStates({ states, current }: TableStates): readonly TableState[] {
  const seen = new Set([current?.contentId]);
  return states.filter(({ snapshot, isRecorded }) => {
    if (!isRecorded || seen.has(snapshot.contentId)) return false;
    seen.add(snapshot.contentId);
    return true;
  });
}

function stateOfSnapshot(key: AssetKey, { states, unknown }: TableStates, text: string): TableState {
  const all = [...states.map(({ snapshot }) => snapshot), ...unknown];
  const found = all.filter(({ id }) => id === text || (text.length >= shortestId && id.startsWith(text)));
  const [snapshot] = found;
  if (snapshot === undefined || found.length > 1) {
    throw new UsageError(
      snapshot === undefined
        ? `${key} has no snapshot ${text}; it has ${someOf(all.map(({ id }) => id))}`
        : `more than one snapshot of ${key} begins with ${text}: ${someOf(found.map(({ id }) => id))}`,
      `moraine show ${key} --snapshots`,
    );
  }
  const state = states.find((other) => other.snapshot.id === snapshot.id);
  if (state !== undefined) return state;
  throw new UsageError(
    `nothing recorded says what snapshot ${snapshot.id} of ${key} was made from, so nobody could tell what is stale after it`,
    `moraine show ${key} --history 20`,
  );
}

function stateOfRun(project: OpenProject, key: AssetKey, { states }: TableStates, text: string): TableState {
  const run = findRun(project, text);
  const record = project.store.runMaterializations(run.id).findLast((other) => other.key === key);
  if (record === undefined) {
    throw new UsageError(`run ${run.id} did not write ${key}`, `moraine show ${key} --history 20`);
  }
  const same = states.filter(({ snapshot }) => snapshot.contentId === record.snapshotId);
  // The one that it committed, or what compaction made of it.
  const state = same.find(({ snapshot }) => snapshot.id === record.snapshotId) ?? same[0];
  if (state !== undefined) return state;
  throw new UsageError(
    record.snapshotId === undefined
      ? `run ${run.id} left no snapshot of ${key}`
      : `snapshot ${record.snapshotId}, which run ${run.id} left of ${key}, has expired`,
    `moraine show ${key} --snapshots`,
  );
}

function tellNothingToDo({ options }: VerbContext, plan: RollbackPlan): number {
  if (options.json === true) printJson(documentOf(plan, { dryRun: false, runId: null }));
  else print(`${lookOf(options).signs.sign.fresh} ${plan.key} is at snapshot ${plan.to.snapshot.id} already`);
  return exitCode.done;
}

function tellDone({ options }: VerbContext, plan: RollbackPlan, runId: string): void {
  const { signs, paint } = lookOf(options);
  const { id } = plan.to.snapshot;
  print(
    `${paint.as("materialized", signs.sign.materialized)} run ${runId} took ${plan.key} back to snapshot ${id}`,
    ...(options.quiet === true ? [] : consequenceLines(plan, "is", "are")),
  );
}

/** Before and after, and what follows from it. */
function planLines(plan: RollbackPlan): readonly string[] {
  const { key, from, to } = plan;
  const others = to.isRecorded ? [] : ["  ! somebody else wrote to it after that run"];
  return [
    `${rollbackWord} ${key}`,
    `  to    ${stateText(to)}`,
    ...others,
    `  from  ${from === undefined ? "no snapshot" : snapshotText(from)}`,
    ...consequenceLines(plan, "becomes", "become"),
  ];
}

function consequenceLines(plan: RollbackPlan, one: string, many: string): readonly string[] {
  const { key, after, stale, units } = plan;
  const gone = units.filter(({ restores }) => restores === undefined).map(({ partition }) => partition);
  const undo = wayBack(plan);
  return [
    stale.length === 0
      ? `  stale ${one === "is" ? "nothing more" : "nothing"} downstream`
      : `  stale ${countOf(stale.length, "asset")} downstream ${stale.length === 1 ? one : many} stale: ${someOf(stale)}`,
    ...(gone.length === 0
      ? []
      : [`  gone  ${countOf(gone.length, "partition")} made later: ${someOf(gone)}`]),
    ...(after.status === "fresh"
      ? []
      : [`  next  materialize makes ${key} again: ${trimCauses(after.causes).map(causeText).join("; ")}`]),
    ...(undo === null ? [] : [`  undo  ${undo}   (until its snapshot expires)`]),
  ];
}

function wayBack({ key, from }: RollbackPlan): string | null {
  return from === undefined ? null : `moraine rollback ${key} --to ${from.id}`;
}

function stateText({ snapshot, record }: TableState): string {
  return `${snapshotText(snapshot)}, by run ${record.runId}`;
}

function snapshotText(snapshot: Snapshot): string {
  const rows = rowCountOf(snapshot);
  return [
    `snapshot ${snapshot.id}`,
    instantText(snapshot.committedAt, "minute"),
    ...(rows === undefined ? [] : [countOf(rows, "row")]),
  ].join(", ");
}

/** The shape of `rollback --json`. */
function documentOf(plan: RollbackPlan, run: { readonly dryRun: boolean; readonly runId: string | null }) {
  const { key, from, to, units, after, stale } = plan;
  const snapshot = (of: Snapshot) => ({
    id: of.id,
    committedAt: of.committedAt.toISOString(),
    rows: rowCountOf(of) ?? null,
  });
  return {
    key,
    ...run,
    from: from === undefined ? null : snapshot(from),
    to: snapshot(to.snapshot),
    restores: { runId: to.record.runId, madeAt: to.record.madeAt, isExact: to.isRecorded },
    partitions: units.flatMap(({ partition, restores }) =>
      partition === "" ? [] : [{ partition, runId: restores?.runId ?? null }],
    ),
    status: after.status,
    causes: trimCauses(after.causes),
    stale,
    undo: wayBack(plan),
  };
}
