import type { Schedule } from "../definition/schedule.ts";
import type { Sensor } from "../definition/sensor.ts";
import type { ScheduleRecord, TickRecord } from "../store/schedules.ts";
import type { StoreReader } from "../store/store.ts";
import { graceMs } from "./due-ticks.ts";
import { nextOfRule, ruleOf, ticksOfRule } from "./rule.ts";

/** A schedule or a sensor, with what the store knows of it. */
export interface ScheduleStatus {
  readonly definition: Schedule | Sensor;
  /** By a person's word, else by the definition. `elsewhere`: only daemons of another target run it. */
  readonly state: "on" | "off" | "elsewhere";
  /** Whether a person's word stands against the definition's. */
  readonly isSwitched: boolean;
  /** When it is due next; undefined unless it is on. One that has passed was decided by nobody. */
  readonly nextAt: Date | undefined;
  /** `nextAt` passed more than a minute ago: no daemon was there for it, and the next one decides it by the catch-up policy. */
  readonly isOverdue: boolean;
  /** The tick of the newest instant. */
  readonly last: TickRecord | undefined;
  /** Ticks that are queued or started, oldest first. */
  readonly open: readonly TickRecord[];
  /** What a sensor's last poll said. */
  readonly note: string | undefined;
  /** A sensor's polls that failed since the last good one. */
  readonly failures: number;
}

/** The definitions in their order, as a daemon of the reader's target that reads them now would see them. */
export function scheduleStatuses(
  reader: Pick<StoreReader, "target" | "scheduling">,
  definitions: readonly (Schedule | Sensor)[],
  now: Date,
): readonly ScheduleStatus[] {
  const { target, scheduling } = reader;
  const records = scheduling.schedules();
  const latest = scheduling.latestTicks();
  const open = scheduling.openTicks();
  return definitions.map((definition) => {
    const { name } = definition;
    const record = records.get(name);
    const isOurs = definition.target === undefined || definition.target === target;
    const isOn = record?.switched ?? definition.enabled;
    const state = isOurs ? (isOn ? "on" : "off") : "elsewhere";
    const nextAt = state === "on" ? nextOf(definition, record, now) : undefined;
    return {
      definition,
      state,
      isSwitched: isOurs && isOn !== definition.enabled,
      nextAt,
      isOverdue: nextAt !== undefined && now.getTime() - nextAt.getTime() > graceMs,
      last: latest.get(name),
      open: open.filter((tick) => tick.schedule === name),
      note: record?.note,
      failures: record?.failures ?? 0,
    };
  });
}

/** Of a rule that no daemon has seen yet, ticks count from when one sees it. */
function nextOf(definition: Schedule | Sensor, record: ScheduleRecord | undefined, now: Date): Date {
  return record?.rule === ruleOf(definition)
    ? nextOfRule(definition, record)
    : ticksOfRule(definition).next(now);
}
