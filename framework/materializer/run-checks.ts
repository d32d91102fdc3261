import type { Batch, BatchReport } from "../definition/batch.ts";
import type { Check } from "../definition/check.ts";
import { type CheckReport, missingReport, recordCheck, runCheck, startCheck } from "./check-runner.ts";
import { failureOf } from "./boundary.ts";
import { recordStart } from "./record-start.ts";
import type { RunRequest, RunSummary } from "./run-request.ts";
import { RunSession } from "./run-session.ts";

/**
 * Runs checks without materializing anything, and records their results as a run without assets. Checks that an
 * asset's body reports while it works (`source: report`) cannot be run apart from it and must not be given.
 *
 * @throws StoreError, FailureError as `materialize` does
 */
export async function runChecksOnly(
  request: RunRequest & { readonly checks: readonly Check[] },
): Promise<RunSummary> {
  const session = new RunSession(request);
  const { store, checks } = request;
  try {
    await session.open();
    const startedAt = recordStart(session, { keys: [], partitions: {}, usualMs: {} });
    let hasFailed = false;
    for (const check of checks) {
      if (check.source.type !== "body") continue;
      for (const partition of partitionsToCheck(session, check)) {
        if (session.signal.aborted) break;
        try {
          const { passed } = await runCheck(session, check, session.signal, { partition });
          hasFailed ||= !passed && check.severity === "error";
        } catch (error) {
          if (!session.signal.aborted) throw error;
        }
      }
    }
    for (const [batch, members] of byBatch(checks)) {
      if (session.signal.aborted) break;
      const failed = await runBatchChecks(session, batch, members);
      hasFailed ||= failed;
    }
    const status = session.signal.aborted ? "cancelled" : hasFailed ? "failed" : "succeeded";
    const durationMs = session.msSince(startedAt);
    const finished = session.stamp({ type: "run-finished", status, durationMs, outcomes: {} });
    store.finishRun(session.runId, status, finished.at, finished);
    session.show(finished);
    return { runId: session.runId, status, outcomes: {}, partitions: {} };
  } catch (error) {
    session.abandon();
    throw error;
  } finally {
    session.close();
  }
}

/** Those that the request names, of the ones that were made; an asset without partitions is checked whole. */
function partitionsToCheck(
  { partitionGraph, observations, request }: RunSession,
  check: Check,
): readonly string[] {
  const { asset: key } = check;
  if (partitionGraph.set(key) === undefined) return [""];
  const { partitions: choice } = request;
  const named = choice?.type === "named" ? new Set(choice.keys.get(key) ?? []) : undefined;
  return partitionGraph
    .partitions(key)
    .filter((partition) => observations.provenance({ key, partition }) !== undefined)
    .filter((partition) => named === undefined || named.has(partition));
}

function byBatch(checks: readonly Check[]): ReadonlyMap<Batch, readonly Check[]> {
  const batches = new Map<Batch, Check[]>();
  for (const check of checks) {
    if (check.source.type !== "batch") continue;
    const members = batches.get(check.source.batch) ?? [];
    members.push(check);
    batches.set(check.source.batch, members);
  }
  return batches;
}

/** @returns whether a check of severity error did not pass */
async function runBatchChecks(session: RunSession, batch: Batch, checks: readonly Check[]): Promise<boolean> {
  const left = new Set(checks);
  let hasFailed = false;
  const settle = (check: Check, report: CheckReport) => {
    left.delete(check);
    const { passed } = recordCheck(session, check, report);
    hasFailed ||= !passed && check.severity === "error";
  };
  const find = (report: { readonly key: string; readonly check: string }) =>
    checks.find((check) => check.asset === report.key && check.name === report.check);
  const take = (report: BatchReport) => {
    if (report.type !== "check-started" && report.type !== "check-finished") return;
    const check = find(report);
    if (check === undefined) return;
    if (report.type === "check-started") startCheck(session, check);
    else {
      const { result, durationMs, failure } = report;
      if (failure !== undefined && session.signal.aborted) return;
      settle(check, { result, durationMs, ...(failure === undefined ? {} : { failure }) });
    }
  };
  try {
    await batch.check({
      ...session.workContext(undefined, session.signal),
      checks: checks.map((check) => ({ key: check.asset, name: check.name })),
      report: take,
    });
    if (!session.signal.aborted) for (const check of left) settle(check, missingReport(check));
  } catch (error) {
    if (session.signal.aborted) return hasFailed;
    for (const check of left) {
      const unit = { key: check.asset, partition: "" };
      const subject = `check ${check.name} on ${check.asset}`;
      const failure = failureOf(error, { unit, runId: session.runId, subject });
      settle(check, { result: { passed: false }, durationMs: 0, failure });
    }
  }
  return hasFailed;
}
