import type { ProgressState } from "./progress-state.ts";

/**
 * Milliseconds until the run ends, roughly: what each asset that is left usually takes (an unknown one: the mean of the
 * known), shared among the workers; never less than the longest asset that works now still needs. Undefined when
 * nothing is known about any of them.
 */
export function estimateLeft(state: ProgressState, nowMs: number): number | undefined {
  const known = Object.values(state.usualMs);
  if (known.length === 0) return undefined;
  const mean = known.reduce((sum, ms) => sum + ms, 0) / known.length;
  let work = 0;
  let longest = 0;
  for (const asset of state.running.values()) {
    const left = Math.max(0, (state.usualMs[asset.key] ?? mean) - (nowMs - asset.startedMs));
    work += left;
    longest = Math.max(longest, left);
  }
  for (const [key, count] of notStarted(state)) work += count * (state.usualMs[key] ?? mean);
  return Math.max(longest, work / Math.max(1, state.workers));
}

/** The next asset in order that neither works nor has ended, and how many more wait (partitions counted one by one). */
export function waiting(state: ProgressState): { readonly next: string | undefined; readonly more: number } {
  const left = notStarted(state);
  const total = left.reduce((sum, [, count]) => sum + count, 0);
  return { next: left[0]?.[0], more: Math.max(0, total - 1) };
}

/** How many outcomes each asset with partitions will have: one at least, for one with nothing to do is fresh. */
export function partitionCounts(
  partitions: Readonly<Record<string, readonly string[]>> = {},
): ProgressState["partitions"] {
  return Object.fromEntries(Object.entries(partitions).map(([key, keys]) => [key, Math.max(1, keys.length)]));
}

/** How many outcomes the run will have: assets, and partitions where an asset has them. */
export function unitCount({ keys, partitions }: Pick<ProgressState, "keys" | "partitions">): number {
  return keys.reduce((sum, key) => sum + (partitions[key] ?? 1), 0);
}

function notStarted(state: ProgressState): readonly (readonly [key: string, count: number])[] {
  const running = new Map<string, number>();
  for (const { key } of state.running.values()) running.set(key, (running.get(key) ?? 0) + 1);
  return state.keys.flatMap((key) => {
    const count = (state.partitions[key] ?? 1) - (state.finishedOf.get(key) ?? 0) - (running.get(key) ?? 0);
    return count > 0 ? [[key, count] as const] : [];
  });
}
