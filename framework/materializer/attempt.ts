import type { AssetKey } from "../definition/asset-key.ts";
import type { MaterializeResult } from "../definition/context.ts";
import { type Unit, unitId } from "../definition/unit.ts";
import type { Cause, Metadata, Outcome, RunEvent } from "../event/event.ts";
import type { Failure } from "../event/failure.ts";
import { costMetadata, rowCountOf } from "../lakehouse/lakehouse.ts";
import { undoWriter } from "../lakehouse/undo-writer.ts";
import type { CheckResultRecord, Instant, LineageEdge, StartedAttempt } from "../store/store.ts";
import { hashJson } from "../util/hash.ts";
import { blockedBy, failureOf, leaseLost, notPublished } from "./boundary.ts";
import { type RunSession, unitFields } from "./run-session.ts";

/** A unit with the data version that was read of it. */
export type ReadUnit = Unit & { readonly dataVersion: string | undefined };

/**
 * One try at one unit, from `started` to its recorded outcome. The order of its writes is what makes a killed
 * process harmless: `started` first, then the table's own commit, then everything else in one transaction.
 */
export class Attempt {
  readonly unit: Unit;
  readonly number: number;
  readonly #session: RunSession;
  readonly #causes: readonly Cause[];
  /** The event of its start. */
  readonly #started: RunEvent;
  /** The table's content before, to tell whether a partition was written. */
  readonly #versionBefore: string | undefined;
  /** The snapshot to go back to when this attempt comes to nothing; undefined when its write is kept. */
  readonly #snapshotBefore: string | undefined;
  #release = () => {};
  /** Versions as they were before the body could read them. */
  #upstreams: readonly ReadUnit[];
  /** The store's change counter when they were first noted. */
  readonly #notedAt: number;
  #isRecorded = false;
  #waitedMs = 0;

  /** Starts an attempt; the run has the unit's lease. */
  static start(session: RunSession, unit: Unit, number: number, causes: readonly Cause[]): Attempt {
    const attempt = new Attempt(session, unit, number, causes);
    session.request.store.startAttempt(attempt.#record, attempt.#started);
    return attempt.#begun();
  }

  /**
   * Takes the unit's lease and starts its first attempt, in one go. Undefined, and not started, when another run
   * has the lease or may have made the unit meanwhile. The unit's table must have been read again before.
   */
  static startLeased(session: RunSession, unit: Unit, causes: readonly Cause[]): Attempt | undefined {
    const attempt = new Attempt(session, unit, 1, causes);
    // Whoever of us writes the table changes the store before: what was read of the table still holds.
    const changes = session.changesSeen(unit);
    return session.request.store.startLeasedAttempt(attempt.#record, attempt.#started, changes)
      ? attempt.#begun()
      : undefined;
  }

  private constructor(session: RunSession, unit: Unit, number: number, causes: readonly Cause[]) {
    this.#session = session;
    this.unit = unit;
    this.number = number;
    this.#causes = causes;
    this.#notedAt = session.request.store.changeCounter();
    this.#upstreams = this.#currentUpstreams();
    this.#versionBefore = session.lake.dataVersion(unit.key);
    const isKept = session.graph.asset(unit.key).failedWrite === "keep";
    this.#snapshotBefore = isKept ? undefined : (session.lake.snapshotId(unit.key) ?? "");
    this.#started = session.stamp({
      type: "asset-started",
      ...unitFields(unit),
      attempt: number,
      maxAttempts: this.maxAttempts,
      causes,
    });
  }

