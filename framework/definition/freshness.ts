import { readCron } from "../util/cron.ts";
import type { PolicyProblem } from "./policy-problem.ts";

/** When an asset must be known good, by the clock. What misses it is overdue, see {@link freshnessOf}. */
export type FreshnessPolicy =
  /** Known good at most this long ago, milliseconds. */
  | { readonly maxAgeMs: number; readonly deadline?: never }
  | { readonly deadline: Deadline; readonly maxAgeMs?: never };

/** At every tick, known good at some moment after the tick before. */
export interface Deadline {
  /** Five fields, or `@daily` and its like. */
  readonly cron: string;
  /** IANA name, e.g. `Europe/Oslo`. */
  readonly timezone: string;
  /** How long after a tick the asset is not yet called overdue. @default 0 */
  readonly graceMs?: number;
}

/** What is wrong with a policy, which may come from a file or from plain JavaScript. */
export function freshnessProblems(policy: FreshnessPolicy): readonly PolicyProblem[] {
  const { maxAgeMs, deadline } = policy;
  if ((maxAgeMs === undefined) === (deadline === undefined)) {
    return [{ path: [], expected: "expected one of maxAgeMs and deadline", got: policy }];
  }
  if (deadline === undefined) {
    return isPositive(maxAgeMs)
      ? []
      : [{ path: ["maxAgeMs"], expected: "expected milliseconds above 0", got: maxAgeMs }];
  }
  const { cron, timezone, graceMs = 0 } = deadline;
  const read = readCron(cron, timezone);
  return [
    ...(read.ok
      ? []
      : [{ path: ["deadline", read.field], expected: read.message, got: deadline[read.field] }]),
    ...(graceMs === 0 || isPositive(graceMs)
      ? []
      : [{ path: ["deadline", "graceMs"], expected: "expected milliseconds from 0", got: graceMs }]),
  ];
}

function isPositive(value: number | undefined): boolean {
  return value !== undefined && Number.isFinite(value) && value > 0;
}
