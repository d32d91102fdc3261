import type { Schedule } from "../definition/schedule.ts";
import type { Sensor } from "../definition/sensor.ts";
import type { ScheduleStore, TickRecord } from "../store/schedules.ts";
import { queuedTick } from "./decide-ticks.ts";
import { ruleOf } from "./rule.ts";

/**
 * Makes a schedule known that no daemon has seen yet. One that is known stays as it is, also under another rule: a daemon
 * may work by that one, and would stop.
 */
export function makeKnown(store: ScheduleStore, definition: Schedule | Sensor, now: Date): void {
  const { name, kind } = definition;
  if (store.schedules().has(name)) return;
  store.register({ name, kind, rule: ruleOf(definition) }, now.toISOString());
}

/** Switches a schedule or a sensor on or off, over what its definition says. */
export function switchSchedule(
  store: ScheduleStore,
  definition: Schedule | Sensor,
  on: boolean,
  now: Date,
): void {
  makeKnown(store, definition, now);
  store.switch(definition.name, { on, isDefined: definition.enabled }, now.toISOString());
}

/** What came of {@link fireTick}. */
export type FiredTick =
  | { readonly ok: true; readonly tick: TickRecord }
  /** One of that instant is queued or started. */
  | { readonly ok: false; readonly reason: "open" }
  /** Its partitions can't be worked out. */
  | { readonly ok: false; readonly reason: "partitions"; readonly message: string };

/** Queues a tick of an instant, whatever has been decided of that; it begins as soon as a daemon sees it. */
export function fireTick(store: ScheduleStore, schedule: Schedule, at: Date, now: Date): FiredTick {
  const { status, message = "", ...tick } = queuedTick(schedule, at);
  if (status !== "queued") return { ok: false, reason: "partitions", message };
  makeKnown(store, schedule, now);
  const added = store.add(
    schedule.name,
    { ...tick, status, notBefore: now.toISOString() },
    now.toISOString(),
  );
  return added === undefined ? { ok: false, reason: "open" } : { ok: true, tick: added };
}
