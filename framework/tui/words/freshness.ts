import type { FreshnessPolicy } from "../../definition/freshness.ts";
import type { Freshness } from "../../staleness/freshness.ts";
import { formatAge, formatInterval, shortInstant } from "./numbers.ts";

/** `on-time`, `overdue 1h`; `overdue` alone for what never was known good. */
export function freshnessText({ state, since }: Freshness, nowMs: number): string {
  return state === "on-time" || since === null ? state : `${state} ${formatAge(nowMs - Date.parse(since))}`;
}

/** `deadline 06:00Z`, with the day when it is not near; `never known good`. */
export function deadlineText({ deadline }: Freshness, nowMs: number): string {
  return deadline === null ? "never known good" : `deadline ${shortInstant(deadline, nowMs)}Z`;
}

/** `at most 26h old`, `by 0 7 * * * Europe/Oslo, 30m grace`. */
export function policyText(policy: FreshnessPolicy): string {
  if (policy.deadline === undefined) return `at most ${formatInterval(policy.maxAgeMs)} old`;
  const { cron, timezone, graceMs = 0 } = policy.deadline;
  return `by ${cron} ${timezone}${graceMs === 0 ? "" : `, ${formatInterval(graceMs)} grace`}`;
}
