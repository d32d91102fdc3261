import type { DaemonConfig } from "../definition/config.ts";
import type { Schedule } from "../definition/schedule.ts";
import type { Sensor } from "../definition/sensor.ts";
import type { ChildWork, DaemonEvent } from "../event/daemon-event.ts";
import { newRunId } from "../materializer/run-session.ts";
import { isDead } from "../store/run-owner.ts";
import type { TickRecord } from "../store/schedules.ts";
import type { Store, StoreReader } from "../store/store.ts";
import type { Clock } from "../util/clock.ts";
import { type Deferred, deferred } from "../util/deferred.ts";
import type { DaemonProject, DaemonService } from "./daemon-service.ts";
import { Scheduler } from "./scheduler.ts";
import { ServiceHost } from "./service-host.ts";

const heartbeatEveryMs = 10_000;
/** Told to end, a run has this long before it is killed. */
const killAfterMs = 60_000;

/** The definitions in force, with what the daemon itself reads of them. */
export interface DaemonDefinitions extends DaemonProject {
  readonly schedules: readonly (Schedule | Sensor)[];
}

/** A child process that works. */
export interface Child {
  readonly pid: number;
  /** Resolves when it has ended; `lastLine`: the last that it printed. */
  readonly ended: Promise<{
    readonly code: number | null;
    readonly signal: string | null;
    readonly lastLine: string;
  }>;
  /** Tells it to end, or with `now` kills it with all that it has started. */
  end(now: boolean): void;
}

/** What a daemon needs. */
export interface DaemonOptions {
  readonly daemonId: string;
  readonly projectDir: string;
  readonly stateDir: string;
  readonly store: Store;
  readonly clock: Clock;
  readonly services: readonly DaemonService[];
  readonly definitions: DaemonDefinitions;
  openReader(): StoreReader;
  redact(text: string): string;
  /** Reads the definitions anew. @throws when they are wrong; `problemsOf` says what is */
  reload(): Promise<DaemonDefinitions>;
  problemsOf(error: unknown): readonly string[];
  startRun(tick: TickRecord, runId: string): Child;
  startPoll(sensor: Sensor): Child;
  /** Ends the run of a tick that another daemon has started. */
  endElsewhere(tick: TickRecord): void;
}

interface Working {
  readonly child: Child;
  readonly work: ChildWork;
  readonly name: string;
  readonly tick: TickRecord | undefined;
  readonly runId: string | undefined;
  readonly startedMs: number;
  toldMs: number | undefined;
}

/** The process that starts what is due: wakes for the next tick and every ten seconds, and holds no truth of its own. */
export class Daemon {
  readonly #options: DaemonOptions;
  readonly #host: ServiceHost;
  readonly #scheduler: Scheduler;
  readonly #working = new Set<Working>();
  #definitions: DaemonDefinitions;
  #problem: string | undefined;
  #isReloading = false;
  #isDraining = false;
  #wake: Deferred<void> = deferred();

