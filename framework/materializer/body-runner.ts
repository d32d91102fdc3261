import type { Asset } from "../definition/asset.ts";
import { type Unit, unitId } from "../definition/unit.ts";
import type { MaterializeContext, MaterializeResult } from "../definition/context.ts";
import type { Cause, CheckOutcome, Outcome } from "../event/event.ts";
import type { Failure } from "../event/failure.ts";
import type { Lakehouse } from "../lakehouse/lakehouse.ts";
import { Attempt } from "./attempt.ts";
import { AttemptTime } from "./attempt-time.ts";
import { backoffMs } from "./backoff.ts";
import { bodyResult } from "./body-result.ts";
import { failureOf } from "./boundary.ts";
import { keepReports, recordReports, runChecks } from "./check-runner.ts";
import { engineFirst } from "./engine-first.ts";
import { inputOf } from "./input.ts";
import { recordUnstarted } from "./record-unstarted.ts";
import type { RunSession } from "./run-session.ts";

/**
 * Runs one unit of an asset that has a body, with its retries and checks, and records its outcome. Holds its lease.
 *
 * @param options `first`: the first attempt, when it has started with the lease
 */
export async function runBody(
  session: RunSession,
  unit: Unit,
  options: {
    readonly causes: readonly Cause[];
    readonly first?: Attempt | undefined;
    readonly onAnnounceChange: () => void;
  },
): Promise<Outcome> {
  const asset = session.graph.asset(unit.key);
  for (let number = 1; ; number++) {
    // First of all: of several partitions each begins with what the one before it has published, and its time runs from then.
    const unopened = await session.drafts.open(unit, session.signal);
    const attempt =
      (number === 1 && options.first) || (await startAttempt(session, unit, number, options.causes));
    const time = new AttemptTime(asset.timeoutMs);
    const signal =
      asset.timeoutMs === undefined ? session.signal : AbortSignal.any([session.signal, time.signal]);
    let failure: Failure;
    try {
      if (unopened !== undefined) throw unopened;
      const reports = new Map<string, CheckOutcome>();
      const result = await callBody(session, asset, {
        attempt,
        time,
        signal,
        reports,
        onAnnounceChange: options.onAnnounceChange,
      });
      return await attempt.succeed(result, await runChecks(session, unit, reports, signal));
    } catch (error) {
      // What fails after the record, as a listener may, is no failure of the asset and takes nothing back.
      if (attempt.isRecorded) throw error;
      // The body has ended: only now is its slot free.
      if (session.signal.aborted) return await attempt.cancel();
      failure = time.signal.aborted
        ? {
            reason: "timeout",
            message: `${unitId(unit)} did not end within ${asset.timeoutMs} ms`,
            retryable: true,
          }
        : failureOf(error, { unit, runId: session.runId });
    } finally {
      time.end();
    }
    if (!failure.retryable || number >= asset.retry.maxAttempts) return await attempt.fail(failure);
    const delayMs = backoffMs(asset.retry, number, failure, Math.random());
    await attempt.retry(failure, delayMs);
    if (!(await session.pause(delayMs))) {
      recordUnstarted(session, unit, { outcome: "cancelled" });
      return "cancelled";
    }
  }
}

async function startAttempt(
  session: RunSession,
  unit: Unit,
  number: number,
  causes: readonly Cause[],
): Promise<Attempt> {
  await session.lake.refresh([unit.key]);
  return Attempt.start(session, unit, number, causes);
}

interface BodyCall {
  readonly attempt: Attempt;
  readonly time: AttemptTime;
  /** Aborted when the attempt's time is over as well. */
  readonly signal: AbortSignal;
  readonly reports: Map<string, CheckOutcome>;
  readonly onAnnounceChange: () => void;
}

async function callBody(session: RunSession, asset: Asset, call: BodyCall): Promise<MaterializeResult> {
  const { attempt, time, signal, reports, onAnnounceChange } = call;
  if (asset.source.type !== "body")
    throw new Error(`Internal error: expected a body, got ${asset.source.type}`);
  const { request } = session;
  const { unit } = attempt;
  const last = session.world.latest(unit);
  // Installing is no work of the attempt that happens to be the first.
  const ready = (lakehouse: Lakehouse) =>
    engineFirst(lakehouse, () =>
      time.standingStill(
        async () => lakehouse.installEngine?.(),
        (ms) => attempt.leaveOut(ms),
      ),
    );
  const given = session.workContext(unit, signal);
  const work = { ...given, lakehouse: ready(given.lakehouse) };
  if (asset.table !== undefined) await work.lakehouse.ensureTable(asset.table, signal);
  const context: MaterializeContext = {
    ...work,
    key: asset.key,
    partition: session.partitionGraph.set(asset.key)?.partition(unit.partition),
    inputs: Object.fromEntries(
      Object.entries(asset.deps).map(([name, upstream]) => [
        name,
        inputOf(session.graph.asset(upstream), {
          // As everybody sees it, whatever draft this process may have of it.
          lakehouse: ready(request.lakehouse),
          read: attempt.unitsRead(upstream),
          set: session.partitionGraph.set(upstream),
          signal,
        }),
      ]),
    ),
    attempt: attempt.number,
    forced: request.forced.has(asset.key),
    lastMaterialization:
      last === undefined
        ? undefined
        : { runId: last.runId, at: last.finishedAt, dataVersion: last.dataVersion, metadata: last.metadata },
    // Most bodies have none, and a read for each of many small assets would show.
    get cursor() {
      return request.store.cursor(unit);
    },
    progress: (progress) => session.progress(unit, progress),
    announceChange: onAnnounceChange,
    reportCheck: keepReports(session, asset.key, reports),
  };
  try {
    const result = await asset.source.materialize(context);
    signal.throwIfAborted();
    return bodyResult(unit, result);
  } catch (error) {
    if (!session.signal.aborted) recordReports(session, unit, reports);
    throw error;
  }
}