  /** That it has started, as it is recorded. */
  get #record(): StartedAttempt {
    return {
      runId: this.#session.runId,
      ...this.unit,
      attempt: this.number,
      startedAt: this.#startedAt,
      snapshotBefore: this.#snapshotBefore,
    };
  }

  /** From now on what is written to the table is this attempt's. */
  #begun(): this {
    this.#release = this.#session.request.lakehouse.attribute(this.key, {
      runId: this.#session.runId,
      partition: this.unit.partition,
      attempt: this.number,
    });
    this.#session.show(this.#started);
    return this;
  }

  get #startedAt(): Instant {
    if (this.#waitedMs === 0) return this.#started.at;
    return new Date(Date.parse(this.#started.at) + this.#waitedMs).toISOString();
  }

  /** Leaves time out of what is recorded as its duration: it then starts that much later. */
  leaveOut(ms: number): void {
    this.#waitedMs += Math.round(ms);
  }

  get key(): AssetKey {
    return this.unit.key;
  }

  get maxAttempts(): number {
    return this.#session.graph.asset(this.key).retry.maxAttempts;
  }

  /** Whether the materialization is in the store: from then on nothing may be taken back. */
  get isRecorded(): boolean {
    return this.#isRecorded;
  }

  /** What was read of an upstream, by partition. */
  unitsRead(upstream: AssetKey): readonly ReadUnit[] {
    return this.#upstreams.filter((read) => read.key === upstream);
  }

  /** Notes the upstream versions again, for an upstream that was still being recorded when this attempt began. */
  readUpstreamsAgain(): void {
    this.#upstreams = this.#currentUpstreams();
  }

  /**
   * Publishes a draft and records the finished write. `failedChecks` are blocking ones; with any, the outcome is `failed`,
   * and a draft is discarded unless they hold back no more than some of what is downstream. Throws FailureError when the
   * draft can't be published; the attempt is then still to be ended.
   */
  async succeed(result: MaterializeResult, failedChecks: readonly string[]): Promise<Outcome> {
    const { request, lake, runId, drafts } = this.#session;
    const broken = this.#rejecting(failedChecks);
    if (broken.length > 0) return this.fail(notPublished(this.unit, broken));
    if (drafts.has(this.unit)) {
      // Whoever took over starts from what is published: better nothing new appears under its hands.
      if (!request.store.holdsLease(runId, this.unit)) return this.fail(leaseLost(this.unit));
      await drafts.publish(this.unit);
    }
    await lake.refresh([this.key]);
    await this.#forgetMovedUpstreams();
    const snapshotId = lake.dataVersion(this.key);
    const codeVersion = this.#session.graph.asset(this.key).codeVersion();
    const dataVersion =
      result.dataVersion ?? this.#writtenVersion(snapshotId) ?? this.#derivedVersion(codeVersion);
    const failure = failedChecks.length === 0 ? undefined : blockedBy(this.unit, failedChecks);
    const outcome = failure === undefined ? "materialized" : "failed";
    const event = this.#finished(outcome, {
      dataVersion,
      metadata: await this.#metadata(result),
      ...(failure === undefined ? {} : { failure }),
    });
    const record = {
      runId,
      key: this.key,
      partition: this.unit.partition,
      startedAt: this.#startedAt,
      finishedAt: event.at,
      madeAt: event.at,
      codeVersion,
      dataVersion,
      snapshotId,
      // As it is told: secrets are hidden in it.
      metadata: ("metadata" in event ? event.metadata : undefined) ?? {},
    };
    const id = request.store.finishMaterialization({
      ...record,
      attempt: this.number,
      upstreams: this.#upstreams,
      cursor: result.cursor,
      failure,
      event,
    });
    this.#release();
    if (id === undefined) return this.fail(leaseLost(this.unit));
    this.#isRecorded = true;
    if (failure !== undefined) this.#session.failedChecks.set(unitId(this.unit), failedChecks);
    this.#session.world.note({ ...record, id, upstreams: this.#upstreams.map((read) => this.#edge(read)) });
    this.#session.show(event);
    return outcome;
  }

  /** Records that the attempt failed and another one follows in `delayMs`. */
  async retry(failure: Failure, delayMs: number): Promise<void> {
    await this.#undo();
    const event = this.#session.stamp({
      type: "asset-retrying",
      ...unitFields(this.unit),
      attempt: this.number,
      maxAttempts: this.maxAttempts,
      delayMs,
      failure,
    });
    this.#end("failed", failure, event, true);
  }

  async fail(failure: Failure): Promise<Outcome> {
    await this.#undo();
    this.#end("failed", failure, this.#finished("failed", { failure }));
    return "failed";
  }

  async cancel(): Promise<Outcome> {
    await this.#undo();
    this.#end("cancelled", undefined, this.#finished("cancelled", {}));
    return "cancelled";
  }

  /** Ended without a write that counts: something before it failed inside the same batch. */
  async skip(because: AssetKey): Promise<Outcome> {
    await this.#undo();
    this.#end("skipped", undefined, this.#finished("skipped", { because }));
    return "skipped";
  }

  /** What the checks found that keep a draft from being published. */
  #rejecting(failedChecks: readonly string[]): readonly CheckResultRecord[] {
    const { drafts, graph, request, runId } = this.#session;
    if (!drafts.has(this.unit)) return [];
    return graph.checks(this.key).flatMap(({ name, holds }) => {
      if (holds !== undefined || !failedChecks.includes(name)) return [];
      const results = request.store.checkResults(this.key, { check: name, runId });
      const found = results.find(({ partition }) => partition === this.unit.partition);
      if (found === undefined) throw new Error(`Internal error: expected a result of ${name}, got none`);
      return [found];
    });
  }

  /**
   * What the body said, and the table's row count by its snapshot: as `rows`, unless the body knows better; beside a
   * partition's own figures as `table_rows`.
   */
  async #metadata({ metadata = {} }: MaterializeResult): Promise<Metadata> {
    const { lake, request } = this.#session;
    const known = { ...metadata, ...costMetadata(request.lakehouse.takeCosts?.(this.key)) };
    const name = this.unit.partition === "" ? "rows" : "table_rows";
    if (!lake.exists(this.key) || name in known) return known;
    const rows = rowCountOf(await request.lakehouse.currentSnapshot(this.key));
    return rows === undefined ? known : { [name]: { type: "rows", value: rows }, ...known };
  }

  /**
   * An upstream that another run changed while the body read it was read in part or in the middle of a write that may yet be
   * taken back: no version of it is what was read, so none is recorded, and the unit looks stale.
   */
  async #forgetMovedUpstreams(): Promise<void> {
    const { request } = this.#session;
    if (this.#upstreams.length === 0 || request.store.changeCounter() === this.#notedAt) return;
    await this.#session.readAgain(this.#upstreams);
    const now = new Map(this.#currentUpstreams().map((read) => [unitId(read), read.dataVersion]));
    this.#upstreams = this.#upstreams.map((read) =>
      now.get(unitId(read)) === read.dataVersion ? read : { ...read, dataVersion: undefined },
    );
  }

  #currentUpstreams(): readonly ReadUnit[] {
    return this.#session.partitionGraph.upstreams(this.unit).flatMap(({ key, partitions, isRequired }) =>
      partitions.flatMap((partition) => {
        const dataVersion = this.#session.observations.dataVersion({ key, partition });
        const isThere = isRequired || dataVersion !== undefined;
        return isThere ? [{ key, partition, dataVersion }] : [];
      }),
    );
  }

  /** Takes back what the attempt wrote. Where that fails the table stays as it is, and the log says so. */
  async #undo(): Promise<void> {
    this.#release();
    const { runId, request, drafts } = this.#session;
    const before = this.#snapshotBefore;
    try {
      await drafts.discard(this.unit);
      if (before === undefined) return;
      const writer = { runId, partition: this.unit.partition, attempt: this.number };
      await undoWriter(request.lakehouse, this.key, { writer, start: before === "" ? undefined : before });
    } catch (error) {
      const { message } = failureOf(error, { unit: this.unit, runId });
      const text = `what attempt ${this.number} wrote could not be taken back: ${message}`;
      this.#session.record({ type: "log", ...unitFields(this.unit), level: "warn", message: text });
    }
  }

  /** The data version that the table's content gives; undefined without a table. */
  #writtenVersion(snapshotId: string | undefined): string | undefined {
    if (this.unit.partition === "" || snapshotId === undefined || snapshotId !== this.#versionBefore)
      return snapshotId;
    // The table is as it was, and so is the partition.
    return this.#session.observations.provenance(this.unit)?.dataVersion;
  }

  /** The data version of a unit that neither has a lake table nor gave one. */
  #derivedVersion(codeVersion: string): string {
    const upstreams = Object.fromEntries(
      this.#upstreams.map((read) => [unitId(read), read.dataVersion ?? null]),
    );
    // What reads the outside world may have read something else than last time, although its provenance is the same.
    const readsOutside =
      this.#upstreams.length === 0 || this.#session.graph.asset(this.key).refresh !== undefined;
    return hashJson({ codeVersion, upstreams, ...(readsOutside ? { runId: this.#session.runId } : {}) });
  }

  #edge({ key, partition, dataVersion }: ReadUnit): LineageEdge {
    return { upstream: key, upstreamPartition: partition, downstream: this.key, dataVersion };
  }

  #finished(
    outcome: Outcome,
    more: {
      readonly failure?: Failure;
      readonly because?: AssetKey;
      readonly dataVersion?: string;
      readonly metadata?: MaterializeResult["metadata"];
    },
  ) {
    const { metadata, ...rest } = more;
    return this.#session.stamp({
      type: "asset-finished",
      ...unitFields(this.unit),
      outcome,
      attempts: this.number,
      durationMs: this.#session.msSince(this.#startedAt),
      causes: this.#causes,
      ...rest,
      ...(metadata === undefined ? {} : { metadata }),
    });
  }

  #end(
    outcome: Outcome,
    failure: Failure | undefined,
    event: ReturnType<RunSession["stamp"]>,
    isRetried = false,
  ): void {
    const { request, runId } = this.#session;
    this.#release();
    request.store.finishAttempt(
      {
        runId,
        key: this.key,
        partition: this.unit.partition,
        attempt: this.number,
        startedAt: this.#startedAt,
        finishedAt: event.at,
        outcome,
        failure: "failure" in event ? event.failure : failure,
        isRetried,
      },
      event,
    );
    this.#session.show(event);
  }
}
