import PQueue from "p-queue";
import type { Asset } from "../definition/asset.ts";
import type { AssetKey } from "../definition/asset-key.ts";
import type { Batch } from "../definition/batch.ts";
import { type Unit, type UnitId, unitId } from "../definition/unit.ts";
import type { Cause, Outcome } from "../event/event.ts";
import { computeStatuses, ownCauses, trimCauses } from "../staleness/compute-statuses.ts";
import { anyHoldsBack, holdsBack } from "../staleness/holds-back.ts";
import { deferred } from "../util/deferred.ts";
import type { BatchMember } from "./batch-invocation.ts";
import { runBatch } from "./batch-runner.ts";
import { Attempt } from "./attempt.ts";
import { runBody } from "./body-runner.ts";
import { outcomesOf } from "./outcomes.ts";
import { planUnits } from "../staleness/plan-units.ts";
import { recordStart, whenAny } from "./record-start.ts";
import { recordUnstarted, type UnstartedEnd } from "./record-unstarted.ts";
import type { RunSummary } from "./run-request.ts";
import { type RunSession, unitFields } from "./run-session.ts";
import { buildUnitGraph, type UnitGraph } from "./unit-graph.ts";
import { WarmUp } from "./warm-up.ts";

/** What is to be done with a unit whose upstreams are done. */
type Decision =
  | { readonly run: readonly Cause[] }
  | { readonly outcome: "fresh" | "cancelled" }
  | { readonly outcome: "skipped"; readonly because: string };

/** How often a lease that another run holds is asked for again. */
const leasePollMs = 200;

/** One walk over the selected units, upstream before downstream. */
export class RunWalk {
  readonly #session: RunSession;
  readonly #partitions: ReadonlyMap<AssetKey, readonly string[]>;
  readonly #units: UnitGraph;
  /** How many upstreams of the run a unit still waits for. */
  readonly #waitsFor = new Map<UnitId, number>();
  readonly #outcomes = new Map<UnitId, Outcome>();
  /** The failed unit behind each skipped one. */
  readonly #because = new Map<UnitId, string>();
  readonly #claimed = new Set<UnitId>();
  readonly #ready: Unit[] = [];
  /** Units that another run works on, of which that has been said. */
  readonly #announced = new Set<UnitId>();
  readonly #workers: PQueue;
  readonly #pools = new Map<string, PQueue>();
  readonly #warmUp: WarmUp;
  readonly #finished = deferred<void>();
  #inFlight = 0;
  #fatal: Error | undefined;

  constructor(session: RunSession) {
    this.#session = session;
    this.#partitions = partitionsOf(session);
    this.#units = buildUnitGraph(session.partitionGraph, this.#partitions);
    this.#warmUp = new WarmUp(session, [...this.#partitions.keys()]);
    this.#workers = new PQueue({ concurrency: session.request.workers });
    for (const unit of this.#units.order) {
      const count = this.#units.upstreamCount(unit);
      this.#waitsFor.set(unitId(unit), count);
      if (count === 0) this.#ready.push(unit);
    }
  }

  async run(): Promise<RunSummary> {
    const startedAt = this.#start();
    const onAbort = () => {
      const reason = this.#session.request.signal.reason === "SIGTERM" ? "terminate" : "interrupt";
      try {
        this.#session.record({ type: "cancelling", reason });
      } catch (error) {
        this.#die(error);
      }
    };
    this.#session.request.signal.addEventListener("abort", onAbort, { once: true });
    void this.#orDie(this.#warmUp.whatIsSureToRun());
    try {
      this.#settleIdle();
      this.#drain();
      await this.#finished.promise;
    } finally {
      await this.#warmUp.end();
      this.#session.request.signal.removeEventListener("abort", onAbort);
    }
    if (this.#fatal !== undefined) throw this.#fatal;
    return this.#end(startedAt);
  }

  #start(): string {
    const keys = [...this.#partitions.keys()];
    const usual = this.#session.request.store.usualDurations();
    const usualMs = Object.fromEntries(
      keys.flatMap((key) => {
        const ms = usual.get(key);
        return ms === undefined ? [] : [[key, ms] as const];
      }),
    );
    return recordStart(this.#session, { keys, partitions: this.#partitioned(), usualMs });
  }

  #partitioned(): Readonly<Record<string, readonly string[]>> {
    const { partitionGraph } = this.#session;
    return Object.fromEntries([...this.#partitions].filter(([key]) => partitionGraph.set(key) !== undefined));
  }

  #end(startedAt: string): RunSummary {
    const { request, runId, signal } = this.#session;
    const { outcomes, partitions } = outcomesOf(this.#session.graph, this.#partitions, (unit) =>
      this.#outcomes.get(unitId(unit)),
    );
    const all = new Set(Object.values(outcomes));
    const status =
      request.signal.aborted || (signal.aborted && !all.has("failed"))
        ? "cancelled"
        : all.has("failed") || all.has("skipped")
          ? "failed"
          : "succeeded";
    const durationMs = this.#session.msSince(startedAt);
    const event = this.#session.stamp({
      type: "run-finished",
      status,
      durationMs,
      outcomes,
      ...whenAny("partitions", partitions),
    });
    request.store.finishRun(runId, status, event.at, event);
    this.#session.show(event);
    return { runId, status, outcomes, partitions };
  }

