import type { DaemonEvent, SkipReason, TickFailureReason } from "../../event/daemon-event.ts";
import type { LogLevel } from "../../event/event.ts";
import { unreachable } from "../../util/unreachable.ts";
import { countOf, formatAge, formatDuration, someOf } from "./numbers.ts";
import { cleanText } from "./text.ts";

/** A tick that begins later than this is said to be late. */
const lateAfterMs = 60_000;

/** One event of the daemon as a line of a log, with its level. */
export function daemonLogLine(event: DaemonEvent): { readonly level: LogLevel; readonly text: string } {
  const line = (level: LogLevel, text: string) => ({ level, text });
  switch (event.type) {
    case "daemon-started":
      return line(
        "info",
        `daemon ${event.daemonId} of target ${event.target} started with ${countsOf(event)}`,
      );
    case "tick-claimed":
      return line(
        event.lateMs > lateAfterMs ? "warn" : "info",
        `${tickOf(event)} is due${event.lateMs > lateAfterMs ? ` since ${formatAge(event.lateMs)}` : ""}`,
      );
    case "tick-started": {
      const tries = event.attempt > 1 ? `, try ${event.attempt}` : "";
      return line("info", `${tickOf(event)} is run ${event.runId}${tries}`);
    }
    case "tick-skipped": {
      const more = event.count > 1 ? `, with ${countOf(event.count - 1, "earlier one")}` : "";
      return line(
        event.reason === "missed" || event.reason === "queue-full" ? "warn" : "info",
        `${tickOf(event)} gives no run${more}: ${skipText(event.reason)}`,
      );
    }
    case "tick-succeeded":
      return line("info", `${tickOf(event)} succeeded by run ${event.runId}`);
    case "tick-failed": {
      const why = event.message === undefined ? "" : `: ${cleanText(event.message)}`;
      const text = `${tickOf(event)} failed, ${tickFailureText(event.reason)}${why}`;
      return event.retryAt === undefined
        ? line("error", text)
        : line("warn", `${text}; again at ${event.retryAt}`);
    }
    case "child-started":
      return line("debug", `process ${event.pid} started: ${childOf(event)}`);
    case "child-ended": {
      const how = event.code === null ? `signal ${event.signal}` : `exit code ${event.code}`;
      return line(
        event.code === 0 ? "debug" : "warn",
        `process ${event.pid} ended by ${how} after ${formatDuration(event.durationMs)}: ${childOf(event)}`,
      );
    }
    case "reloaded":
      return line("info", `definitions read anew: ${countsOf(event)}`);
    case "reload-refused":
      return line(
        "error",
        `definitions not taken over, the last good ones stay in force: ${someOf(event.problems.map(cleanText), 3)}`,
      );
    case "service-listening":
      return line("info", `${event.service} at ${event.url}`);
    case "heartbeat":
      return line("debug", "works");
    case "daemon-problem":
      return line("error", `${event.service ?? "daemon"}: ${cleanText(event.message)}`);
    case "draining":
      return line("info", `told to end; waits for ${countOf(event.children, "process", "processes")}`);
    case "daemon-stopped":
      return line("info", "stopped");
    default:
      return unreachable(event);
  }
}

function tickOf({ schedule, tick }: { readonly schedule: string; readonly tick: string }): string {
  return `tick ${tick.replace(".000Z", "Z")} of ${schedule}`;
}

function childOf(event: Extract<DaemonEvent, { type: "child-started" | "child-ended" }>): string {
  switch (event.work) {
    case "run":
      return `run ${event.runId ?? ""} of ${event.schedule ?? ""}`;
    case "poll":
      return `poll of ${event.schedule ?? ""}`;
    case "automation":
      return "evaluation of the assets' conditions";
    default:
      return unreachable(event.work);
  }
}

function countsOf({ schedules, sensors }: { readonly schedules: number; readonly sensors: number }): string {
  return `${countOf(schedules, "schedule")} and ${countOf(sensors, "sensor")}`;
}

function skipText(reason: SkipReason): string {
  switch (reason) {
    case "missed":
      return "nobody was there for it in time";
    case "overlap":
      return "an earlier one is not done";
    case "queue-full":
      return "too many earlier ones wait";
    case "replaced":
      return "a later one came before it began";
    case "removed":
      return "the schedule is no longer defined";
    default:
      return unreachable(reason);
  }
}

function tickFailureText(reason: TickFailureReason): string {
  switch (reason) {
    case "run-failed":
      return "its run failed";
    case "cancelled":
      return "its run was cancelled";
    case "died":
      return "the process of its run is gone";
    case "not-started":
      return "its process ended before a run began";
    case "memory":
      return "its run held more memory than it may";
    case "deadline":
      return "its run worked longer than it may";
    case "definition":
      return "its definition can't be evaluated";
    case "removed":
      return "the schedule is no longer defined";
    default:
      return unreachable(reason);
  }
}
