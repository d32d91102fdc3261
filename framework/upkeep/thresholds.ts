import type { PolicyProblem } from "../definition/policy-problem.ts";
import type { TableLayout } from "../lakehouse/lakehouse.ts";

/** When files are joined. Either is enough. */
export interface OptimizeThresholds {
  /** Data files that came since they were last joined. */
  readonly dataFiles: number;
  /** Delete files: each is read, and its rows are left out, by everybody who reads the table. */
  readonly deleteFiles: number;
}

/** When snapshots expire. */
export interface ExpireThresholds {
  /** Every state that the table has had within this time stays, milliseconds. */
  readonly olderThanMs: number;
  /** Nothing is done before the oldest snapshot is this old, milliseconds. */
  readonly oldestMs: number;
}

/** What upkeep does, and when; false: never. */
export interface UpkeepPlan {
  readonly optimize: OptimizeThresholds | false;
  readonly expire: ExpireThresholds | false;
}

/** Whether something is to be done, and why or why not. */
export interface Decision {
  readonly isDue: boolean;
  readonly why: string;
}

const dayMs = 86_400_000;
/** No statement and no run is expected to read or write for longer with files that nobody else sees. */
const leastAgeMs = 3_600_000;

/**
 * A load a night is a file or two and, where rows change, as many delete files: files are joined once in a month or two,
 * delete files, which slow down every reader, twice a month.
 */
export const defaultOptimize: OptimizeThresholds = { dataFiles: 32, deleteFiles: 16 };

/** Wrong data is found within days, and a week of states takes little room; once a week is often enough to clear away. */
export const defaultExpire: ExpireThresholds = { olderThanMs: 7 * dayMs, oldestMs: 14 * dayMs };

/** Whether files are worth joining. A count that nobody knows is: the engine looks before it works. @param joined data files when they were last joined */
export function decideOptimize(
  { dataFiles, deleteFiles }: TableLayout,
  thresholds: OptimizeThresholds | false,
  joined: number,
): Decision {
  if (thresholds === false) return { isDue: false, why: "never" };
  if (dataFiles === undefined || deleteFiles === undefined)
    return { isDue: true, why: "how many files there are is not known" };
  const came = dataFiles - joined;
  return {
    isDue: came >= thresholds.dataFiles || deleteFiles >= thresholds.deleteFiles,
    why: `${came} new data files of ${thresholds.dataFiles}, ${deleteFiles} delete files of ${thresholds.deleteFiles}`,
  };
}

/** Whether snapshots are old enough. */
export function decideExpire(
  { oldestSnapshotMs }: TableLayout,
  thresholds: ExpireThresholds | false,
): Decision {
  if (thresholds === false) return { isDue: false, why: "never" };
  if (oldestSnapshotMs === undefined) return { isDue: false, why: "no snapshot to expire" };
  return {
    isDue: oldestSnapshotMs >= thresholds.oldestMs,
    why: `oldest snapshot ${inDays(oldestSnapshotMs)} days of ${inDays(thresholds.oldestMs)} days`,
  };
}

function inDays(ms: number): number {
  return Math.round((10 * ms) / dayMs) / 10;
}

/** What is wrong with a plan, which may come from plain JavaScript. */
export function planProblems({ optimize, expire }: UpkeepPlan, everyMs: number): readonly PolicyProblem[] {
  const problems: PolicyProblem[] = [];
  const expect = (isRight: boolean, path: readonly string[], expected: string, got: unknown): void => {
    if (!isRight) problems.push({ path, expected, got });
  };
  const isAnything = optimize !== false || expire !== false;
  expect(isAnything, ["optimize"], "expected thresholds here or in expire, or nothing is ever done", false);
  expect(everyMs > 0, ["everyMs"], "expected milliseconds above 0", everyMs);
  if (optimize !== false) {
    for (const name of ["dataFiles", "deleteFiles"] as const) {
      const count = optimize[name];
      expect(Number.isInteger(count) && count > 0, ["optimize", name], "expected a number from 1", count);
    }
  }
  if (expire === false) return problems;
  const { olderThanMs, oldestMs } = expire;
  const least = "expected milliseconds from an hour: a run under way may still read what it began with";
  expect(olderThanMs >= leastAgeMs, ["expire", "olderThanMs"], least, olderThanMs);
  expect(oldestMs >= olderThanMs, ["expire", "oldestMs"], "expected no less than olderThanMs", oldestMs);
  return problems;
}