  /** Decides on every ready unit until none is left; a loop, so that a long chain of fresh ones does not recurse. */
  #drain(): void {
    try {
      const batches = new Map<Batch, BatchMember[]>();
      for (let unit = this.#ready.shift(); unit !== undefined; unit = this.#ready.shift()) {
        if (this.#claimed.has(unitId(unit))) continue;
        this.#claimed.add(unitId(unit));
        const decision = this.#decide(unit);
        if ("outcome" in decision) this.#settle(unit, decision);
        else this.#dispatch(unit, decision.run, batches);
      }
      for (const [batch, members] of batches) this.#launchBatch(batch, members);
    } catch (error) {
      this.#die(error);
    }
    if (this.#inFlight === 0) this.#finished.resolve();
  }

  /** Assets with partitions of which none has anything to do. */
  #settleIdle(): void {
    for (const [key, partitions] of this.#partitions) {
      if (partitions.length === 0)
        recordUnstarted(this.#session, { key, partition: "" }, { outcome: "fresh" });
    }
  }

  #decide(unit: Unit): Decision {
    const { partitionGraph, signal } = this.#session;
    if (signal.aborted) return { outcome: "cancelled" };
    for (const upstream of partitionGraph.upstreams(unit)) {
      let isThere = false;
      for (const partition of upstream.partitions) {
        const held = this.#heldBackBy({ key: upstream.key, partition }, unit.key);
        if (held === undefined) isThere = true;
        else if (upstream.isRequired || held !== "missing")
          return this.#notRun(upstream.key, partition, held);
      }
      if (!isThere && !upstream.isRequired) return { outcome: "skipped", because: upstream.key };
    }
    const causes = this.#causes(unit);
    return causes.length === 0 ? { outcome: "fresh" } : { run: causes };
  }

  /**
   * Why a direct downstream may not read a unit now: the unit's outcome in this run; or, of a unit that is not part of
   * it, `missing` when it was never made or the last result of a check holds the downstream back.
   */
  #heldBackBy(upstream: Unit, downstream: AssetKey): Outcome | "missing" | undefined {
    const { graph, observations, failedChecks } = this.#session;
    const outcome = this.#outcomes.get(unitId(upstream));
    const isHeldBy = (failed: readonly string[]) =>
      anyHoldsBack(graph.checks(upstream.key), failed, downstream);
    if (outcome === "failed") {
      // Written, and good enough for those whom no failed check names.
      const failed = failedChecks.get(unitId(upstream));
      return failed === undefined || isHeldBy(failed) ? outcome : undefined;
    }
    if (outcome !== undefined) return isUsable(outcome) ? undefined : outcome;
    if (this.#units.has(upstream)) return undefined;
    const isThere = observations.provenance(upstream) !== undefined;
    return isThere && !isHeldBy(observations.failedChecks(upstream)) ? undefined : "missing";
  }

  #notRun(key: AssetKey, partition: string, held: Outcome | "missing"): Decision {
    if (held === "cancelled") return { outcome: "cancelled" };
    const id = unitId({ key, partition });
    return { outcome: "skipped", because: (held === "skipped" ? this.#because.get(id) : undefined) ?? id };
  }

  /** Why a unit runs although nothing that it waits for brings a change. */
  #causes(unit: Unit): readonly Cause[] {
    const { graph, request, observations, partitionGraph } = this.#session;
    const forced: readonly Cause[] = request.forced.has(unit.key) ? [{ type: "forced" }] : [];
    return [...forced, ...ownCauses(graph, partitionGraph.upstreams(unit), unit, observations)];
  }

