import type { Look } from "../look.ts";
import { finishedLines, headLine, skippedLine, titleLine } from "./finished-lines.ts";
import type { ProgressState } from "./progress-state.ts";

/** What has been printed for good, in the order of printing. */
export interface Printed {
  readonly lines: readonly string[];
  /** How many of `state.finished` the lines stand for. */
  readonly finished: number;
  readonly head: boolean;
  /** Skipped assets, by the failed one above them, that have no line yet. */
  readonly skipped: ReadonlyMap<string, number>;
}

/** Before anything is printed. */
export const nothingPrinted: Printed = { lines: [], finished: 0, head: false, skipped: new Map() };

/**
 * Adds the lines for what has happened since. Assets skipped below one failed asset get one line together, printed
 * when another outcome follows or the run ends.
 */
export function printMore(
  printed: Printed,
  state: ProgressState,
  look: Look,
  options: { readonly columns: number; readonly listFresh: boolean },
): Printed {
  const fresh = state.finished.slice(printed.finished);
  const isHeadDue = !printed.head && state.runId !== undefined;
  const isEnd = state.ended !== undefined && printed.skipped.size > 0;
  if (fresh.length === 0 && !isHeadDue && !isEnd) return printed;
  const lines = [...printed.lines];
  if (isHeadDue) {
    lines.push(headLine(state, look, options.columns));
    const titles = titleLine(state, look, options.columns);
    if (titles !== undefined) lines.push(titles);
  }
  const skipped = new Map(printed.skipped);
  const flush = () => {
    for (const [because, count] of skipped) lines.push(skippedLine(because, count, look));
    skipped.clear();
  };
  for (const asset of fresh) {
    if (asset.outcome === "skipped") {
      const because = asset.because ?? "a failed asset";
      skipped.set(because, (skipped.get(because) ?? 0) + 1);
      continue;
    }
    const more = finishedLines(asset, state, look, options.columns, options.listFresh);
    if (more.length === 0) continue;
    flush();
    lines.push(...more);
  }
  if (state.ended !== undefined) flush();
  return { lines, finished: state.finished.length, head: printed.head || isHeadDue, skipped };
}
