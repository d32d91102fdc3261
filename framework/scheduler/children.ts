import type { ChildWork, DaemonListener } from "../event/daemon-event.ts";
import type { Ending, TickRecord } from "../store/schedules.ts";
import type { Store } from "../store/store.ts";
import { processTrees } from "../util/process-trees.ts";

/** Told to end, a run has this long before it is killed. */
const killAfterMs = 60_000;
/** The same for one that holds too much memory: the machine's is everybody's. */
const killLargeAfterMs = 10_000;
/** How often it is looked at what the processes hold. */
const memoryEveryMs = 2_000;

/** A child process that works. */
export interface Child {
  readonly pid: number;
  /** What it may hold with all that it has started, MB. */
  readonly memoryMb: number;
  /** Resolves when it has ended; `lastLine`: the last that it printed. */
  readonly ended: Promise<ChildEnd>;
  /** Tells it to end, or with `now` kills it with all that it has started. */
  end(now: boolean): void;
}

/** How a child ended. */
export interface ChildEnd {
  readonly code: number | null;
  readonly signal: string | null;
  readonly lastLine: string;
}

/** What a child is there for. */
export interface Task {
  readonly work: ChildWork;
  /** Of a run of a tick, or a poll. */
  readonly schedule?: string;
  /** Of a run, whether it has begun or not. */
  readonly runId?: string;
  readonly tick?: TickRecord;
  /** One that works longer is told to end; a poll is killed. */
  readonly deadlineMs?: number | undefined;
}

interface Working {
  readonly child: Child;
  readonly task: Task;
  /** By the clock of `performance.now()`, as everything here that ends in `Ms`. */
  readonly startedMs: number;
  isLarge: boolean;
  toldMs: number | undefined;
  /** Why it was killed, where no tick says so. */
  why: string | undefined;
}

interface ChildrenOptions {
  readonly store: Store;
  readonly report: DaemonListener;
  /** The present instant. */
  readonly at: () => string;
  /** Called when everything that its end means has been recorded. */
  readonly onEnd: (task: Task, end: ChildEnd) => void;
}

/** The processes that the daemon has started, and their limits. */
export class Children {
  readonly #options: ChildrenOptions;
  readonly #working = new Set<Working>();
  /** Runs of daemons that are dead, by tick: nobody else sees to their limits. */
  readonly #adopted = new Map<number, Working>();
  #lookedMs = 0;

  constructor(options: ChildrenOptions) {
    this.#options = options;
  }