  #dispatch(unit: Unit, causes: readonly Cause[], batches: Map<Batch, BatchMember[]>): void {
    const asset = this.#session.graph.asset(unit.key);
    if (asset.source.type === "batch") {
      const members = batches.get(asset.source.batch) ?? [];
      members.push({ key: unit.key, causes });
      batches.set(asset.source.batch, members);
      return;
    }
    this.#launchBody(unit, causes);
  }

  #launchBody(unit: Unit, causes: readonly Cause[]): void {
    this.#launch(this.#session.graph.asset(unit.key), async () => {
      const first = await this.#startAtOnce(unit, causes);
      if (first !== undefined) return this.#runBody(unit, causes, first);
      if (!this.#lease([unit])) return this.#later([unit], () => this.#launchBody(unit, causes));
      const decision = await this.#decideAgain(unit, causes);
      if ("outcome" in decision) return this.#giveBack(unit, decision);
      return this.#runBody(unit, decision.run);
    });
  }

  /**
   * The first attempt, started with the unit's lease in one transaction: what nearly every unit needs, and a commit less.
   * Undefined when something stands in the way. A draft is waited for with the lease in hand, before anything starts.
   */
  async #startAtOnce(unit: Unit, causes: readonly Cause[]): Promise<Attempt | undefined> {
    const { signal, graph, lake } = this.#session;
    if (graph.asset(unit.key).publish === "after-checks") return undefined;
    await lake.refresh([unit.key]);
    return signal.aborted ? undefined : Attempt.startLeased(this.#session, unit, causes);
  }

  async #runBody(unit: Unit, causes: readonly Cause[], first?: Attempt): Promise<void> {
    const outcome = await runBody(this.#session, unit, {
      causes,
      first,
      onAnnounceChange: () => void this.#orDie(this.#warmUp.downstreamOf(unit.key)),
    });
    this.#complete(unit, outcome);
  }

  /** Another run may have made the unit while this one waited. */
  async #decideAgain(unit: Unit, causes: readonly Cause[]): Promise<Decision> {
    if (this.#session.signal.aborted) return { outcome: "cancelled" };
    return (await this.#session.catchUp([unit])) ? this.#decide(unit) : { run: causes };
  }

  #launchBatch(batch: Batch, ready: readonly BatchMember[]): void {
    const alone = ready.filter(({ key }) => this.#isAlone(key));
    for (const member of alone) this.#launchMembers(batch, [member]);
    const others = ready.filter((member) => !alone.includes(member));
    this.#launchMembers(batch, this.#contiguous(batch, others));
  }

  #launchMembers(batch: Batch, members: readonly BatchMember[]): void {
    const [first] = members;
    if (first === undefined) return;
    const units = members.map(({ key }): Unit => ({ key, partition: "" }));
    this.#launch(this.#session.graph.asset(first.key), async () => {
      if (this.#session.signal.aborted) return this.#cancel(units);
      if (!this.#lease(units)) return this.#later(units, () => this.#launchMembers(batch, members));
      const left = (await this.#session.catchUp(units)) ? this.#stillToRun(members) : members;
      const outcomes = await runBatch(this.#session, batch, left);
      for (const { key } of left) this.#complete({ key, partition: "" }, outcomes.get(key) ?? "cancelled");
    });
  }

  #giveBack(unit: Unit, end: UnstartedEnd): void {
    this.#session.request.store.releaseLeases(this.#session.runId, [unit]);
    this.#settle(unit, end);
  }

  #cancel(units: readonly Unit[]): void {
    for (const unit of units) this.#settle(unit, { outcome: "cancelled" });
  }

  /** Leaves out, upstream first, the members that another run has made meanwhile. */
  #stillToRun(members: readonly BatchMember[]): readonly BatchMember[] {
    const left = new Set<AssetKey>();
    for (const { key } of members) {
      const unit: Unit = { key, partition: "" };
      const readsOne = this.#session.graph.upstreams(key).some((upstream) => left.has(upstream));
      if (readsOne || this.#causes(unit).length > 0) left.add(key);
      else this.#giveBack(unit, { outcome: "fresh" });
    }
    return members.filter(({ key }) => left.has(key));
  }

  /** The ready members and, in topological order, all of the batch that wait for nothing but other members. */
  #contiguous(batch: Batch, ready: readonly BatchMember[]): readonly BatchMember[] {
    const { graph } = this.#session;
    const members = new Map(ready.map((member) => [member.key, member]));
    for (const unit of this.#units.order) {
      const { key } = unit;
      const { source } = graph.asset(key);
      if (source.type !== "batch" || source.batch !== batch) continue;
      if (members.has(key) || this.#claimed.has(unitId(unit)) || this.#isAlone(key)) continue;
      const upstreams = graph.upstreams(key).filter((upstream) => this.#partitions.has(upstream));
      const inside = upstreams.filter((upstream) => members.has(upstream));
      const isOpen = upstreams.every((upstream) =>
        members.has(upstream) ? this.#isCheckedInBatch(upstream, key) : this.#isDone(upstream, key),
      );
      if (inside.length === 0 || !isOpen) continue;
      this.#claimed.add(unitId(unit));
      const upstreamCauses = inside.map((upstream): Cause => ({
        type: "upstream",
        upstream,
        chain: members.get(upstream)?.causes ?? [],
      }));
      const causes = trimCauses([...this.#causes(unit), ...upstreamCauses]);
      members.set(key, { key, causes });
    }
    return this.#units.order.flatMap(({ key }) => members.get(key) ?? []);
  }

  /**
   * Whether an asset goes into an invocation of its own: nothing else in that may read a draft, not downstream and not a
   * check of its neighbours, for it may come to nothing.
   */
  #isAlone(key: AssetKey): boolean {
    return this.#session.graph.asset(key).publish === "after-checks";
  }

  /** Whether the batch itself asks everything that could hold the downstream back; our own checks run after the call. */
  #isCheckedInBatch(key: AssetKey, downstream: AssetKey): boolean {
    const { graph } = this.#session;
    return graph.checks(key).every((check) => check.source.type === "batch" || !holdsBack(check, downstream));
  }

  #isDone(key: AssetKey, downstream: AssetKey): boolean {
    const partitions = this.#partitions.get(key) ?? [];
    return partitions.every((partition) => {
      const unit: Unit = { key, partition };
      return this.#outcomes.has(unitId(unit)) && this.#heldBackBy(unit, downstream) === undefined;
    });
  }

  /** Takes the leases of units that are about to run; false when another run holds one of them. */
  #lease(units: readonly Unit[]): boolean {
    const { request, runId } = this.#session;
    const answer = request.store.acquireLeases(runId, units, this.#session.timestamp());
    if (answer.held) return true;
    if (!this.#announced.has(unitId(answer.unit))) {
      this.#announced.add(unitId(answer.unit));
      this.#session.record({ type: "asset-waiting", ...unitFields(answer.unit), holder: answer.by });
    }
    return false;
  }

  /** Tries again after a while, without a worker meanwhile. */
  #later(units: readonly Unit[], again: () => void): void {
    this.#inFlight += 1;
    const wait = async () => {
      if (await this.#session.pause(leasePollMs)) again();
      else this.#cancel(units);
    };
    void this.#follow(wait());
  }

  /** Queues work: first for its pool, then for a worker, so that a full pool never holds a worker back. */
  #launch({ pool, priority }: Asset, work: () => Promise<void>): void {
    this.#inFlight += 1;
    const onWorker = () => this.#workers.add(work, { priority });
    void this.#follow(pool === undefined ? onWorker() : this.#pool(pool).add(onWorker, { priority }));
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

  #settle(unit: Unit, end: UnstartedEnd): void {
    recordUnstarted(this.#session, unit, end);
    if (end.because !== undefined) this.#because.set(unitId(unit), end.because);
    this.#complete(unit, end.outcome);
  }

  /** Notes an outcome, once, and frees what waited for it. */
  #complete(unit: Unit, outcome: Outcome): void {
    if (this.#outcomes.has(unitId(unit))) return;
    this.#outcomes.set(unitId(unit), outcome);
    if (outcome === "failed" && this.#session.request.failFast && !this.#session.signal.aborted) {
      this.#session.record({ type: "cancelling", reason: "fail-fast" });
      this.#session.stop(new Error(`${unitId(unit)} failed and the run is fail-fast`));
    }
    for (const downstream of this.#units.downstreams(unit)) {
      const left = (this.#waitsFor.get(unitId(downstream)) ?? 0) - 1;
      this.#waitsFor.set(unitId(downstream), left);
      if (left === 0) this.#ready.push(downstream);
    }
  }

  /** Work that the run does not wait for at once; that it failed must not be lost, nor end the process. */
  async #orDie(work: Promise<void>): Promise<void> {
    try {
      await work;
    } catch (error) {
      this.#die(error);
    }
  }

  /** Our own error or the store's: everything stops, and the run ends by throwing it. */
  #die(error: unknown): void {
    this.#fatal ??= error instanceof Error ? error : new Error(String(error));
    this.#session.stop(this.#fatal);
  }
}

function isUsable(outcome: Outcome): boolean {
  return outcome === "materialized" || outcome === "fresh";
}

/** The partitions of the selected assets that the run works on; staleness is worked out only where there are any. */
function partitionsOf({
  graph,
  partitionGraph,
  request,
  observations,
}: RunSession): ReturnType<typeof planUnits> {
  const { keys, forced, partitions: choice = { type: "due" } } = request;
  const isPartitioned = keys.some((key) => partitionGraph.set(key) !== undefined);
  if (!isPartitioned) return wholeAssets(graph, keys);
  const statuses = computeStatuses(graph, observations, partitionGraph);
  return planUnits({ graph, partitionGraph, statuses, keys, choice, forced });
}

/** Without partitions every asset of the selection is a unit. */
function wholeAssets(graph: RunSession["graph"], keys: readonly AssetKey[]): ReturnType<typeof planUnits> {
  const selected = new Set(keys);
  return new Map(graph.keys.filter((key) => selected.has(key)).map((key) => [key, [""]]));
}
