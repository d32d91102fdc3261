import type { AssetKey } from "../definition/asset-key.ts";
import type { Batch, BatchReport } from "../definition/batch.ts";
import type { MaterializeResult } from "../definition/context.ts";
import type { Unit } from "../definition/unit.ts";
import type { Cause, Outcome } from "../event/event.ts";
import type { Failure } from "../event/failure.ts";
import { deferred, type Deferred } from "../util/deferred.ts";
import { Attempt } from "./attempt.ts";
import { bodyResult } from "./body-result.ts";
import { failureOf } from "./boundary.ts";
import { missingReport, recordCheck, runChecks, startCheck } from "./check-runner.ts";
import type { RunSession } from "./run-session.ts";

/** One asset of a batch and why it runs. */
export interface BatchMember {
  readonly key: AssetKey;
  readonly causes: readonly Cause[];
}

/** What became of one member: an outcome, or a failure after which it may be tried again. */
export type MemberEnd = { readonly outcome: Outcome } | { readonly retry: Failure };

interface MemberState {
  readonly member: BatchMember;
  readonly ended: Deferred<MemberEnd>;
  readonly reportedChecks: Set<string>;
  readonly failedChecks: string[];
  attempt?: Attempt;
  result?: MaterializeResult;
  failure?: Failure;
  skippedBecause?: AssetKey;
  isSettling: boolean;
}

/** What a batch makes has no partitions. */
function whole(key: AssetKey): Unit {
  return { key, partition: "" };
}

/** One call of a batch. Each asset is recorded as soon as it and its checks have been reported. */
export class BatchInvocation {
  readonly #session: RunSession;
  readonly #batch: Batch;
  readonly #number: number;
  readonly #states: ReadonlyMap<AssetKey, MemberState>;

