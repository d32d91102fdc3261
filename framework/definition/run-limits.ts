import type { RetryPolicy } from "./asset.ts";
import type { PolicyProblem } from "./policy-problem.ts";

/** What a run of a schedule or a sensor may take. */
export interface RunLimits {
  readonly retry: RetryPolicy;
  readonly deadlineMs: number | undefined;
  readonly memoryMb: number | undefined;
}

/** The options for it. */
export interface RunLimitOptions {
  /**
   * Of a run whose process died or that failed by something that may pass; what it had made stays. @default 3 attempts,
   * 1 min doubling to 1 h
   */
  readonly retry?: Partial<RetryPolicy>;
  /** A run that works longer is told to end, and counts as failed, milliseconds. @default none */
  readonly deadlineMs?: number;
  /**
   * What its process and all that it has started may hold in memory, MB; a run that holds more is told to end, and killed
   * ten seconds later. @default three quarters of the machine's
   */
  readonly memoryMb?: number;
}

const defaultRetry: RetryPolicy = { maxAttempts: 3, baseDelayMs: 60_000, maxDelayMs: 3_600_000 };

/** The options with their defaults. */
export function runLimitsOf({ retry, deadlineMs, memoryMb }: RunLimitOptions): RunLimits {
  return { retry: Object.freeze({ ...defaultRetry, ...retry }), deadlineMs, memoryMb };
}

/** What is wrong with them. */
export function runLimitProblems({
  retry = {},
  deadlineMs,
  memoryMb,
}: RunLimitOptions): readonly PolicyProblem[] {
  const { maxAttempts, baseDelayMs, maxDelayMs } = retry;
  return [
    ...wholeNumber("retry.maxAttempts", maxAttempts, 1),
    ...wholeNumber("retry.baseDelayMs", baseDelayMs, 0),
    ...wholeNumber("retry.maxDelayMs", maxDelayMs, 0),
    ...wholeNumber("deadlineMs", deadlineMs, 1),
    ...wholeNumber("memoryMb", memoryMb, 64),
  ];
}

/** What is wrong with a number that may be left out. @param path with dots between its parts */
export function wholeNumber(path: string, got: number | undefined, least: number): readonly PolicyProblem[] {
  if (got === undefined || (Number.isSafeInteger(got) && got >= least)) return [];
  return [{ path: path.split("."), expected: `expected a whole number from ${least}`, got }];
}

/** What is wrong with the name of a schedule or a sensor: it goes into tags, file names and command lines. */
export function nameProblems(name: unknown): readonly PolicyProblem[] {
  return typeof name === "string" && /^[a-z][a-z0-9-]{0,62}$/.test(name)
    ? []
    : [{ path: ["name"], expected: 'expected letters, digits and dashes, like "daily"', got: name ?? null }];
}
