import type { AssetKey } from "../definition/asset-key.ts";
import type { Check } from "../definition/check.ts";
import { type Unit, unitId } from "../definition/unit.ts";
import type { CheckOutcome } from "../event/event.ts";
import { fail, type Failure } from "../event/failure.ts";
import { failureOf } from "./boundary.ts";
import { type CheckAnswer, checkOutcomeOf } from "./check-outcome.ts";
import { withDraftRows } from "./draft-rows.ts";
import { type RunSession, unitFields } from "./run-session.ts";
import { unchangedResults } from "./unchanged-results.ts";

/** A check's result, however it was come by. */
export interface CheckReport extends CheckAnswer {
  readonly durationMs: number;
}

/** What a result means for the run. */
export interface CheckVerdict {
  readonly passed: boolean;
  /** Whether it holds back what is downstream. */
  readonly blocks: boolean;
}

/** Stores and shows one result; says whether it holds back what is downstream. */
export function recordCheck(
  session: RunSession,
  check: Check,
  report: CheckReport,
  partition = "",
): CheckVerdict {
  const { result, failure } = report.failure === undefined ? checkOutcomeOf(check, report.result) : report;
  const unit: Unit = { key: check.asset, partition };
  const event = session.stamp({
    type: "check-finished",
    ...unitFields(unit),
    check: check.name,
    severity: check.severity,
    blocking: check.blocking,
    durationMs: Math.round(report.durationMs),
    result,
    ...(failure === undefined ? {} : { failure }),
  });
  if (event.type !== "check-finished")
    throw new Error("Internal error: expected the event as it was stamped");
  session.request.store.recordCheck(
    {
      runId: session.runId,
      key: check.asset,
      partition,
      check: check.name,
      severity: check.severity,
      blocking: check.blocking,
      at: event.at,
      durationMs: event.durationMs,
      result: event.result,
      failure: event.failure,
      isUnpublished: session.drafts.has(unit),
    },
    event,
  );
  session.show(event);
  const passed = result.passed && failure === undefined;
  return { passed, blocks: check.blocking && !passed };
}

/** Announces a check before it runs, so that a crash in it is visible. */
export function startCheck(session: RunSession, check: Check, partition = ""): void {
  const { asset: key, name, severity, blocking } = check;
  session.record({
    type: "check-started",
    ...unitFields({ key, partition }),
    check: name,
    severity,
    blocking,
  });
}

/** Runs one check that has a body. @throws whatever it threw, when the run is being cancelled */
export async function runCheck(
  session: RunSession,
  check: Check,
  signal: AbortSignal,
  options: {
    /** @default the asset has none */
    readonly partition?: string;
    /** See CheckContext. */
    readonly unchanged?: CheckOutcome | undefined;
  } = {},
): Promise<CheckVerdict> {
  if (check.source.type !== "body")
    throw new Error(`Internal error: expected a check with a body, got ${check.source.type}`);
  const unit: Unit = { key: check.asset, partition: options.partition ?? "" };
  startCheck(session, check, unit.partition);
  const started = performance.now();
  const { run } = check.source;
  const { unchanged } = options;
  const answer = await callCheck(session, (context) => run({ ...context, unchanged }), {
    unit,
    name: check.name,
    signal,
  });
  const durationMs = performance.now() - started;
  const report = await withDraftRows(session, check, answer, { unit, signal });
  return recordCheck(session, check, { ...report, durationMs }, unit.partition);
}

async function callCheck(
  session: RunSession,
  run: Extract<Check["source"], { type: "body" }>["run"],
  { unit, name, signal }: { readonly unit: Unit; readonly name: string; readonly signal: AbortSignal },
): Promise<CheckAnswer> {
  try {
    const sql = session.request.lakehouse.tableName(unit.key);
    const partition = session.partitionGraph.set(unit.key)?.partition(unit.partition);
    return { result: await run({ ...session.workContext(unit, signal), key: unit.key, partition, sql }) };
  } catch (error) {
    // Cancelled is not failed: whoever asked ends as cancelled, and the check keeps the result that it had.
    if (session.signal.aborted) throw error;
    const subject = `check ${name} on ${unitId(unit)}`;
    const failure = signal.aborted
      ? timedOut(subject, session.graph.asset(unit.key).timeoutMs)
      : failureOf(error, { unit, runId: session.runId, subject });
    return { result: { passed: false }, failure };
  }
}

/** The only thing beside the person that aborts a check. */
function timedOut(subject: string, timeoutMs: number | undefined): Failure {
  return {
    reason: "timeout",
    message: `${subject} had not ended when the asset's ${timeoutMs} ms were over`,
    retryable: true,
    next: "give the asset a longer `timeoutMs`: it holds for the body and its checks together",
  };
}

/** No result is an error: what was expected to report and did not. */
export function missingReport(check: Check): CheckReport {
  return {
    result: { passed: false },
    durationMs: 0,
    failure: {
      reason: "check-failed",
      message: `check ${check.name} on ${check.asset} gave no result`,
      retryable: false,
      next:
        check.source.type === "report"
          ? `call reportCheck("${check.name}", ...) in the body of ${check.asset}`
          : `moraine check ${check.asset} --name ${check.name}`,
    },
  };
}

/**
 * What a body is given as `reportCheck`: keeps results until they are recorded. It throws FailureError `asset-error` for
 * a check that nobody declared: what it found would be lost, and silence would pass for success.
 */
export function keepReports(
  session: RunSession,
  key: AssetKey,
  reports: Map<string, CheckOutcome>,
): (name: string, result: CheckOutcome) => void {
  return (name, result) => {
    const known = session.graph.checks(key).filter((check) => check.source.type === "report");
    if (known.some((check) => check.name === name)) {
      reports.set(name, result);
      return;
    }
    const names = known.map((check) => check.name).join(", ");
    fail({
      reason: "asset-error",
      message: `${key} reports a check ${name} that it does not have`,
      retryable: false,
      expected: names === "" ? "a check made by defineCheck without `run`" : names,
      next: `declare it: defineCheck({ asset: "${key}", name: "${name}" })`,
    });
  };
}

/** Records what a body found out before it failed: often it is why. */
export function recordReports(
  session: RunSession,
  { key, partition }: Unit,
  reports: ReadonlyMap<string, CheckOutcome>,
): void {
  for (const check of session.graph.checks(key)) {
    const result = reports.get(check.name);
    if (result !== undefined) recordCheck(session, check, { result, durationMs: 0 }, partition);
  }
}

/**
 * Runs the unit's checks before its materialization is recorded: were it the other way round, a crash in between
 * would leave an asset that looks good and was never checked.
 *
 * @returns the blocking checks that did not pass
 */
export async function runChecks(
  session: RunSession,
  unit: Unit,
  reports: ReadonlyMap<string, CheckOutcome>,
  signal: AbortSignal,
): Promise<readonly string[]> {
  const failed: string[] = [];
  const checks = session.graph.checks(unit.key);
  const hasBody = checks.some((check) => check.source.type === "body");
  const unchanged = hasBody ? await unchangedResults(session, unit) : new Map<string, CheckOutcome>();
  for (const check of checks) {
    if (check.source.type === "batch") continue;
    const report = reports.get(check.name);
    const { blocks } =
      check.source.type === "body"
        ? await runCheck(session, check, signal, {
            partition: unit.partition,
            unchanged: unchanged.get(check.name),
          })
        : recordCheck(
            session,
            check,
            report === undefined ? missingReport(check) : { result: report, durationMs: 0 },
            unit.partition,
          );
    if (blocks) failed.push(check.name);
  }
  return failed;
}
