import { join } from "node:path";
import { onTestFinished } from "vitest";
import type { Schedule } from "../../framework/definition/schedule.ts";
import type { Sensor } from "../../framework/definition/sensor.ts";
import type { DaemonEvent } from "../../framework/event/daemon-event.ts";
import type { RunEvent, RunStatus } from "../../framework/event/event.ts";
import { newRunId } from "../../framework/materializer/run-session.ts";
import { Scheduler, type Workers } from "../../framework/scheduler/scheduler.ts";
import { openStore } from "../../framework/store/open-store.ts";
import type { TickRecord } from "../../framework/store/schedules.ts";
import type { Store } from "../../framework/store/store.ts";
import { temporaryDirectory } from "../support/rig.ts";

/** A run that a scheduler has started, and that ends when it is told to. */
export interface StartedRun {
  readonly tick: TickRecord;
  readonly runId: string;
  isTold: boolean;
}

/** A real store, a clock that is set, and as many schedulers as a test wants; runs are recorded as a child would. */
export class SchedulerRig {
  readonly path = join(temporaryDirectory(), "moraine.db");
  readonly store: Store = this.open();
  readonly events: DaemonEvent[] = [];
  /** Those that have begun and not ended. */
  readonly runs: StartedRun[] = [];
  readonly polls: { readonly sensor: string; readonly at: Date }[] = [];
  now: Date;
  #made = 0;

  constructor(start: string) {
    this.now = new Date(start);
  }

  /** Another connection, as another process would have. */
  open(): Store {
    const store = openStore({ path: this.path, target: "local" });
    onTestFinished(() => store.close());
    return store;
  }

  /** A daemon's scheduler, on `store` or on the first connection. */
  scheduler(
    definitions: readonly (Schedule | Sensor)[],
    { store = this.store, maxRuns = 100 } = {},
  ): Scheduler {
    const workers: Workers = {
      startRun: (tick, runId) => this.#begin(tick, runId, store),
      endRun: (tick) => {
        for (const run of this.runs) if (run.runId === tick.runId) run.isTold = true;
      },
      startPoll: (sensor, at) => void this.polls.push({ sensor: sensor.name, at }),
      isPolling: () => false,
    };
    this.#made += 1;
    const scheduler = new Scheduler({
      daemonId: `daemon-${this.#made}`,
      store: store.scheduling,
      workers,
      maxRuns: () => maxRuns,
      newRunId,
      report: (event) => void this.events.push(event),
    });
    scheduler.define(definitions, this.now);
    return scheduler;
  }

  #begin(tick: TickRecord, runId: string, store: Store): void {
    const startedAt = this.now.toISOString();
    const isBegun = store.startRun(
      { id: runId, trigger: "schedule", selection: "", startedAt },
      log(runId, startedAt),
    );
    if (!isBegun) throw new Error(`expected tick ${tick.tick} to wait for run ${runId}`);
    this.runs.push({ tick, runId, isTold: false });
  }

  /** Ends runs as their processes would. */
  end(status: Exclude<RunStatus, "running">, runs: readonly StartedRun[] = [...this.runs]): void {
    const at = this.now.toISOString();
    for (const run of runs) {
      this.runs.splice(this.runs.indexOf(run), 1);
      if (status === "interrupted") {
        this.store.heartbeat(run.runId, at);
        this.store.interruptRun(run.runId);
      } else this.store.finishRun(run.runId, status, at, log(run.runId, at));
    }
  }

  forward(ms: number): void {
    this.now = new Date(this.now.getTime() + ms);
  }

  /** The ticks of a schedule by their status, oldest first. */
  ticks(schedule: string): readonly string[] {
    return this.store.scheduling
      .ticks({ schedule })
      .toSorted((a, b) => (a.tick < b.tick ? -1 : 1))
      .map(({ tick, status, reason }) =>
        [tick.slice(0, 16), status, ...(reason === undefined ? [] : [reason])].join(" "),
      );
  }
}

function log(runId: string, at: string): RunEvent {
  return { type: "log", runId, at, level: "info", message: "" };
}

/** Hours and minutes in milliseconds. */
export const minute = 60_000;
export const hour = 60 * minute;
export const dayMs = 24 * hour;
