/** A closed window `[lo, hi)` of the cursor field; the first has no lower bound. */
export interface Window {
  readonly lo: Date | undefined;
  readonly hi: Date;
}

/**
 * The window to read, by the cursor rule: it ends `settle` before the server's time, since rows become visible late, and
 * begins `overlap` before the last one's end, since transactions stamp rows before they commit. When the server's clock
 * has been set back the window moves back with it: reading twice is harmless, a gap is not.
 */
export function planWindow(options: {
  readonly lastHi: Date | undefined;
  readonly serverTime: Date;
  readonly settleMs: number;
  readonly overlapMs: number;
}): Window {
  const hi = new Date(options.serverTime.getTime() - options.settleMs);
  if (options.lastHi === undefined) return { lo: undefined, hi };
  return { lo: new Date(Math.min(options.lastHi.getTime(), hi.getTime()) - options.overlapMs), hi };
}