  constructor(options: DaemonOptions) {
    this.#options = options;
    this.#definitions = options.definitions;
    this.#host = new ServiceHost(options.services, () => options.clock.now());
    this.#scheduler = new Scheduler({
      daemonId: options.daemonId,
      store: options.store.scheduling,
      maxRuns: this.#config().maxRuns ?? 2,
      newRunId,
      report: this.#report,
      workers: {
        startRun: (tick, runId) =>
          this.#watch("run", tick.schedule, options.startRun(tick, runId), tick, runId),
        startPoll: (sensor) => this.#watch("poll", sensor.name, options.startPoll(sensor)),
        isPolling: (name) => [...this.#working].some((each) => each.work === "poll" && each.name === name),
        endRun: (tick) => this.#endRun(tick),
      },
    });
  }

  /** Works until it is told to end and its runs have ended; with `once` only on what is due now. */
  async run(signal: AbortSignal, { once = false }: { readonly once?: boolean } = {}): Promise<void> {
    const { store, daemonId } = this.#options;
    store.scheduling.registerDaemon(daemonId, this.#at());
    await this.#host.start(this.#context());
    const onAbort = () => this.#wake.resolve();
    signal.addEventListener("abort", onAbort, { once: true });
    this.#reportStart();
    this.#adopt();
    this.#define();
    try {
      await this.#loop(signal, once);
    } finally {
      signal.removeEventListener("abort", onAbort);
      store.scheduling.stopDaemon(daemonId, this.#at());
      this.#report({ type: "daemon-stopped", at: this.#at() });
      await this.#host.stop();
    }
  }

  async #loop(signal: AbortSignal, once: boolean): Promise<void> {
    const { clock } = this.#options;
    let beatAt = 0;
    let drainedSince: number | undefined;
    for (let isFirst = true; ; isFirst = false) {
      this.#wake = deferred();
      if (signal.aborted) {
        this.#drain();
        drainedSince ??= performance.now();
      }
      const isHeartbeat = performance.now() - beatAt >= heartbeatEveryMs || isFirst;
      const now = clock.now();
      if (isHeartbeat) {
        beatAt = performance.now();
        this.#beat(now);
      }
      this.#host.wake(now, { isHeartbeat });
      this.#scheduler.advance(now, { isDraining: this.#isDraining });
      this.#enforce(drainedSince);
      if ((this.#isDraining || once) && this.#working.size === 0) return;
      await this.#sleep(this.#untilNext(now, beatAt));
    }
  }

  /** Reads the definitions anew; when they are wrong, the last good ones stay in force. */
  async reload(): Promise<void> {
    if (this.#isReloading) return;
    this.#isReloading = true;
    try {
      this.#definitions = await this.#options.reload();
      this.#problem = undefined;
      this.#define();
      this.#report({ type: "reloaded", at: this.#at(), ...this.#counts() });
    } catch (error) {
      const problems = this.#options.problemsOf(error);
      this.#problem = problems.join("\n");
      this.#report({ type: "reload-refused", at: this.#at(), problems });
    } finally {
      this.#isReloading = false;
      this.#wake.resolve();
    }
  }

  #define(): void {
    const { store, clock } = this.#options;
    const ours = this.#definitions.schedules.filter(
      ({ target }) => target === undefined || target === store.target,
    );
    this.#scheduler.define(ours, clock.now());
  }

  /** Ticks whose daemon died between taking them and the start of their run have nobody who would start it. */
  #adopt(): void {
    const { store } = this.#options;
    const at = this.#at();
    const daemons = store.scheduling.daemons();
    const dead = new Set(
      daemons.filter((each) => each.stoppedAt !== undefined || isDead(each, at)).map(({ id }) => id),
    );
    for (const { status, runId, daemon } of store.scheduling.openTicks()) {
      if (status === "started" && runId !== undefined && dead.has(daemon ?? ""))
        store.scheduling.endUnbegun(runId, "its daemon died before the run began", at);
    }
  }

  #beat(now: Date): void {
    const { store, daemonId } = this.#options;
    const at = now.toISOString();
    store.scheduling.beat(daemonId, at, { isDraining: this.#isDraining, problem: this.#problem });
    store.interruptDeadRuns(at);
    this.#adopt();
    this.#report({ type: "heartbeat", at });
  }

  #drain(): void {
    if (this.#isDraining) return;
    this.#isDraining = true;
    this.#report({ type: "draining", at: this.#at(), children: this.#working.size });
  }

  #watch(work: ChildWork, name: string, child: Child, tick?: TickRecord, runId?: string): void {
    const working: Working = {
      child,
      work,
      name,
      tick,
      runId,
      startedMs: performance.now(),
      toldMs: undefined,
    };
    this.#working.add(working);
    const event = {
      pid: child.pid,
      work,
      schedule: name,
      ...(runId === undefined ? {} : { runId }),
      ...(tick === undefined ? {} : { tick: tick.tick }),
    };
    this.#report({ type: "child-started", at: this.#at(), ...event });
    const settle = async () => {
      const { code, signal, lastLine } = await child.ended;
      this.#working.delete(working);
      const at = this.#at();
      const durationMs = Math.round(performance.now() - working.startedMs);
      this.#report({ type: "child-ended", at, ...event, code, signal, durationMs });
      this.#options.store.interruptDeadRuns(at);
      const how = code === null ? `signal ${signal}` : `exit code ${code}`;
      if (runId !== undefined)
        this.#options.store.scheduling.endUnbegun(
          runId,
          `ended by ${how} before its run began: ${lastLine}`,
          at,
        );
      else if (code !== 0)
        this.#options.store.scheduling.recordFailedPoll(name, `ended by ${how}: ${lastLine}`);
      this.#wake.resolve();
    };
    void settle();
  }

  #endRun(tick: TickRecord): void {
    const own = [...this.#working].find(({ runId }) => runId === tick.runId);
    if (own === undefined) return this.#options.endElsewhere(tick);
    this.#tell(own);
  }

  /** Tells it once, and kills it when that did not help. */
  #tell(working: Working): void {
    const nowMs = performance.now();
    if (working.toldMs === undefined) {
      working.toldMs = nowMs;
      working.child.end(false);
    } else if (nowMs - working.toldMs > killAfterMs) working.child.end(true);
  }

  /** Deadlines of runs and polls, and of the waiting for them at the end. */
  #enforce(drainedSince: number | undefined): void {
    const { scheduling } = this.#options.store;
    const nowMs = performance.now();
    const drainMs = this.#config().drainMs ?? 600_000;
    const isOver = drainedSince !== undefined && nowMs - drainedSince >= drainMs;
    for (const working of this.#working) {
      const { tick, toldMs } = working;
      const isLate = nowMs >= this.#deadlineOf(working);
      if (!isLate && !isOver && toldMs === undefined) continue;
      if (tick === undefined) working.child.end(true);
      else {
        if (toldMs === undefined) scheduling.markEnding(tick.id, isLate ? "deadline" : "drain");
        this.#tell(working);
      }
    }
  }

  /** By the clock of `performance.now()`; infinite without one. */
  #deadlineOf({ tick, name, startedMs }: Working): number {
    if (tick !== undefined) return startedMs + (tick.request.deadlineMs ?? Number.POSITIVE_INFINITY);
    const sensor = this.#definitions.schedules.find((each) => each.name === name);
    return startedMs + (sensor?.kind === "sensor" ? sensor.timeoutMs : 60_000);
  }

  #untilNext(now: Date, beatAt: number): number {
    const nowMs = performance.now();
    const waits = [beatAt + heartbeatEveryMs - nowMs];
    for (const at of [this.#isDraining ? undefined : this.#scheduler.nextAt(), this.#host.nextWake()])
      if (at !== undefined) waits.push(at.getTime() - now.getTime());
    for (const working of this.#working) {
      if (working.toldMs !== undefined) waits.push(working.toldMs + killAfterMs - nowMs);
      waits.push(this.#deadlineOf(working) - nowMs);
    }
    // What is due and could not be done now, like a poll while the last one works, is looked at again in a second.
    return Math.ceil(Math.min(...waits.map((wait) => (wait <= 0 ? 1_000 : wait))));
  }

  async #sleep(ms: number): Promise<void> {
    const timeout = new AbortController();
    const slept = this.#options.clock.sleep(ms, timeout.signal).catch(() => {});
    await Promise.race([slept, this.#wake.promise]);
    timeout.abort();
  }

  #context() {
    const { daemonId, projectDir, stateDir, store, clock } = this.#options;
    return {
      daemonId,
      projectDir,
      stateDir,
      targetName: store.target,
      project: () => this.#definitions,
      store,
      openReader: () => this.#options.openReader(),
      clock,
      redact: (text: string) => this.#options.redact(text),
      report: this.#report,
    };
  }

  #reportStart(): void {
    const { daemonId, store } = this.#options;
    const counts = this.#counts();
    const fields = { daemonId, pid: process.pid, target: store.target, ...counts };
    this.#report({ type: "daemon-started", at: this.#at(), ...fields });
  }

  #counts() {
    const sensors = this.#definitions.schedules.filter(({ kind }) => kind === "sensor").length;
    return { schedules: this.#definitions.schedules.length - sensors, sensors };
  }

  #config(): DaemonConfig {
    return this.#definitions.config.daemon ?? {};
  }

  readonly #report = (event: DaemonEvent): void => this.#host.report(event);

  #at(): string {
    return this.#options.clock.now().toISOString();
  }
}
