import PQueue from "p-queue";
import type { AssetKey } from "../definition/asset-key.ts";
import type { Batch } from "../definition/batch.ts";
import type { Cause, Outcome } from "../event/event.ts";
import { ownCauses, trimCauses } from "../staleness/compute-statuses.ts";
import { deferred } from "../util/deferred.ts";
import type { BatchMember } from "./batch-invocation.ts";
import { runBatch } from "./batch-runner.ts";
import { runBody } from "./body-runner.ts";
import { recordStart } from "./record-start.ts";
import { recordUnstarted, type UnstartedEnd } from "./record-unstarted.ts";
import type { RunSummary } from "./run-request.ts";
import type { RunSession } from "./run-session.ts";
import { WarmUp } from "./warm-up.ts";

/** What is to be done with an asset whose upstreams are done. */
type Decision =
  | { readonly run: readonly Cause[] }
  | { readonly outcome: "fresh" | "cancelled" }
  | { readonly outcome: "skipped"; readonly because: AssetKey };

/** One walk over the selected assets, upstream before downstream. */
export class RunWalk {
  readonly #session: RunSession;
  readonly #selected: ReadonlySet<AssetKey>;
  /** In topological order. */
  readonly #order: readonly AssetKey[];
  /** How many selected upstreams an asset still waits for. */
  readonly #waitsFor = new Map<AssetKey, number>();
  readonly #outcomes = new Map<AssetKey, Outcome>();
  /** The failed asset behind each skipped one. */
  readonly #because = new Map<AssetKey, AssetKey>();
  readonly #claimed = new Set<AssetKey>();
  readonly #ready: AssetKey[] = [];
  readonly #workers: PQueue;
  readonly #pools = new Map<string, PQueue>();
  readonly #warmUp: WarmUp;
  readonly #finished = deferred<void>();
  #inFlight = 0;
  #fatal: Error | undefined;

  constructor(session: RunSession) {
    this.#session = session;
    const { graph, request } = session;
    this.#selected = new Set(request.keys);
    this.#order = graph.keys.filter((key) => this.#selected.has(key));
    this.#warmUp = new WarmUp(session, this.#order);
    this.#workers = new PQueue({ concurrency: request.workers });
    for (const key of this.#order) {
      const count = graph.upstreams(key).filter((upstream) => this.#selected.has(upstream)).length;
      this.#waitsFor.set(key, count);
      if (count === 0) this.#ready.push(key);
    }
  }

  async run(): Promise<RunSummary> {
    const startedAt = this.#start();
    const onAbort = () => {
      const reason = this.#session.request.signal.reason === "SIGTERM" ? "terminate" : "interrupt";
      this.#session.record({ type: "cancelling", reason });
    };
    this.#session.request.signal.addEventListener("abort", onAbort, { once: true });
    const warm = this.#warmUp.whatIsSureToRun();
    try {
      this.#drain();
      await this.#finished.promise;
      await warm;
    } finally {
      this.#session.request.signal.removeEventListener("abort", onAbort);
    }
    if (this.#fatal !== undefined) throw this.#fatal;
    return this.#end(startedAt);
  }

  #start(): string {
    const usual = this.#session.request.store.usualDurations();
    const usualMs = Object.fromEntries(
      this.#order.flatMap((key) => {
        const ms = usual.get(key);
        return ms === undefined ? [] : [[key, ms] as const];
      }),
    );
    return recordStart(this.#session, this.#order, usualMs);
  }

  #end(startedAt: string): RunSummary {
    const { request, runId, signal } = this.#session;
    const outcomes = Object.fromEntries(
      this.#order.map((key) => [key, this.#outcomes.get(key) ?? "cancelled"]),
    );
    const all = new Set(Object.values(outcomes));
    const status =
      request.signal.aborted || (signal.aborted && !all.has("failed"))
        ? "cancelled"
        : all.has("failed") || all.has("skipped")
          ? "failed"
          : "succeeded";
    const durationMs = Date.parse(this.#session.timestamp()) - Date.parse(startedAt);
    const event = this.#session.stamp({ type: "run-finished", status, durationMs, outcomes });
    request.store.finishRun(runId, status, event.at, event);
    this.#session.show(event);
    return { runId, status, outcomes };
  }

