import { randomBytes } from "node:crypto";
import type { AssetKey } from "../definition/asset-key.ts";
import type { Progress, WorkContext } from "../definition/context.ts";
import { type Unit, type UnitId, unitId } from "../definition/unit.ts";
import { type LogLevel, logLevels, type RunEvent } from "../event/event.ts";
import type { AssetGraph } from "../graph/asset-graph.ts";
import { PartitionGraph } from "../graph/partition-graph.ts";
import type { Observations } from "../staleness/compute-statuses.ts";
import { LakeTables } from "../staleness/lake-tables.ts";
import { RecordedWorld } from "../staleness/observe.ts";
import { describeValue } from "../util/plain-json.ts";
import { reconcile } from "./reconcile.ts";
import { RunDrafts } from "./run-drafts.ts";
import type { RunRequest } from "./run-request.ts";

/** Progress of one asset is shown at most this often. */
const progressEveryMs = 100;
const heartbeatEveryMs = 10_000;

/** Omits from each member of a union, where `Omit` would merge them. */
type WithoutStamp<E> = E extends unknown ? Omit<E, "runId" | "at"> : never;

/** An event before the session stamps it. */
export type UnstampedEvent = WithoutStamp<RunEvent>;

/** An id for a run: 12 hexadecimal digits. */
export function newRunId(): string {
  return randomBytes(6).toString("hex");
}

/** The part of an event that names a unit. */
export function unitFields({ key, partition }: Unit): {
  readonly key: AssetKey;
  readonly partition?: string;
} {
  return partition === "" ? { key } : { key, partition };
}

/** Progress as it can be shown, whatever a body gives: numbers that are none are left out. */
function shownProgress({ message, done, total, unit }: Progress): Progress {
  const text = (name: keyof Progress, given: unknown) => (typeof given === "string" ? { [name]: given } : {});
  const count = (name: keyof Progress, given: unknown) => {
    const number = typeof given === "bigint" ? Number(given) : given;
    return Number.isFinite(number) ? { [name]: number } : {};
  };
  return {
    ...text("message", message),
    ...count("done", done),
    ...count("total", total),
    ...text("unit", unit),
  };
}

/** One run's identity and surroundings, shared by everything that works in it. */
export class RunSession {
  readonly runId: string;
  readonly request: RunRequest;
  readonly lake: LakeTables;
  readonly drafts: RunDrafts;
  readonly partitionGraph: PartitionGraph;
  /** Units that this run wrote and whose blocking checks failed, with the names of these. */
  readonly failedChecks = new Map<UnitId, readonly string[]>();
  /** Aborts when the person cancels or the run itself has to stop. */
  readonly signal: AbortSignal;
  readonly #stop = new AbortController();
  readonly #shownAt = new Map<UnitId, number>();
  #world: RecordedWorld | undefined;
  /** The store's change counter when everything was read, and when single units were read again. */
  #openedAt = 0;
  readonly #readAt = new Map<UnitId, number>();
  #heartbeat: NodeJS.Timeout | undefined;

