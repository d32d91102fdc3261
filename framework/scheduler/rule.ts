import type { Schedule } from "../definition/schedule.ts";
import type { Sensor } from "../definition/sensor.ts";
import type { ScheduleRecord } from "../store/schedules.ts";
import { type CronTicks, ticksOf } from "../util/cron.ts";

/** A sensor whose polls fail is polled less and less often, up to this long. */
const maxPollBackoffMs = 3_600_000;

/** By what ticks are counted, as text. Another text is another rule, whose ticks count from when it is first seen. */
export function ruleOf(definition: Schedule | Sensor): string {
  // Whether it is enabled is part of it: what passed meanwhile stays past.
  const off = definition.enabled ? "" : "off ";
  if (definition.kind === "sensor") return `${off}poll ${definition.everyMs}`;
  const { cron, timezone, everyMs } = definition;
  return cron === undefined ? `${off}every ${everyMs}` : `${off}cron ${cron} ${timezone}`;
}

/** The instants that a schedule or a sensor names. */
export function ticksOfRule(definition: Schedule | Sensor): CronTicks {
  if (definition.kind === "schedule" && definition.cron !== undefined)
    return ticksOf(definition.cron, definition.timezone);
  const { everyMs } = definition;
  if (everyMs === undefined) throw new Error(`Internal error: expected a rule of ${definition.name}`);
  return everyInterval(everyMs);
}

/** When something next comes due after what has been decided, or is polled again after polls that failed. */
export function nextOfRule(
  definition: Schedule | Sensor,
  { seenAt, failures }: Pick<ScheduleRecord, "seenAt" | "failures">,
): Date {
  const next = ticksOfRule(definition).next(new Date(seenAt));
  if (definition.kind === "schedule" || failures === 0) return next;
  const backoffMs = Math.min(definition.everyMs * 2 ** Math.min(failures, 12), maxPollBackoffMs);
  return new Date(Math.max(next.getTime(), Date.parse(seenAt) + backoffMs));
}

/** Multiples of an interval since 1970, so that every daemon names the same instants. */
function everyInterval(everyMs: number): CronTicks {
  const atOrBefore = (ms: number) => Math.floor(ms / everyMs) * everyMs;
  return {
    next: (after) => new Date(atOrBefore(after.getTime()) + everyMs),
    last: (at) => new Date(atOrBefore(at.getTime())),
  };
}