  /** Decides on every ready asset until none is left; a loop, so that a long chain of fresh ones does not recurse. */
  #drain(): void {
    try {
      const batches = new Map<Batch, BatchMember[]>();
      for (let key = this.#ready.shift(); key !== undefined; key = this.#ready.shift()) {
        if (this.#claimed.has(key)) continue;
        this.#claimed.add(key);
        const decision = this.#decide(key);
        if ("outcome" in decision) this.#settle(key, decision);
        else this.#dispatch(key, decision.run, batches);
      }
      for (const [batch, members] of batches) this.#launchBatch(batch, members);
    } catch (error) {
      this.#die(error);
    }
    if (this.#inFlight === 0) this.#finished.resolve();
  }

  #decide(key: AssetKey): Decision {
    const { graph, signal, observations } = this.#session;
    if (signal.aborted) return { outcome: "cancelled" };
    for (const upstream of graph.upstreams(key)) {
      const outcome = this.#outcomes.get(upstream);
      if (outcome === "cancelled") return { outcome: "cancelled" };
      if (outcome === "failed") return { outcome: "skipped", because: upstream };
      if (outcome === "skipped")
        return { outcome: "skipped", because: this.#because.get(upstream) ?? upstream };
      const isUnusable =
        observations.provenance(upstream) === undefined || observations.failedCheck(upstream) !== undefined;
      if (!this.#selected.has(upstream) && isUnusable) return { outcome: "skipped", because: upstream };
    }
    const causes = this.#causes(key);
    return causes.length === 0 ? { outcome: "fresh" } : { run: causes };
  }

  /** Why an asset runs although nothing that it waits for brings a change. */
  #causes(key: AssetKey): readonly Cause[] {
    const { graph, request, observations } = this.#session;
    const forced: readonly Cause[] = request.forced.has(key) ? [{ type: "forced" }] : [];
    return [...forced, ...ownCauses(graph, key, observations)];
  }

  #dispatch(key: AssetKey, causes: readonly Cause[], batches: Map<Batch, BatchMember[]>): void {
    const asset = this.#session.graph.asset(key);
    if (asset.source.type === "batch") {
      const members = batches.get(asset.source.batch) ?? [];
      members.push({ key, causes });
      batches.set(asset.source.batch, members);
      return;
    }
    this.#launch(asset.pool, async () => {
      const outcome = this.#session.signal.aborted
        ? this.#settle(key, { outcome: "cancelled" })
        : await runBody(this.#session, key, {
            causes,
            onAnnounceChange: () => void this.#warmUp.downstreamOf(key),
          });
      this.#complete(key, outcome);
    });
  }

  #launchBatch(batch: Batch, ready: readonly BatchMember[]): void {
    const members = this.#contiguous(batch, ready);
    const [first] = members;
    if (first === undefined) return;
    this.#launch(this.#session.graph.asset(first.key).pool, async () => {
      if (this.#session.signal.aborted) {
        for (const { key } of members) this.#settle(key, { outcome: "cancelled" });
        return;
      }
      const outcomes = await runBatch(this.#session, batch, members);
      for (const { key } of members) this.#complete(key, outcomes.get(key) ?? "cancelled");
    });
  }

  /** The ready members and, in topological order, all of the batch that wait for nothing but other members. */
  #contiguous(batch: Batch, ready: readonly BatchMember[]): readonly BatchMember[] {
    const { graph } = this.#session;
    const members = new Map(ready.map((member) => [member.key, member]));
    for (const key of this.#order) {
      const { source } = graph.asset(key);
      if (members.has(key) || this.#claimed.has(key) || source.type !== "batch" || source.batch !== batch)
        continue;
      const upstreams = graph.upstreams(key).filter((upstream) => this.#selected.has(upstream));
      const inside = upstreams.filter((upstream) => members.has(upstream));
      const isOpen = upstreams.every(
        (upstream) => members.has(upstream) || isUsable(this.#outcomes.get(upstream)),
      );
      if (inside.length === 0 || !isOpen) continue;
      this.#claimed.add(key);
      const upstreamCauses = inside.map((upstream): Cause => ({
        type: "upstream",
        upstream,
        chain: members.get(upstream)?.causes ?? [],
      }));
      const causes = trimCauses([...this.#causes(key), ...upstreamCauses]);
      members.set(key, { key, causes });
    }
    return this.#order.flatMap((key) => members.get(key) ?? []);
  }

  /** Queues work: first for its pool, then for a worker, so that a full pool never holds a worker back. */
  #launch(pool: string | undefined, work: () => Promise<void>): void {
    this.#inFlight += 1;
    const onWorker = () => this.#workers.add(work);
    void this.#follow(pool === undefined ? onWorker() : this.#pool(pool).add(onWorker));
  }

  async #follow(work: Promise<void>): Promise<void> {
    try {
      await work;
    } catch (error) {
      this.#die(error);
    }
    this.#inFlight -= 1;
    this.#drain();
  }

  #pool(name: string): PQueue {
    const known = this.#pools.get(name);
    if (known !== undefined) return known;
    const pool = new PQueue({ concurrency: this.#session.request.pools[name] ?? Number.POSITIVE_INFINITY });
    this.#pools.set(name, pool);
    return pool;
  }

  #settle(key: AssetKey, end: UnstartedEnd): Outcome {
    recordUnstarted(this.#session, key, end);
    if (end.because !== undefined) this.#because.set(key, end.because);
    this.#complete(key, end.outcome);
    return end.outcome;
  }

  /** Notes an outcome, once, and frees what waited for it. */
  #complete(key: AssetKey, outcome: Outcome): void {
    if (this.#outcomes.has(key)) return;
    this.#outcomes.set(key, outcome);
    if (outcome === "failed" && this.#session.request.failFast && !this.#session.signal.aborted) {
      this.#session.record({ type: "cancelling", reason: "fail-fast" });
      this.#session.stop(new Error(`${key} failed and the run is fail-fast`));
    }
    for (const downstream of this.#session.graph.downstreams(key)) {
      const left = this.#waitsFor.get(downstream);
      if (left === undefined) continue;
      this.#waitsFor.set(downstream, left - 1);
      if (left === 1) this.#ready.push(downstream);
    }
  }

  /** Our own error or the store's: everything stops, and the run ends by throwing it. */
  #die(error: unknown): void {
    this.#fatal ??= error instanceof Error ? error : new Error(String(error));
    this.#session.stop(this.#fatal);
  }
}

function isUsable(outcome: Outcome | undefined): boolean {
  return outcome === "materialized" || outcome === "fresh";
}