  constructor(request: RunRequest) {
    this.request = request;
    this.runId = request.runId ?? newRunId();
    this.lake = new LakeTables(request.lakehouse);
    this.drafts = new RunDrafts(request);
    this.partitionGraph = new PartitionGraph(request.graph, request.clock.now());
    this.signal = AbortSignal.any([request.signal, this.#stop.signal]);
  }

  get graph(): AssetGraph {
    return this.request.graph;
  }

  /** Deals with what dead runs left behind, then reads the lake and the store; later changes are taken in one by one. */
  async open(): Promise<void> {
    const { graph, keys, store, clock } = this.request;
    await reconcile(this.request, this.timestamp());
    this.#openedAt = store.changeCounter();
    await this.lake.refresh(new Set(keys.flatMap((key) => [key, ...graph.upstreams(key)])));
    this.#world = new RecordedWorld({ graph, reader: store, lake: this.lake, now: clock.now(), asked: true });
    this.#heartbeat = setInterval(() => this.#beat(), heartbeatEveryMs);
    this.#heartbeat.unref();
  }

  close(): void {
    clearInterval(this.#heartbeat);
  }

  /**
   * Says that the run ended without having finished, so that its leases are free and what it had begun is taken back,
   * although its process lives on. A store that can't be written any more says so by what the run throws.
   */
  abandon(): void {
    try {
      this.request.store.interruptRun(this.runId);
    } catch {}
  }

  /** Cancels what runs; the reason is what failed. */
  stop(reason: Error): void {
    this.#stop.abort(reason);
  }

  get world(): RecordedWorld {
    if (this.#world === undefined) throw new Error("Internal error: expected the session to be open");
    return this.#world;
  }

  get observations(): Observations {
    return this.world;
  }

  /**
   * Takes in what other runs may have written since units were last read: deals with dead runs, and reads the units
   * and what they read again.
   *
   * @returns whether anything was read again
   */
  async catchUp(units: readonly Unit[]): Promise<boolean> {
    const { store } = this.request;
    const changes = store.changeCounter();
    if (units.every((unit) => this.changesSeen(unit) === changes)) return false;
    const undone = await reconcile(this.request, this.timestamp());
    await this.lake.refresh(undone);
    await this.readAgain(units.flatMap((unit) => [unit, ...this.#upstreamUnits(unit)]));
    for (const unit of units) this.#readAt.set(unitId(unit), changes);
    return true;
  }

  /** The store's change counter when the unit was last read. */
  changesSeen(unit: Unit): number {
    return this.#readAt.get(unitId(unit)) ?? this.#openedAt;
  }

  /** Reads the tables of units, and then what is recorded of them, again. */
  async readAgain(units: readonly Unit[]): Promise<void> {
    await this.lake.refresh(new Set(units.map(({ key }) => key)));
    for (const unit of units) this.world.refresh(unit);
  }

  #upstreamUnits(unit: Unit): readonly Unit[] {
    return this.partitionGraph
      .upstreams(unit)
      .flatMap(({ key, partitions }) => partitions.map((partition) => ({ key, partition })));
  }

  timestamp(): string {
    return this.request.clock.now().toISOString();
  }

  /** Milliseconds since an earlier instant of this session; 0 when the clock was set back meanwhile. */
  msSince(instant: string): number {
    return Math.max(0, this.request.clock.now().getTime() - Date.parse(instant));
  }

  /** Waits between two attempts; false when the run was cancelled meanwhile. */
  async pause(ms: number): Promise<boolean> {
    try {
      await this.request.clock.sleep(ms, this.signal);
      return true;
    } catch (error) {
      if (this.signal.aborted) return false;
      throw error;
    }
  }

  /** Stamps and redacts an event. It still has to be stored, then shown by {@link show}. */
  stamp(event: UnstampedEvent): RunEvent {
    const stamped = { ...event, runId: this.runId, at: this.timestamp() } as RunEvent;
    const text = JSON.stringify(stamped);
    const redacted = this.request.redact(text);
    return redacted === text ? stamped : (JSON.parse(redacted) as RunEvent);
  }

  show(event: RunEvent): void {
    this.request.onEvent(event);
  }

  /** Stores and shows an event that changes nothing else. */
  record(event: UnstampedEvent): void {
    const stamped = this.stamp(event);
    this.request.store.recordEvent(stamped);
    this.show(stamped);
  }

  /** Shows progress, thinned; it is not stored. */
  progress(unit: Unit, progress: Progress): void {
    const now = performance.now();
    const id = unitId(unit);
    if (now - (this.#shownAt.get(id) ?? -Infinity) < progressEveryMs && progress.done !== progress.total)
      return;
    this.#shownAt.set(id, now);
    this.show(this.stamp({ type: "asset-progress", ...unitFields(unit), ...shownProgress(progress) }));
  }

  /** The part of a context that every body has. */
  workContext(unit: Unit | undefined, signal: AbortSignal): WorkContext {
    const { projectDir, stateDir, store, resources } = this.request;
    return {
      runId: this.runId,
      projectDir,
      stateDir,
      target: store.target,
      lakehouse: this.drafts.lakehouseOf(unit),
      resources,
      signal,
      log: (given: string, asked: LogLevel = "info") => {
        const message = typeof given === "string" ? given : describeValue(given);
        const level = logLevels.includes(asked) ? asked : "info";
        this.record({ type: "log", ...(unit === undefined ? {} : unitFields(unit)), level, message });
      },
    };
  }

  /** A store that can't be written now is met by whatever records next, where it can be reported. */
  #beat(): void {
    try {
      this.request.store.heartbeat(this.runId, this.timestamp());
    } catch {}
  }
}
