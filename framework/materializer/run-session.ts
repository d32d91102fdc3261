import { randomBytes } from "node:crypto";
import type { AssetKey } from "../definition/asset-key.ts";
import type { Progress, WorkContext } from "../definition/context.ts";
import type { LogLevel, RunEvent } from "../event/event.ts";
import type { AssetGraph } from "../graph/asset-graph.ts";
import { type Observations } from "../staleness/compute-statuses.ts";
import { observe } from "../staleness/observe.ts";
import { LakeTables } from "../staleness/lake-tables.ts";
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

/** One run's identity and surroundings, shared by everything that works in it. */
export class RunSession {
  readonly runId: string;
  readonly request: RunRequest;
  readonly lake: LakeTables;
  /** Aborts when the person cancels or the run itself has to stop. */
  readonly signal: AbortSignal;
  readonly #stop = new AbortController();
  readonly #shownAt = new Map<AssetKey, number>();
  readonly #produced = new Map<AssetKey, string>();
  #observations: Observations | undefined;
  #heartbeat: NodeJS.Timeout | undefined;

  constructor(request: RunRequest) {
    this.request = request;
    this.runId = request.runId ?? newRunId();
    this.lake = new LakeTables(request.lakehouse);
    this.signal = AbortSignal.any([request.signal, this.#stop.signal]);
  }

  get graph(): AssetGraph {
    return this.request.graph;
  }

  /** Reads the lake and the store once; later changes come through {@link produced}. */
  async open(): Promise<void> {
    const { graph, keys, store, clock } = this.request;
    store.interruptDeadRuns(this.timestamp());
    await this.lake.refresh(new Set(keys.flatMap((key) => [key, ...graph.upstreams(key)])));
    const observed = observe({ graph, reader: store, lake: this.lake, now: clock.now(), asked: true });
    this.#observations = {
      ...observed,
      dataVersion: (key) => this.#produced.get(key) ?? observed.dataVersion(key),
    };
    this.#heartbeat = setInterval(() => store.heartbeat(this.runId, this.timestamp()), heartbeatEveryMs);
    this.#heartbeat.unref();
  }

  close(): void {
    clearInterval(this.#heartbeat);
  }

  /** Cancels what runs; the reason is what failed. */
  stop(reason: Error): void {
    this.#stop.abort(reason);
  }

  get observations(): Observations {
    if (this.#observations === undefined) throw new Error("Internal error: expected the session to be open");
    return this.#observations;
  }

  /** Notes the data version that an asset has after this run wrote it. */
  produced(key: AssetKey, dataVersion: string): void {
    this.#produced.set(key, dataVersion);
  }

  timestamp(): string {
    return this.request.clock.now().toISOString();
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
  progress(key: AssetKey, progress: Progress): void {
    const now = performance.now();
    if (now - (this.#shownAt.get(key) ?? -Infinity) < progressEveryMs && progress.done !== progress.total)
      return;
    this.#shownAt.set(key, now);
    this.show(this.stamp({ type: "asset-progress", key, ...progress }));
  }

  /** The part of a context that every body has. */
  workContext(key: AssetKey | undefined, signal: AbortSignal): WorkContext {
    const { projectDir, stateDir, store, lakehouse, resources } = this.request;
    return {
      runId: this.runId,
      projectDir,
      stateDir,
      target: store.target,
      lakehouse,
      resources,
      signal,
      log: (message: string, level: LogLevel = "info") =>
        this.record({ type: "log", ...(key === undefined ? {} : { key }), level, message }),
    };
  }
}
