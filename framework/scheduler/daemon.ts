import type { DaemonConfig } from "../definition/config.ts";
import type { Sensor } from "../definition/sensor.ts";
import type { DaemonEvent } from "../event/daemon-event.ts";
import { newRunId } from "../materializer/run-session.ts";
import { isDead } from "../store/run-owner.ts";
import type { TickRecord } from "../store/schedules.ts";
import type { Store, StoreReader } from "../store/store.ts";
import type { Clock } from "../util/clock.ts";
import { type Deferred, deferred } from "../util/deferred.ts";
import { AutomationTurns } from "./automation-turns.ts";
import { type Child, type ChildEnd, Children, type Task } from "./children.ts";
import type { DaemonProject, DaemonService } from "./daemon-service.ts";
import { Scheduler } from "./scheduler.ts";
import { ServiceHost } from "./service-host.ts";

const heartbeatEveryMs = 10_000;
const automationEveryMs = 60_000;

/** What a daemon needs. */
export interface DaemonOptions {
  readonly daemonId: string;
  readonly projectDir: string;
  readonly stateDir: string;
  readonly store: Store;
  readonly clock: Clock;
  readonly services: readonly DaemonService[];
  readonly definitions: DaemonProject;
  openReader(): StoreReader;
  redact(text: string): string;
  /** Reads the definitions anew. @throws when they are wrong; `problemsOf` says what is */
  reload(): Promise<DaemonProject>;
  problemsOf(error: unknown): readonly string[];
  startRun(tick: TickRecord, runId: string): Child;
  startPoll(sensor: Sensor): Child;
  /** Evaluates the conditions of the assets, and starts a run of this id of what is due by them. */
  startAutomation(runId: string): Child;
  /** The process of a run that another daemon has started; undefined unless it certainly works on this machine. */
  findRun(tick: TickRecord): Child | undefined;
}

/** The process that starts what is due: wakes for the next tick and every ten seconds, and holds no truth of its own. */
export class Daemon {
  readonly #options: DaemonOptions;
  readonly #host: ServiceHost;
  readonly #scheduler: Scheduler;
  readonly #children: Children;
  readonly #automation: AutomationTurns;
  #definitions: DaemonProject;
  #problem: string | undefined;
  #isReloading = false;
  #isDraining = false;
  #wake: Deferred<void> = deferred();