  /** @param members in topological order */
  constructor(session: RunSession, batch: Batch, members: readonly BatchMember[], number: number) {
    this.#session = session;
    this.#batch = batch;
    this.#number = number;
    this.#states = new Map(
      members.map((member) => [
        member.key,
        {
          member,
          ended: deferred<MemberEnd>(),
          reportedChecks: new Set<string>(),
          failedChecks: [],
          isSettling: false,
        },
      ]),
    );
  }

  async run(): Promise<ReadonlyMap<AssetKey, MemberEnd>> {
    const crash = await this.#invoke();
    for (const state of this.#states.values()) this.#settle(state, crash);
    return new Map(
      await Promise.all(
        [...this.#states].map(async ([key, state]) => [key, await state.ended.promise] as const),
      ),
    );
  }

  /** Calls the batch; what it throws is the failure of everything that it did not report. */
  async #invoke(): Promise<Failure | undefined> {
    const { request, signal, runId, drafts } = this.#session;
    const keys = [...this.#states.keys()];
    const first = whole(keys[0] ?? ("" as AssetKey));
    try {
      for (const key of keys) {
        const unopened = await drafts.open(whole(key), signal);
        if (unopened !== undefined) throw unopened;
      }
      await this.#session.lake.refresh(keys);
      // What has a draft is alone in its invocation.
      const lakehouse = drafts.lakehouseOf(first);
      for (const key of keys) {
        const { table } = this.#session.graph.asset(key);
        if (table !== undefined) await lakehouse.ensureTable(table, signal);
      }
      await this.#batch.materialize({
        ...this.#session.workContext(undefined, signal),
        lakehouse,
        assets: keys.map((key) => ({ key, forced: request.forced.has(key) })),
        report: (report) => this.#take(report),
      });
      return undefined;
    } catch (error) {
      return failureOf(error, { unit: first, runId });
    }
  }

  #take(report: BatchReport): void {
    const state = this.#states.get(report.key);
    if (state === undefined) return;
    switch (report.type) {
      case "asset-started":
        this.#attempt(state);
        return;
      case "asset-progress": {
        const { type: _type, key, ...progress } = report;
        this.#session.progress(whole(key), progress);
        return;
      }
      case "asset-finished":
        this.#takeResult(state, report.result);
        break;
      case "asset-failed":
        state.failure = report.failure;
        break;
      case "asset-skipped":
        state.skippedBecause = report.because;
        break;
      case "check-started": {
        const check = this.#check(report.key, report.check);
        if (check !== undefined) startCheck(this.#session, check);
        return;
      }
      case "check-finished":
        this.#takeCheck(state, report);
        break;
    }
    if (state.result !== undefined && this.#unreportedChecks(state).length === 0)
      this.#settle(state, undefined);
  }

  /** A result that can't be kept is the member's failure. */
  #takeResult(state: MemberState, given: unknown): void {
    const unit = whole(state.member.key);
    try {
      state.result = bodyResult(unit, given);
    } catch (error) {
      state.failure = failureOf(error, { unit, runId: this.#session.runId });
    }
  }

  #takeCheck(state: MemberState, report: Extract<BatchReport, { type: "check-finished" }>): void {
    const check = this.#check(report.key, report.check);
    if (check === undefined) return;
    const { result, durationMs, failure } = report;
    // Interrupted is not failed: without a result the member ends as cancelled.
    if (failure !== undefined && this.#session.signal.aborted) return;
    state.reportedChecks.add(report.check);
    const { blocks } = recordCheck(this.#session, check, {
      result,
      durationMs,
      ...(failure === undefined ? {} : { failure }),
    });
    if (blocks) state.failedChecks.push(report.check);
  }

  /** Records what became of a member, once. `crash` is what the whole call threw. */
  #settle(state: MemberState, crash: Failure | undefined): void {
    if (state.isSettling) return;
    state.isSettling = true;
    // run() meets a rejection when the batch has ended; until then nobody may be waiting for it.
    state.ended.promise.catch(() => {});
    void (async () => {
      try {
        state.ended.resolve(await this.#end(state, crash));
      } catch (error) {
        state.ended.reject(error instanceof Error ? error : new Error(String(error)));
      }
    })();
  }

  async #end(state: MemberState, crash: Failure | undefined): Promise<MemberEnd> {
    const { key } = state.member;
    const attempt = this.#attempt(state);
    // Upstreams first: the versions that they were given are the ones that this member read.
    const upstreams = this.#session.graph
      .upstreams(key)
      .flatMap((upstream) => this.#states.get(upstream) ?? []);
    const upstreamEnds = await Promise.all(upstreams.map((upstream) => upstream.ended.promise));
    if (state.result !== undefined) {
      attempt.readUpstreamsAgain();
      const failedChecks = await this.#settleChecks(state);
      if (failedChecks !== undefined) {
        try {
          return { outcome: await attempt.succeed(state.result, failedChecks) };
        } catch (error) {
          if (attempt.isRecorded) throw error;
          state.failure = failureOf(error, { unit: whole(key), runId: this.#session.runId });
        }
      }
    }
    if (this.#session.signal.aborted) return { outcome: await attempt.cancel() };
    const retried = upstreamEnds.find((end) => "retry" in end);
    if (state.skippedBecause !== undefined && retried !== undefined) {
      await attempt.retry(retried.retry, 0);
      return retried;
    }
    if (state.skippedBecause !== undefined) return { outcome: await attempt.skip(state.skippedBecause) };
    const failure = state.failure ?? crash ?? notReported(this.#batch, key);
    if (!failure.retryable || this.#number >= attempt.maxAttempts)
      return { outcome: await attempt.fail(failure) };
    await attempt.retry(failure, 0);
    return { retry: failure };
  }

  /**
   * Completes a member's checks: those with a body run now, and those of the batch that gave no result fail. Gives the
   * blocking ones that did not pass; undefined when the run was cancelled before all had a result.
   */
  async #settleChecks(state: MemberState): Promise<readonly string[] | undefined> {
    const { signal } = this.#session;
    const unreported = this.#unreportedChecks(state);
    if (signal.aborted && unreported.length > 0) return undefined;
    for (const check of unreported) {
      if (recordCheck(this.#session, check, missingReport(check)).blocks) state.failedChecks.push(check.name);
    }
    try {
      const failed = await runChecks(this.#session, whole(state.member.key), new Map(), signal);
      return [...state.failedChecks, ...failed];
    } catch (error) {
      if (signal.aborted) return undefined;
      throw error;
    }
  }

  #unreportedChecks(state: MemberState) {
    return this.#session.graph
      .checks(state.member.key)
      .filter((check) => check.source.type === "batch" && !state.reportedChecks.has(check.name));
  }

  #check(key: AssetKey, name: string) {
    return this.#session.graph.checks(key).find((check) => check.name === name);
  }

  #attempt(state: MemberState): Attempt {
    state.attempt ??= Attempt.start(
      this.#session,
      whole(state.member.key),
      this.#number,
      state.member.causes,
    );
    return state.attempt;
  }
}

function notReported(batch: Batch, key: AssetKey): Failure {
  return {
    reason: "asset-error",
    message: `${batch.name} ended without saying what became of ${key}`,
    retryable: false,
  };
}
