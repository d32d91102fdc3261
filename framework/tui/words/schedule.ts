import type { Schedule } from "../../definition/schedule.ts";
import type { Sensor } from "../../definition/sensor.ts";
import type { DaemonStatus } from "../../scheduler/daemon-statuses.ts";
import type { ScheduleStatus } from "../../scheduler/schedule-statuses.ts";
import type { TickRecord } from "../../store/schedules.ts";
import { unreachable } from "../../util/unreachable.ts";
import { utcOffsetMs } from "../../util/zoned-time.ts";
import { cronText } from "./cron.ts";
import { formatAge, formatElapsed, formatInterval } from "./numbers.ts";
import type { SignName } from "./signs.ts";

/** When it ticks: `daily at 05:00 Europe/Oslo`, `every 6h`, `polled every 1m`. */
export function ruleText(definition: Schedule | Sensor): string {
  if (definition.kind === "sensor") return `polled every ${formatInterval(definition.everyMs)}`;
  const { cron, timezone, everyMs = 0 } = definition;
  return cron === undefined ? `every ${formatInterval(everyMs)}` : `${cronText(cron)} ${timezone}`;
}

/** `in 4h12`, `due`, `overdue 2h`, `off`, `off, by hand`, `only on aws`. */
export function nextText(status: ScheduleStatus, nowMs: number): string {
  const { state, definition, isSwitched, nextAt, isOverdue } = status;
  if (state === "elsewhere") return `only on ${definition.target}`;
  if (nextAt === undefined) return isSwitched ? "off, by hand" : "off";
  const waitMs = nextAt.getTime() - nowMs;
  if (isOverdue) return `overdue ${formatAge(-waitMs)}`;
  return waitMs <= 0 ? "due" : `in ${formatElapsed(waitMs)}`;
}

/** What has become of a tick, in few words: `succeeded`, `failed: deadline`, `skipped: missed, 3 ticks`. */
export function tickText(tick: TickRecord, nowMs: number): string {
  const { status, reason = "", count, attempt, notBefore } = tick;
  switch (status) {
    case "queued": {
      const waitMs = Date.parse(notBefore) - nowMs;
      const wait = waitMs > 0 ? ` in ${formatElapsed(waitMs)}` : "";
      return attempt === 0 ? `queued${wait && `, begins${wait}`}` : `${reason}, try ${attempt + 1}${wait}`;
    }
    case "started":
      return attempt > 1 ? `running, try ${attempt}` : "running";
    case "succeeded":
      return status;
    case "failed":
    case "skipped":
      return `${status}: ${reason}${count > 1 ? `, ${count} ticks` : ""}`;
    default:
      return unreachable(status);
  }
}

/** The sign of a tick. */
export function tickSign({ status, attempt }: TickRecord): SignName {
  switch (status) {
    case "queued":
      return attempt === 0 ? "queued" : "retrying";
    case "started":
      return "running";
    case "succeeded":
      return "materialized";
    case "failed":
    case "skipped":
      return status;
    default:
      return unreachable(status);
  }
}

/** The sign of a schedule: that it is late or off, else that of its last tick. */
export function scheduleSign({ state, isOverdue, failures, last }: ScheduleStatus): SignName {
  if (state !== "on") return "skipped";
  if (isOverdue) return "overdue";
  if (failures > 0) return "failed";
  return last === undefined ? "queued" : tickSign(last);
}

/** Whether somebody asked for the tick out of its turn. Those of sensors all are asked for by their polls. */
export function isByHand({ kind, number }: TickRecord): boolean {
  return kind === "schedule" && number > 0;
}

/** `daemon ok, 3s: process 4711 on host`; with what to do where none works. */
export function daemonText(daemon: DaemonStatus | undefined, target: string): string {
  if (daemon === undefined) return `no daemon has ever worked on target ${target}: moraine daemon`;
  const { state, silentMs, pid, host } = daemon;
  return `daemon ${state}, ${formatAge(silentMs)}: process ${pid} on ${host}`;
}

/** The local time of an instant with its offset: `Sun 2026-03-29 03:30 +02:00`. */
export function localText(at: Date, timezone: string): string {
  const offsetMs = utcOffsetMs(at.getTime(), timezone);
  const local = new Date(at.getTime() + offsetMs);
  const seconds = local.getUTCSeconds() === 0 ? 16 : 19;
  const day = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"][local.getUTCDay()];
  return `${day} ${local.toISOString().slice(0, seconds).replace("T", " ")} ${offsetText(offsetMs)}`;
}

/** `+02:00`. */
export function offsetText(offsetMs: number): string {
  const minutes = Math.abs(Math.round(offsetMs / 60_000));
  const two = (value: number) => String(value).padStart(2, "0");
  return `${offsetMs < 0 ? "-" : "+"}${two(Math.floor(minutes / 60))}:${two(minutes % 60)}`;
}
