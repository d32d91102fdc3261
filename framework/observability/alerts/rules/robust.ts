/** What a row of numbers usually is. */
export interface Usual {
  readonly median: number;
  readonly least: number;
  readonly most: number;
  /** How many numbers there were. */
  readonly of: number;
}

/** Fewer say nothing of what is usual. */
export const leastHistory = 5;
/** The median absolute deviation of a normal distribution times this is its standard deviation. */
const deviationOfNormal = 1.4826;

/**
 * The range of what is usual, by median and median absolute deviation: neither is moved by a few values that are far out,
 * so that one bad night does not make the next one look good. Undefined for less than {@link leastHistory} values.
 *
 * @param floor what is usual on either side however little the values differ
 */
export function usualRange(
  values: readonly number[],
  options: { readonly deviations: number; readonly floor: number },
): Usual | undefined {
  if (values.length < leastHistory) return undefined;
  const middle = median(values);
  const spread = deviationOfNormal * median(values.map((value) => Math.abs(value - middle)));
  const reach = Math.max(options.deviations * spread, options.floor);
  return { median: middle, least: middle - reach, most: middle + reach, of: values.length };
}

/** @param values at least one */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const half = Math.floor(sorted.length / 2);
  const upper = sorted[half] ?? 0;
  return sorted.length % 2 === 1 ? upper : ((sorted[half - 1] ?? 0) + upper) / 2;
}
