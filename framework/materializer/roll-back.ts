import type { Metadata, RunEvent, RunTrigger } from "../event/event.ts";
import { fail, FailureError } from "../event/failure.ts";
import type { Lakehouse } from "../lakehouse/lakehouse.ts";
import type { RestoredUnit, Store } from "../store/store.ts";
import type { Clock } from "../util/clock.ts";
import type { RollbackPlan, UnitChange } from "./plan-rollback.ts";
import { newRunId, unitFields } from "./run-session.ts";

/** What a rollback works with. */
export interface RollbackRequest {
  readonly store: Store;
  readonly lakehouse: Lakehouse;
  readonly clock: Pick<Clock, "now">;
  readonly trigger: RunTrigger;
}

/** How the runs of rollbacks begin their selection; the rest is what to type to do the same again. */
export const rollbackWord = "rollback";

/**
 * Takes an asset's table back and makes the older records count again, as a run of its own: first that it began, then
 * the table, then everything else in one transaction. Killed before the last step, the table has gone back and the
 * records have not: the same rollback again completes it.
 *
 * @returns the run's id
 * @throws FailureError `locked` when a run works on the asset, `commit-conflict` when its table has changed since the
 *   plan was made, StoreError; the table is then as it was
 */
export async function rollBack(request: RollbackRequest, plan: RollbackPlan): Promise<string> {
  const { store, lakehouse } = request;
  const run = startRun(request, plan);
  try {
    takeLeases(store, run, plan);
    await lakehouse.restore(plan.key, { from: plan.from?.id, to: plan.to.snapshot.id });
  } catch (error) {
    // Whatever it was, the run must not look as if it still worked.
    run.end("failed");
    throw explained(error, plan);
  }
  const at = run.now();
  const isRecorded = store.finishRollback({
    runId: run.id,
    at,
    snapshotId: plan.to.snapshot.contentId,
    units: plan.units.map((unit) => restoredUnit(plan, unit, { runId: run.id, at })),
    event: run.finished("succeeded", at),
  });
  if (isRecorded) return run.id;
  run.end("failed");
  return fail({
    reason: "locked",
    message: `the table of ${plan.key} went back, but another run took this one for dead before that was recorded`,
    where: plan.key,
    next: `moraine rollback ${plan.key} --to ${plan.to.snapshot.id}`,
    retryable: true,
  });
}

interface RollbackRun {
  readonly id: string;
  now(): string;
  finished(status: "succeeded" | "failed", at: string): RunEvent;
  end(status: "failed"): void;
}

function startRun({ store, clock, trigger }: RollbackRequest, { key, to }: RollbackPlan): RollbackRun {
  const id = newRunId();
  const now = () => clock.now().toISOString();
  const at = now();
  const selection = `${rollbackWord} ${key} --to ${to.snapshot.id}`;
  const started: RunEvent = {
    type: "run-started",
    runId: id,
    at,
    target: store.target,
    trigger,
    selection,
    keys: [key],
    workers: 1,
    usualMs: {},
  };
  store.startRun({ id, trigger, selection, startedAt: at }, started);
  const finished: RollbackRun["finished"] = (status, finishedAt) => ({
    type: "run-finished",
    runId: id,
    at: finishedAt,
    status,
    durationMs: Math.max(0, Date.parse(finishedAt) - Date.parse(at)),
    outcomes: { [key]: status === "succeeded" ? "materialized" : "failed" },
  });
  const end: RollbackRun["end"] = (status) => {
    const finishedAt = now();
    store.finishRun(id, status, finishedAt, finished(status, finishedAt));
  };
  return { id, now, finished, end };
}

/** Of every partition: the table is one, and all of them go back with it. */
function takeLeases(store: Store, run: RollbackRun, { key, units }: RollbackPlan): void {
  const partitions = new Set([
    "",
    ...units.map(({ partition }) => partition),
    ...(store.latestByPartition().get(key)?.keys() ?? []),
  ]);
  const wanted = [...partitions].map((partition) => ({ key, partition }));
  const answer = store.acquireLeases(run.id, wanted, run.now());
  if (answer.held) return;
  fail({
    reason: "locked",
    message: `run ${answer.by} works on ${key}; nothing was changed`,
    where: key,
    next: `wait for it, or moraine runs cancel ${answer.by}`,
    retryable: true,
  });
}

function explained(error: unknown, { key }: RollbackPlan): unknown {
  if (!(error instanceof FailureError) || error.failure.reason !== "commit-conflict") return error;
  return new FailureError(
    {
      ...error.failure,
      message: `the table of ${key} has changed since you were told what would happen; it was left as it is`,
      next: "run the same again and see what is there now",
    },
    { cause: error },
  );
}

function restoredUnit(
  plan: RollbackPlan,
  unit: UnitChange,
  { runId, at }: { readonly runId: string; readonly at: string },
): RestoredUnit {
  const { restores, dataVersion } = unit;
  // What else was said then is about the writing, not about the rows.
  const rows = restores?.metadata["rows"];
  const metadata: Metadata = {
    ...(rows === undefined ? {} : { rows }),
    "rolled back": { type: "text", value: rolledBack(plan, unit) },
  };
  const name = unitFields(unit);
  const causes = [{ type: "forced" }] as const;
  const events: readonly RunEvent[] = [
    { type: "asset-started", runId, at, ...name, attempt: 1, maxAttempts: 1, causes },
    {
      type: "asset-finished",
      runId,
      at,
      ...name,
      outcome: "materialized",
      attempts: 1,
      durationMs: 0,
      causes,
      metadata,
      ...(dataVersion === undefined ? {} : { dataVersion }),
    },
  ];
  return { ...unit, metadata, events };
}

/** Says in the history what this materialization really is. */
function rolledBack({ from, to }: RollbackPlan, { restores }: UnitChange): string {
  const what = restores === undefined ? "not there then" : `run ${restores.runId}`;
  return `to snapshot ${to.snapshot.id} (${what}) from ${from?.id ?? "none"}`;
}