  /** How many work; of one kind when it is named. */
  count(...works: readonly ChildWork[]): number {
    return [...this.#working].filter(({ task }) => works.length === 0 || works.includes(task.work)).length;
  }

  /** What those of one kind are there for. */
  tasks(work: ChildWork): readonly Task[] {
    return [...this.#working].flatMap(({ task }) => (task.work === work ? [task] : []));
  }

  watch(child: Child, task: Task): void {
    const working = begun(child, task, performance.now());
    this.#working.add(working);
    this.#options.report({ type: "child-started", at: this.#options.at(), ...eventFields(working) });
    void this.#settle(working);
  }

  /** Sees to the limits of a run that another daemon has started, which is dead. @param child undefined: it is not here */
  adopt(tick: TickRecord, find: () => Child | undefined): void {
    if (this.#adopted.has(tick.id)) return;
    const child = find();
    if (child === undefined) return;
    const workedMs = Math.max(0, Date.parse(this.#options.at()) - Date.parse(tick.startedAt ?? ""));
    const task: Task = {
      work: "run",
      schedule: tick.schedule,
      tick,
      deadlineMs: tick.request.deadlineMs ?? undefined,
    };
    this.#adopted.set(tick.id, begun(child, task, performance.now() - workedMs));
  }

  /** Tells the run to end. @returns false when it is none of ours */
  tell(runId: string): boolean {
    const own = [...this.#working].find(({ task }) => task.runId === runId);
    if (own === undefined) return false;
    this.#tell(own);
    return true;
  }

  /** Ends what has passed its limits, and kills what was told long ago. @param isDrainOver they have been waited for long enough */
  enforce(isDrainOver: boolean): void {
    const nowMs = performance.now();
    this.#dropEnded();
    if (nowMs - this.#lookedMs >= memoryEveryMs) this.#lookAtMemory(nowMs);
    for (const working of this.#all()) {
      const { toldMs, isLarge } = working;
      if (toldMs !== undefined) {
        if (nowMs - toldMs >= (isLarge ? killLargeAfterMs : killAfterMs)) working.child.end(true);
        continue;
      }
      const ending = this.#endingOf(working, nowMs, isDrainOver);
      if (ending !== undefined) this.#end(working, ending);
    }
  }

  /** How long until something has to be enforced. */
  waits(nowMs: number): readonly number[] {
    if (this.#working.size + this.#adopted.size === 0) return [];
    return [
      this.#lookedMs + memoryEveryMs - nowMs,
      ...this.#all().map(({ toldMs, isLarge, startedMs, task }) =>
        toldMs === undefined
          ? startedMs + (task.deadlineMs ?? Number.POSITIVE_INFINITY) - nowMs
          : toldMs + (isLarge ? killLargeAfterMs : killAfterMs) - nowMs,
      ),
    ];
  }

  #all(): readonly Working[] {
    return [...this.#working, ...this.#adopted.values()];
  }

  #endingOf(working: Working, nowMs: number, isDrainOver: boolean): Ending | undefined {
    const { startedMs, isLarge, task } = working;
    if (isLarge) return "memory";
    if (task.deadlineMs !== undefined && nowMs - startedMs >= task.deadlineMs) return "deadline";
    // An adopted run goes on with the next daemon.
    return isDrainOver && this.#working.has(working) ? "drain" : undefined;
  }

  #end(working: Working, ending: Ending): void {
    const { task, child } = working;
    if (task.tick !== undefined) this.#options.store.scheduling.markEnding(task.tick.id, ending);
    if (task.work !== "poll") return this.#tell(working);
    if (ending === "deadline") working.why = `took longer than ${task.deadlineMs} ms`;
    working.toldMs = performance.now();
    child.end(true);
  }

  #tell(working: Working): void {
    if (working.toldMs !== undefined) return;
    working.toldMs = performance.now();
    working.child.end(false);
  }

  #lookAtMemory(nowMs: number): void {
    this.#lookedMs = nowMs;
    // One that could not be started has no number.
    const all = this.#all().filter(({ child }) => child.pid > 0);
    if (all.length === 0) return;
    const trees = processTrees(all.map(({ child }) => child.pid));
    for (const working of all) {
      const { child, task } = working;
      const heldMb = Math.round((trees.get(child.pid)?.bytes ?? 0) / 2 ** 20);
      if (working.isLarge || heldMb <= child.memoryMb) continue;
      working.isLarge = true;
      working.why = `held ${heldMb} MB of memory, and may hold ${child.memoryMb}`;
      const message = `${task.work} ${task.runId ?? task.schedule ?? ""} ${working.why}`;
      this.#options.report({ type: "daemon-problem", at: this.#options.at(), message });
    }
  }

  /** Adopted runs end for themselves; that is seen in their ticks. */
  #dropEnded(): void {
    for (const [id, { task }] of this.#adopted) {
      const tick = this.#options.store.scheduling.tick(id);
      if (tick?.status !== "started" || tick.runId !== task.tick?.runId) this.#adopted.delete(id);
    }
  }

  async #settle(working: Working): Promise<void> {
    const { task, child, startedMs } = working;
    const { store, report, onEnd } = this.#options;
    const end = await child.ended;
    const { code, signal, lastLine } = end;
    this.#working.delete(working);
    const at = this.#options.at();
    const durationMs = Math.round(performance.now() - startedMs);
    report({ type: "child-ended", at, ...eventFields(working), code, signal, durationMs });
    store.interruptDeadRuns(at);
    const how = code === null ? `signal ${signal}` : `exit code ${code}`;
    if (task.work === "run" && task.runId !== undefined)
      store.scheduling.endUnbegun(task.runId, `ended by ${how} before its run began: ${lastLine}`, at);
    else if (task.work === "poll" && code !== 0)
      store.scheduling.recordFailedPoll(task.schedule ?? "", working.why ?? `ended by ${how}: ${lastLine}`);
    onEnd(task, end);
  }
}

function begun(child: Child, task: Task, startedMs: number): Working {
  return { child, task, startedMs, isLarge: false, toldMs: undefined, why: undefined };
}

function eventFields({ child, task: { work, schedule, runId, tick } }: Working) {
  return {
    pid: child.pid,
    work,
    ...(schedule === undefined ? {} : { schedule }),
    ...(runId === undefined ? {} : { runId }),
    ...(tick === undefined ? {} : { tick: tick.tick }),
  };
}
