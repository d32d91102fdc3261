import { hostname } from "node:os";
import { type RunOwner, whereIsOwner } from "../../store/run-owner.ts";
import type { RunRecord, Store } from "../../store/store.ts";
import { countsText } from "../../tui/words/run.ts";
import { countOf, someOf } from "../../tui/words/numbers.ts";
import { unitName } from "../../tui/words/text.ts";
import { systemClock } from "../../util/clock.ts";
import { signalProcess } from "../../util/process-start.ts";
import { unreachable } from "../../util/unreachable.ts";
import { exitCode } from "../exit-code.ts";
import { print, printJson, say } from "../output/print.ts";
import { codeOfSignal, type VerbContext } from "../run-verb.ts";
import { UsageError } from "../usage-error.ts";
import { findRun, runJson, runNow } from "./find-run.ts";

const lookEveryMs = 100;

/**
 * `moraine runs cancel RUN`: tells the process that works on a run to end, or with `now` kills it, and waits until the
 * run has ended. A process that is not certainly the run's own is left alone.
 */
export async function cancelRun(
  context: VerbContext,
  id: string,
  options: { readonly now?: boolean },
): Promise<number> {
  const { store } = await context.openConfig();
  const dead = store.interruptDeadRuns(new Date().toISOString());
  const run = findRun({ store }, id);
  if (dead.includes(run.id)) return reportEnd(context, run);
  if (run.status !== "running") {
    throw new UsageError(
      `run ${run.id} has ended already, as ${run.status}`,
      run.status === "succeeded" ? undefined : `moraine runs resume ${run.id}`,
    );
  }
  const owner = store.runOwner(run.id);
  if (owner === undefined) throw new Error(`Internal error: expected run ${run.id} to have an owner`);
  if (isHere(run, owner)) {
    const waiting = waitingText(store, run.id);
    // A second SIGTERM would end it at once.
    if (options.now === true) signalOwner(owner, "SIGKILL");
    else if (!isCancelling(store, run.id)) signalOwner(owner, "SIGTERM");
    if (options.now !== true && context.options.quiet !== true) say(waiting);
  }
  const ended = await untilEnded(store, run.id, context.signal);
  if (ended !== undefined) return reportEnd(context, ended);
  say(`run ${run.id} has not ended yet; it goes on to do so`);
  return codeOfSignal(context.signal.reason);
}

/**
 * Whether the process of the owner's number is certainly the owner; false when that has ended.
 *
 * @throws UsageError when it can't be said, or not from here
 */
function isHere(run: RunRecord, owner: RunOwner): boolean {
  const where = whereIsOwner(owner);
  switch (where) {
    case "here":
      return true;
    case "gone":
      return false;
    case "elsewhere":
      throw new UsageError(
        `run ${run.id} works on ${owner.host}, and this is ${hostname()}`,
        `on ${owner.host}: moraine runs cancel ${run.id}`,
      );
    case "unsure":
      throw new UsageError(
        `process ${owner.pid} may be another one than that of run ${run.id}: when it started is not known`,
        `if \`ps -fp ${owner.pid}\` shows that it is, kill -TERM ${owner.pid}`,
      );
    default:
      return unreachable(where);
  }
}

function signalOwner({ pid }: RunOwner, signal: "SIGTERM" | "SIGKILL"): void {
  // One that is gone ended meanwhile, as was wanted.
  if (signalProcess(pid, signal) !== "refused") return;
  throw new UsageError(`process ${pid} belongs to another user`, `as that user, or root: kill -TERM ${pid}`);
}

/** Whether somebody has told it to end before. */
function isCancelling(store: Store, runId: string): boolean {
  return store
    .events({ runId, types: ["cancelling"] })
    .some(({ event }) => event.type === "cancelling" && event.reason !== "fail-fast");
}

function waitingText(store: Store, runId: string): string {
  const working = store.attempts(runId).filter((attempt) => attempt.outcome === undefined);
  const keys = [...new Set(working.map(unitName))];
  return keys.length === 0
    ? `run ${runId} is told to end`
    : `run ${runId} is told to end; waiting for ${countOf(keys.length, "asset")}: ${someOf(keys)} (--now kills it)`;
}

/** The run as it ended; undefined when this process is told to end first. */
async function untilEnded(store: Store, runId: string, signal: AbortSignal): Promise<RunRecord | undefined> {
  while (!signal.aborted) {
    const run = runNow(store, runId);
    if (run.status !== "running") return run;
    await systemClock.sleep(lookEveryMs, signal).catch(() => {});
  }
  return undefined;
}

function reportEnd(context: VerbContext, run: RunRecord): number {
  if (context.options.json === true) {
    printJson(runJson(run));
    return exitCode.done;
  }
  const counts = countsText(run.counts);
  print(`run ${run.id} ${endText(run)}${counts === "" ? "" : `: ${counts}`}`);
  if (run.status !== "succeeded") print(`  next  moraine runs resume ${run.id}   go on with what is left`);
  return exitCode.done;
}

function endText({ status }: RunRecord): string {
  if (status === "interrupted") return "interrupted, its process is gone";
  return status === "cancelled" ? status : `${status} before it could be cancelled`;
}
