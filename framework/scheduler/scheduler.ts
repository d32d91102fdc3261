import type { Schedule } from "../definition/schedule.ts";
import type { Sensor } from "../definition/sensor.ts";
import type { DaemonListener, SkipReason, TickFailureReason } from "../event/daemon-event.ts";
import type { ScheduleRecord, ScheduleStore, TickRecord } from "../store/schedules.ts";
import { unreachable } from "../util/unreachable.ts";
import { decideTicks } from "./decide-ticks.ts";
import { nextOfRule, ruleOf } from "./rule.ts";
import { readyTicks } from "./run-queue.ts";

/** What starts and ends the work that a {@link Scheduler} decides about. */
export interface Workers {
  /** Starts the run of a tick that has just been taken. */
  startRun(tick: TickRecord, runId: string): void;
  /** Tells the run of a started tick to end, wherever it works. */
  endRun(tick: TickRecord): void;
  startPoll(sensor: Sensor, at: Date): void;
  isPolling(sensor: string): boolean;
}

/** What a {@link Scheduler} needs. */
export interface SchedulerOptions {
  readonly daemonId: string;
  readonly store: ScheduleStore;
  readonly workers: Workers;
  /** How many of its runs may work at once, at the moment. */
  readonly maxRuns: () => number;
  readonly newRunId: () => string;
  readonly report: DaemonListener;
}

/**
 * Decides ticks and starts their runs. It holds no truth of its own: whatever it knows it has from the store, so that it
 * may be killed at any instant, and several may work on one store.
 */
export class Scheduler {
  readonly #options: SchedulerOptions;
  #definitions: readonly (Schedule | Sensor)[] = [];
  /** When something next comes due, as worked out from what the store then said. */
  readonly #next = new Map<string, { readonly rule: string; readonly seenAt: string; readonly at: Date }>();
  /** Open ticks as they were when last looked at. */
  #known = new Map<number, TickRecord>();
  #advancedAt = new Date(0);

  constructor(options: SchedulerOptions) {
    this.#options = options;
  }

  /** Takes over definitions; those of other targets have been left out. */
  define(definitions: readonly (Schedule | Sensor)[], now: Date): void {
    this.#definitions = definitions;
    this.#next.clear();
    for (const definition of definitions) {
      const { name, kind } = definition;
      this.#options.store.register({ name, kind, rule: ruleOf(definition) }, now.toISOString());
    }
  }

  /** Decides what has come due, and starts what may start. @param options `isDraining`: nothing starts */
  advance(now: Date, { isDraining = false }: { readonly isDraining?: boolean } = {}): void {
    this.#advancedAt = now;
    if (!isDraining) this.#decideAll(now);
    this.#watch(now);
    if (isDraining) return;
    for (const tick of readyTicks([...this.#known.values()], now, this.#options.maxRuns()))
      this.#start(tick, now);
  }

  /** When it wants to advance again at the latest; undefined while nothing is to come. */
  nextAt(): Date | undefined {
    const times = [...this.#next.values()].map(({ at }) => at.getTime());
    for (const { status, notBefore } of this.#known.values()) {
      // What could begin already waits for another run, whose end is told.
      const at = Date.parse(notBefore);
      if (status === "queued" && at > this.#advancedAt.getTime()) times.push(at);
    }
    return times.length === 0 ? undefined : new Date(Math.min(...times));
  }

  #decideAll(now: Date): void {
    const { store } = this.#options;
    const before = store.schedules();
    for (const definition of this.#definitions) {
      const record = this.#recordOf(definition, before);
      if (record === undefined) continue;
      if (now.toISOString() < record.seenAt) this.#setBack(record, now);
      else if (this.#nextOf(definition, record) <= now) this.#decide(definition, record, now);
    }
    const after = store.schedules();
    for (const definition of this.#definitions) {
      const record = this.#recordOf(definition, after);
      if (record === undefined) this.#next.delete(definition.name);
      else this.#nextOf(definition, record);
    }
  }

  /** What is remembered; undefined while it is off, or where another daemon has registered another definition since. */
  #recordOf(
    definition: Schedule | Sensor,
    records: ReadonlyMap<string, ScheduleRecord>,
  ): ScheduleRecord | undefined {
    const record = records.get(definition.name);
    const isOn = record?.switched ?? definition.enabled;
    return isOn && record?.rule === ruleOf(definition) ? record : undefined;
  }

  /** What the clock shows again has been decided, so nothing of it comes again; the rest comes when it is its time. */
  #setBack({ name, rule, seenAt }: ScheduleRecord, now: Date): void {
    const at = now.toISOString();
    this.#options.store.decide({ name, rule, seenBefore: seenAt, seenAfter: at, ticks: [], at });
  }

  #nextOf(definition: Schedule | Sensor, record: ScheduleRecord): Date {
    const { name, rule, seenAt } = record;
    const known = this.#next.get(name);
    if (known !== undefined && known.rule === rule && known.seenAt === seenAt) return known.at;
    const at = nextOfRule(definition, record);
    this.#next.set(name, { rule, seenAt, at });
    return at;
  }

  #decide(definition: Schedule | Sensor, record: ScheduleRecord, now: Date): void {
    switch (definition.kind) {
      case "schedule":
        return this.#decideSchedule(definition, record, now);
      case "sensor":
        return this.#decidePoll(definition, record, now);
      default:
        return unreachable(definition);
    }
  }

  #decideSchedule(schedule: Schedule, { name, rule, seenAt }: ScheduleRecord, now: Date): void {
    const { store, report, workers } = this.#options;
    const open = store.openTicks().filter((tick) => tick.schedule === name);
    const { ticks, ended } = decideTicks(schedule, { seen: new Date(seenAt), now, open });
    const at = now.toISOString();
    const added = store.decide({ name, rule, seenBefore: seenAt, seenAfter: at, ticks, at });
    if (added === undefined) return;
    for (const tick of added) {
      const named = { at, schedule: name, tick: tick.tick };
      if (tick.status === "queued")
        report({ type: "tick-claimed", ...named, lateMs: now.getTime() - Date.parse(tick.tick) });
      else this.#reportEnd(tick, at);
    }
    if (!added.some(({ status }) => status === "queued")) return;
    for (const tick of ended) {
      if (tick.status === "started" && store.markEnding(tick.id, "overlap")) workers.endRun(tick);
      else store.skip(tick.id, "replaced", at);
    }
  }

