import type { LogLevel, RunEvent } from "../../event/event.ts";
import { hasPassed } from "../../event/has-passed.ts";
import { unreachable } from "../../util/unreachable.ts";
import { causeSummary } from "./cause.ts";
import { checkText } from "./check.ts";
import { metadataSummary } from "./metadata.ts";
import { countOf, formatDuration } from "./numbers.ts";
import { tagsText } from "./run.ts";
import { cleanText, unitName } from "./text.ts";

/** One event as a line of a log, with its level; `logs` and the run screen print these. */
export interface LogLine {
  readonly at: string;
  readonly level: LogLevel;
  readonly key: string | undefined;
  readonly text: string;
}

/** Puts an event in words. Progress has none: it is shown while it happens and not stored. */
export function logLine(event: RunEvent): LogLine | undefined {
  const line = (level: LogLevel, text: string): LogLine => ({
    at: event.at,
    level,
    key: "key" in event && event.key !== undefined ? unitName({ ...event, key: event.key }) : undefined,
    text,
  });
  switch (event.type) {
    case "run-started":
      return line(
        "info",
        [
          `run ${event.runId} started`,
          countOf(event.keys.length, "asset"),
          countOf(event.workers, "worker"),
          ...(event.resumes === undefined ? [] : [`resumes ${event.resumes}`]),
          ...(event.tags === undefined ? [] : [tagsText(event.tags)]),
        ].join(", "),
      );
    case "asset-started":
      return line("info", `started${tryOf(event)}, ${causeSummary(event.causes) || "asked for"}`);
    case "asset-waiting":
      return line("info", `waits for run ${event.holder}, which works on it`);
    case "asset-retrying":
      return line(
        "warn",
        `[${event.failure.reason}] ${cleanText(event.failure.message)}; ${tryText(event.attempt + 1, event.maxAttempts)} in ${formatDuration(event.delayMs)}`,
      );
    case "asset-finished":
      return line(event.outcome === "failed" ? "error" : "info", finishedText(event));
    case "check-started":
      return line("debug", `check ${event.check} started`);
    case "check-finished":
      return line(
        hasPassed(event) ? "info" : event.severity === "warn" ? "warn" : "error",
        `check ${event.check}: ${checkText(event)}`,
      );
    case "log":
      return line(event.level, cleanText(event.message));
    case "cancelling":
      return line("warn", cancellingText(event.reason));
    case "run-interrupted":
      return line("error", `run ${event.runId} interrupted: its process is gone`);
    case "run-finished":
      return line(
        event.status === "failed" ? "error" : "info",
        `run ${event.runId} ${event.status} in ${formatDuration(event.durationMs)}`,
      );
    case "asset-progress":
    case "resource-progress":
      return undefined;
    default:
      return unreachable(event);
  }
}

/** Why a run is being cancelled. */
export function cancellingText(reason: Extract<RunEvent, { type: "cancelling" }>["reason"]): string {
  switch (reason) {
    case "interrupt":
      return "cancelling: interrupted";
    case "terminate":
      return "cancelling: told to end";
    case "fail-fast":
      return "cancelling: an asset failed (--fail-fast)";
    default:
      return unreachable(reason);
  }
}

/** `try 2 of 3`. */
export function tryText(attempt: number, maxAttempts: number): string {
  return `try ${attempt} of ${maxAttempts}`;
}

function tryOf(event: { readonly attempt: number; readonly maxAttempts: number }): string {
  return event.attempt > 1 ? `, ${tryText(event.attempt, event.maxAttempts)}` : "";
}

function finishedText(event: Extract<RunEvent, { type: "asset-finished" }>): string {
  const { outcome } = event;
  if (outcome === "skipped")
    return event.because === undefined ? "skipped" : `skipped, ${event.because} failed`;
  if (outcome === "failed") {
    const { failure } = event;
    const told = failure === undefined ? "" : `: [${failure.reason}] ${cleanText(failure.message)}`;
    return `failed in ${formatDuration(event.durationMs)}${told}`;
  }
  if (outcome !== "materialized") return outcome;
  const summary = metadataSummary(event.metadata);
  return `materialized in ${formatDuration(event.durationMs)}${summary === "" ? "" : `, ${summary}`}`;
}
