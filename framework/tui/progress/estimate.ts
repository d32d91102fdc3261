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
  for (const key of state.keys) {
    if (!state.finishedKeys.has(key) && !state.running.has(key)) work += state.usualMs[key] ?? mean;
  }
  return Math.max(longest, work / Math.max(1, state.workers));
}

/** The next asset in order that neither works nor has ended, and how many more wait. */
export function waiting(state: ProgressState): { readonly next: string | undefined; readonly more: number } {
  const next = state.keys.find((key) => !state.finishedKeys.has(key) && !state.running.has(key));
  const left = state.keys.length - state.finished.length - state.running.size;
  return { next, more: Math.max(0, left - 1) };
}