  #decidePoll(sensor: Sensor, { name, rule, seenAt }: ScheduleRecord, now: Date): void {
    const { store, workers } = this.#options;
    if (workers.isPolling(name)) return;
    const at = now.toISOString();
    const claimed = store.decide({ name, rule, seenBefore: seenAt, seenAfter: at, ticks: [], at });
    if (claimed !== undefined) workers.startPoll(sensor, now);
  }

  /** Compares the open ticks with what they were, and tells what has become of them. */
  #watch(now: Date): void {
    const { store, report } = this.#options;
    const open = store.openTicks();
    const at = now.toISOString();
    const stillOpen = new Map(open.map((tick) => [tick.id, tick]));
    for (const before of this.#known.values()) {
      const after = stillOpen.get(before.id) ?? store.tick(before.id);
      if (after === undefined || after.status === before.status) continue;
      if (after.status !== "queued" && after.status !== "started") this.#reportEnd(after, at);
      else if (before.status === "started") {
        report({ type: "tick-failed", at, ...failureFields(after), retryAt: after.notBefore });
      }
    }
    this.#known = stillOpen;
    this.#dropUndefined(at);
  }

  /** A tick of what is no longer defined has nobody who wants it. */
  #dropUndefined(at: string): void {
    const defined = new Set(this.#definitions.map(({ name }) => name));
    for (const tick of this.#known.values()) {
      if (tick.status !== "queued" || defined.has(tick.schedule)) continue;
      if (this.#options.store.skip(tick.id, "removed", at)) this.#known.delete(tick.id);
    }
  }

  #start(tick: TickRecord, now: Date): void {
    const { store, workers, report, daemonId } = this.#options;
    const runId = this.#options.newRunId();
    const at = now.toISOString();
    if (!store.start(tick.id, { runId, daemon: daemonId, at })) return;
    const started = store.tick(tick.id) ?? tick;
    this.#known.set(tick.id, started);
    report({
      type: "tick-started",
      at,
      schedule: tick.schedule,
      tick: tick.tick,
      runId,
      attempt: started.attempt,
    });
    workers.startRun(started, runId);
  }

  #reportEnd(tick: TickRecord, at: string): void {
    const { report } = this.#options;
    const named = { at, schedule: tick.schedule, tick: tick.tick };
    if (tick.status === "succeeded") report({ type: "tick-succeeded", ...named, runId: tick.runId ?? "" });
    else if (tick.status === "failed") report({ type: "tick-failed", at, ...failureFields(tick) });
    else if (tick.status === "skipped")
      report({ type: "tick-skipped", ...named, reason: tick.reason as SkipReason, count: tick.count });
  }
}

function failureFields(tick: TickRecord) {
  const { schedule, runId, message } = tick;
  return {
    schedule,
    tick: tick.tick,
    // Written by what settles ticks, which knows no others.
    reason: (tick.reason ?? "run-failed") as TickFailureReason,
    ...(runId === undefined ? {} : { runId }),
    ...(message === undefined ? {} : { message }),
  };
}
