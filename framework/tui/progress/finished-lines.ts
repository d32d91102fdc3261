import { hasPassed } from "../../event/has-passed.ts";
import type { Look } from "../look.ts";
import { causeSummary, causeWord } from "../words/cause.ts";
import { reasonTag } from "../words/failure.ts";
import { metadataSummary, rowChanges, rowCountOf } from "../words/metadata.ts";
import { countOf, formatCount, formatDuration } from "../words/numbers.ts";
import { fit, padStart, truncateEnd, truncateMiddle, padEnd } from "../words/width.ts";
import type { FinishedAsset, FinishedCheck, ProgressState } from "./progress-state.ts";

/** From this width on the wide form is used: usual time, checks and the full cause. */
export const wideFrom = 110;

/** How wide keys are shown: as wide as the longest of the run, within what the terminal allows. */
export function keyWidth(state: ProgressState, columns: number): number {
  const longest = state.keys.reduce((width, key) => {
    // A partition's name is a date more often than not.
    const isPartitioned = state.partitions[key] !== undefined;
    return Math.max(width, key.length + (isPartitioned ? 12 : 0));
  }, 12);
  return Math.min(longest, columns >= wideFrom ? 36 : Math.max(12, Math.floor(columns * 0.4)));
}

/** The first line of a run: what runs, where, how much. */
export function headLine(state: ProgressState, look: Look, columns: number): string {
  const parts = [
    `moraine materialize ${state.selection}`.trimEnd(),
    `run ${state.runId ?? ""}`,
    state.target,
    countOf(state.workers, "worker"),
    countOf(state.keys.length, "asset"),
    ...partitionsText(state.partitions),
  ];
  return look.paint.bold(truncateEnd(parts.join("   "), columns, look.signs.ellipsis));
}

function partitionsText(partitions: ProgressState["partitions"]): readonly string[] {
  const count = Object.values(partitions).reduce((sum, some) => sum + some, 0);
  return count === 0 ? [] : [countOf(count, "partition")];
}

/** The titles of the wide form; undefined where the narrow form, which needs none, is used. */
export function titleLine(state: ProgressState, look: Look, columns: number): string | undefined {
  if (columns < wideFrom) return undefined;
  const name = fit("asset", keyWidth(state, columns));
  return look.paint.dim(
    `    ${name}  ${fit("outcome", 14)}  ${fit("rows", 18)}  ${padStart("time", 6)}  ${padStart("usual", 6)}  ${fit("checks", 6)}  why`,
  );
}

/** Lines that stay for a finished asset; none for a fresh one unless `listFresh`, and none for skipped ones: see {@link skippedLine}. */
export function finishedLines(
  asset: FinishedAsset,
  state: ProgressState,
  look: Look,
  columns: number,
  listFresh: boolean,
): readonly string[] {
  if (asset.outcome === "skipped" || (asset.outcome === "fresh" && !listFresh)) return [];
  const { paint, signs } = look;
  const width = keyWidth(state, columns);
  const sign = paint.as(asset.outcome, signs.sign[asset.outcome]);
  const key = padEnd(truncateMiddle(asset.name, width, signs.ellipsis), width);
  const duration = asset.durationMs === 0 ? "-" : formatDuration(asset.durationMs);
  if (columns >= wideFrom) {
    const rows = rowCountOf(asset.metadata);
    const change = rowChanges(asset.metadata);
    const count = rows === undefined ? "-" : formatCount(rows) + (change === "" ? "" : ` (${change})`);
    const usual = state.usualMs[asset.key];
    const why = asset.failure === undefined ? causeSummary(asset.causes) : reasonTag(asset.failure);
    const text = [
      fit(outcomeText(asset), 14, signs.ellipsis),
      fit(count, 18, signs.ellipsis),
      padStart(duration, 6),
      padStart(usual === undefined ? "-" : formatDuration(usual), 6),
      fit(checksText(asset.name, state.checks), 6),
    ].join("  ");
    const head = `  ${sign} ${key}  ${text}  `;
    return [head + truncateEnd(why, columns - 4 - width - 64, signs.ellipsis)];
  }
  const room = columns - 4 - width - 2;
  const tries = asset.attempts > 1 ? `  ${asset.attempts} tries` : "";
  const told =
    asset.failure === undefined
      ? metadataSummary(asset.metadata) || asset.outcome
      : `failed  ${reasonTag(asset.failure)}`;
  const end = asset.failure === undefined && tries === "" ? whyText(asset) : tries;
  const middle = fit(told, 22, signs.ellipsis);
  return [
    `  ${sign} ${key}  ${truncateEnd(`${middle}  ${padStart(duration, 6)}${end}`, room, signs.ellipsis).trimEnd()}`,
  ];
}

/** One line for what was skipped below a failed asset: `» 2 skipped, downstream of sf_raw/sf_user`. */
export function skippedLine(because: string, count: number, look: Look): string {
  const sign = look.paint.as("skipped", look.signs.sign.skipped);
  return `  ${sign} ${look.paint.dim(`${formatCount(count)} skipped, downstream of ${because}`)}`;
}

function whyText(asset: FinishedAsset): string {
  const word = causeWord(asset.causes);
  return word === "" ? "" : `  why ${word}`;
}

function outcomeText(asset: FinishedAsset): string {
  return asset.outcome === "failed" && asset.attempts > 1 ? `failed ${asset.attempts} tries` : asset.outcome;
}

function checksText(name: string, checks: readonly FinishedCheck[]): string {
  const own = checks.filter((check) => check.name === name);
  if (own.length === 0) return "-";
  const passed = own.filter(hasPassed).length;
  return `${passed}/${own.length}`;
}