  constructor(options: DaemonOptions) {
    this.#options = options;
    this.#definitions = options.definitions;
    this.#host = new ServiceHost(options.services, () => options.clock.now());
    this.#automation = new AutomationTurns(this.#automationMs());
    this.#children = new Children({
      store: options.store,
      report: this.#report,
      at: () => this.#at(),
      onEnd: (task, end) => this.#onEnd(task, end),
    });
    this.#scheduler = new Scheduler({
      daemonId: options.daemonId,
      store: options.store.scheduling,
      maxRuns: () => this.#maxRuns() - this.#children.count("automation"),
      newRunId,
      report: this.#report,
      workers: {
        startRun: (tick, runId) =>
          this.#children.watch(options.startRun(tick, runId), {
            work: "run",
            schedule: tick.schedule,
            runId,
            tick,
            deadlineMs: tick.request.deadlineMs ?? undefined,
          }),
        startPoll: (sensor) =>
          this.#children.watch(options.startPoll(sensor), {
            work: "poll",
            schedule: sensor.name,
            deadlineMs: sensor.timeoutMs,
          }),
        isPolling: (name) => this.#children.tasks("poll").some(({ schedule }) => schedule === name),
        endRun: (tick) => {
          if (!this.#children.tell(tick.runId ?? "")) options.findRun(tick)?.end(false);
        },
      },
    });
  }

  /** Works until it is told to end and its runs have ended; with `once` only on what is due now. */
  async run(signal: AbortSignal, { once = false }: { readonly once?: boolean } = {}): Promise<void> {
    const { store, daemonId } = this.#options;
    // What can't start, like a port that is taken, leaves no daemon behind that seems to have died.
    await this.#host.start(this.#context());
    store.scheduling.registerDaemon(daemonId, this.#at());
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
    let isEvaluated = false;
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
      if (!once || !isEvaluated) isEvaluated = this.#automate();
      this.#children.enforce(this.#isDrainOver(drainedSince));
      if ((this.#isDraining || once) && this.#children.count() === 0) return;
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
    this.#automation.set(this.#automationMs());
  }

  /** Infinite while no asset says when it starts. */
  #automationMs(): number {
    const { graph } = this.#definitions;
    return graph.keys.some((key) => graph.asset(key).automation !== undefined)
      ? (this.#config().automationMs ?? automationEveryMs)
      : Number.POSITIVE_INFINITY;
  }

  /** One evaluation at a time; its process goes on as the run of what it found, and then the next one may begin. */
  #automate(): boolean {
    const nowMs = performance.now();
    if (this.#isDraining || !this.#automation.isDue(nowMs)) return false;
    if (this.#children.count("run", "automation") >= this.#maxRuns()) return false;
    const isEvaluating = ({ runId = "" }: Task) => this.#options.store.run(runId) === undefined;
    if (this.#children.tasks("automation").some(isEvaluating)) return false;
    this.#automation.begin(nowMs);
    const runId = newRunId();
    this.#children.watch(this.#options.startAutomation(runId), { work: "automation", runId });
    return true;
  }

  /** What an asset failed by is remembered with the asset; an evaluation that gave nothing is tried less and less often. */
  #onEnd({ work, runId = "" }: Task, { code, signal, lastLine }: ChildEnd): void {
    if (work === "automation") {
      const run = this.#options.store.run(runId);
      const isGood = run === undefined ? code === 0 : run.status !== "interrupted";
      this.#automation.end(performance.now(), isGood);
      const how = code === null ? `signal ${signal}` : `exit code ${code}`;
      const message = `evaluating conditions ended by ${how}: ${lastLine}`;
      if (!isGood) this.#report({ type: "daemon-problem", at: this.#at(), service: work, message });
    }
    this.#wake.resolve();
  }

  /**
   * Ticks whose daemon died between taking them and the start of their run have nobody who would start it; the limits of
   * those that run have nobody who would see to them.
   */
  #adopt(): void {
    const { store } = this.#options;
    const at = this.#at();
    const daemons = store.scheduling.daemons();
    const dead = new Set(
      daemons.filter((each) => each.stoppedAt !== undefined || isDead(each, at)).map(({ id }) => id),
    );
    for (const tick of store.scheduling.openTicks()) {
      const { status, runId, daemon } = tick;
      if (status !== "started" || runId === undefined || !dead.has(daemon ?? "")) continue;
      store.scheduling.endUnbegun(runId, "its daemon died before the run began", at);
      this.#children.adopt(tick, () => this.#options.findRun(tick));
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
    this.#report({ type: "draining", at: this.#at(), children: this.#children.count() });
  }

  #isDrainOver(drainedSince: number | undefined): boolean {
    const drainMs = this.#config().drainMs ?? 600_000;
    return drainedSince !== undefined && performance.now() - drainedSince >= drainMs;
  }

  #untilNext(now: Date, beatAt: number): number {
    const nowMs = performance.now();
    const waits = [beatAt + heartbeatEveryMs - nowMs];
    for (const at of [this.#isDraining ? undefined : this.#scheduler.nextAt(), this.#host.nextWake()])
      if (at !== undefined) waits.push(at.getTime() - now.getTime());
    waits.push(...this.#children.waits(nowMs));
    if (!this.#isDraining) waits.push(this.#automation.waitMs(nowMs));
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

  #maxRuns(): number {
    return this.#config().maxRuns ?? 2;
  }

  #config(): DaemonConfig {
    return this.#definitions.config.daemon ?? {};
  }

  readonly #report = (event: DaemonEvent): void => this.#host.report(event);

  #at(): string {
    return this.#options.clock.now().toISOString();
  }
}
