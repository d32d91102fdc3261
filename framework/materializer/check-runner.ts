import type { AssetKey } from "../definition/asset-key.ts";
import type { Check } from "../definition/check.ts";
import type { CheckOutcome } from "../event/event.ts";
import type { Failure } from "../event/failure.ts";
import { failureOf } from "./boundary.ts";
import type { RunSession } from "./run-session.ts";

/** A check's result, however it was come by. */
export interface CheckReport {
  readonly result: CheckOutcome;
  readonly durationMs: number;
  /** The check could not be run; it counts as not passed. */
  readonly failure?: Failure;
}

/** What a result means for the run. */
export interface CheckVerdict {
  readonly passed: boolean;
  /** Whether it holds back what is downstream. */
  readonly blocks: boolean;
}

/** Stores and shows one result; says whether it holds back what is downstream. */
export function recordCheck(session: RunSession, check: Check, report: CheckReport): CheckVerdict {
  const event = session.stamp({
    type: "check-finished",
    key: check.asset,
    check: check.name,
    severity: check.severity,
    blocking: check.blocking,
    ...report,
  });
  if (event.type !== "check-finished")
    throw new Error("Internal error: expected the event as it was stamped");
  session.request.store.recordCheck(
    {
      runId: session.runId,
      key: check.asset,
      check: check.name,
      severity: check.severity,
      blocking: check.blocking,
      at: event.at,
      durationMs: event.durationMs,
      result: event.result,
      failure: event.failure,
    },
    event,
  );
  session.show(event);
  const passed = report.result.passed && report.failure === undefined;
  return { passed, blocks: check.blocking && !passed };
}

/** Announces a check before it runs, so that a crash in it is visible. */
export function startCheck(session: RunSession, check: Check): void {
  const { asset: key, name, severity, blocking } = check;
  session.record({ type: "check-started", key, check: name, severity, blocking });
}

/** Runs one check that has a body. @throws whatever it threw, when the run is being cancelled */
export async function runCheck(
  session: RunSession,
  check: Check,
  signal: AbortSignal,
): Promise<CheckVerdict> {
  if (check.source.type !== "body")
    throw new Error(`Internal error: expected a check with a body, got ${check.source.type}`);
  startCheck(session, check);
  const started = performance.now();
  const durationMs = () => performance.now() - started;
  try {
    const result = await check.source.run({
      ...session.workContext(check.asset, signal),
      key: check.asset,
      sql: session.request.lakehouse.tableName(check.asset),
    });
    return recordCheck(session, check, { result, durationMs: durationMs() });
  } catch (error) {
    // Cancelled is not failed: whoever asked ends as cancelled, and the check keeps the result that it had.
    if (session.signal.aborted) throw error;
    const failure = failureOf(error, { key: check.asset, runId: session.runId });
    return recordCheck(session, check, { result: { passed: false }, durationMs: durationMs(), failure });
  }
}

/** No result is an error: what was expected to report and did not. */
export function missingReport(check: Check): CheckReport {
  return {
    result: { passed: false },
    durationMs: 0,
    failure: {
      reason: "check-failed",
      message: `${check.name} on ${check.asset} gave no result`,
      retryable: false,
      next: `moraine check ${check.asset} --name ${check.name}`,
    },
  };
}

/**
 * Runs the asset's checks before its materialization is recorded: were it the other way round, a crash in between
 * would leave an asset that looks good and was never checked.
 *
 * @returns the blocking checks that did not pass
 */
export async function runChecks(
  session: RunSession,
  key: AssetKey,
  reports: ReadonlyMap<string, CheckOutcome>,
  signal: AbortSignal,
): Promise<readonly string[]> {
  const failed: string[] = [];
  for (const check of session.graph.checks(key)) {
    if (check.source.type === "batch") continue;
    const report = reports.get(check.name);
    const { blocks } =
      check.source.type === "body"
        ? await runCheck(session, check, signal)
        : recordCheck(
            session,
            check,
            report === undefined ? missingReport(check) : { result: report, durationMs: 0 },
          );
    if (blocks) failed.push(check.name);
  }
  return failed;
}
