import { type Look, spinnerSign } from "../look.ts";
import { tryText } from "../words/event.ts";
import { reasonTag } from "../words/failure.ts";
import { formatCount, formatElapsed, isMuchLonger, progressBar } from "../words/numbers.ts";
import { cleanText } from "../words/text.ts";
import { fit, padEnd, textWidth, truncateEnd, truncateMiddle } from "../words/width.ts";
import { estimateLeft, unitCount, waiting } from "./estimate.ts";
import { keyWidth } from "./finished-lines.ts";
import type { ProgressState, ResourceProgress, RunningAsset } from "./progress-state.ts";

/** Where and when the live part is drawn. */
export interface LiveView {
  readonly columns: number;
  readonly rows: number;
  readonly nowMs: number;
  /** Of the 8 Hz clock. */
  readonly tick: number;
}

/**
 * The part that is redrawn: what is being made ready, what works now, what is next, the bar. At most
 * `min(rows - 2, workers + 4)` lines; when rows are few, the hint goes first, then `next`, then the rule, then the
 * last of the running assets.
 */
export function liveLines(state: ProgressState, look: Look, view: LiveView): readonly string[] {
  if (state.ended !== undefined) return [];
  const { paint, signs } = look;
  const working = [
    ...[...state.resources.values()].map((resource) => resourceLine(resource, look, view)),
    ...[...state.running.values()].map((asset) => runningLine(asset, state, look, view)),
  ];
  if (state.runId === undefined) return working.slice(0, Math.max(1, view.rows - 2));
  const bar = barLine(state, look, view);
  const next = nextLine(state, look, view);
  const rule = paint.dim(signs.rule.repeat(view.columns));
  const hint = paint.dim(truncateEnd(hintText(state), view.columns - 2, signs.ellipsis));
  const limit = Math.max(1, Math.min(view.rows - 2, state.workers + 4));
  let room = limit - 1;
  const takes = (lines: number) => {
    if (room < lines) return false;
    room -= lines;
    return true;
  };
  const shown = working.length <= room ? working : working.slice(0, Math.max(0, room));
  room -= shown.length;
  const showsRule = takes(1);
  const showsNext = next !== undefined && takes(1);
  const showsHint = takes(1);
  return [
    ...(showsRule ? [rule] : []),
    ...shown,
    ...(showsNext && next !== undefined ? [next] : []),
    bar,
    ...(showsHint ? [`  ${hint}`] : []),
  ];
}

function hintText(state: ProgressState): string {
  return state.cancelling === undefined
    ? "Ctrl-C: cancel and record what is done. Again: leave at once."
    : state.cancelling === "fail-fast"
      ? "An asset failed (--fail-fast): nothing more starts."
      : "Cancelling: waiting for what runs to stop. Ctrl-C again: leave at once.";
}

function runningLine(asset: RunningAsset, state: ProgressState, look: Look, view: LiveView): string {
  const { paint, signs } = look;
  const width = keyWidth(state, view.columns);
  const key = padEnd(truncateMiddle(asset.name, width, signs.ellipsis), width);
  const elapsed = view.nowMs - asset.startedMs;
  const usual = state.usualMs[asset.key];
  const slow = usual !== undefined && isMuchLonger(elapsed, usual);
  const isNarrow = view.columns < 72;
  const time =
    usual === undefined || isNarrow
      ? formatElapsed(elapsed)
      : `${formatElapsed(elapsed)} / ~${formatElapsed(Math.max(1000, Math.round(usual / 1000) * 1000))}`;
  const room = Math.max(16, Math.min(40, view.columns - width - 4 - (isNarrow ? 12 : 30)));
  const told = asset.retry === undefined ? activity(asset) : retryText(asset, view.nowMs);
  const sign =
    asset.retry === undefined ? spinnerSign(look, view.tick) : paint.as("retrying", signs.sign.retrying);
  const after =
    asset.retry === undefined
      ? slow
        ? `  ${paint.yellow("slow")}`
        : ""
      : `  ${paint.yellow(reasonTag(asset.retry.failure))}`;
  const head = `  ${sign} ${key}  ${fit(told, room, signs.ellipsis)}  ${time}`;
  return textWidth(head) + textWidth(after) <= view.columns ? head + after : head;
}

function activity(asset: RunningAsset): string {
  const count =
    asset.done === undefined
      ? ""
      : `${formatCount(asset.done)}${asset.total === undefined ? "" : `/${formatCount(asset.total)}`}${asset.unit === undefined ? "" : ` ${asset.unit}`}`;
  const tried = asset.attempt > 1 ? tryText(asset.attempt, asset.maxAttempts) : "";
  return [cleanText(asset.message ?? ""), count, tried].filter((part) => part !== "").join(" ");
}

function retryText(asset: RunningAsset, nowMs: number): string {
  const left = (asset.retry?.untilMs ?? nowMs) - nowMs;
  const again = tryText(Math.min(asset.attempt + 1, asset.maxAttempts), asset.maxAttempts);
  return left > 0 ? `${again} in ${formatElapsed(Math.ceil(left / 1000) * 1000)}` : again;
}

function resourceLine(resource: ResourceProgress, look: Look, view: LiveView): string {
  const count =
    resource.done === undefined
      ? ""
      : ` ${formatCount(resource.done)}${resource.total === undefined ? "" : `/${formatCount(resource.total)}`}`;
  const text = `${resource.resource}: ${cleanText(resource.message)}${count}  ${formatElapsed(view.nowMs - resource.sinceMs)}`;
  return `  ${spinnerSign(look, view.tick)} ${truncateEnd(text, view.columns - 5, look.signs.ellipsis)}`;
}

function nextLine(state: ProgressState, look: Look, view: LiveView): string | undefined {
  const { next, more } = waiting(state);
  if (next === undefined || state.cancelling !== undefined) return undefined;
  const rest = more === 0 ? "" : `  (${formatCount(more)} more ${more === 1 ? "waits" : "wait"})`;
  const key = truncateMiddle(next, view.columns - 10 - rest.length, look.signs.ellipsis);
  return look.paint.dim(`  ${look.signs.sign.queued} next ${key}${rest}`);
}

function barLine(state: ProgressState, look: Look, view: LiveView): string {
  const { paint, signs } = look;
  const total = unitCount(state);
  const done = state.finished.length;
  const counts = (["materialized", "fresh", "failed", "skipped", "cancelled"] as const)
    .filter((outcome) => state.counts[outcome] > 0)
    .map((outcome) => paint.as(outcome, `${signs.sign[outcome]} ${formatCount(state.counts[outcome])}`));
  const left = estimateLeft(state, view.nowMs);
  const time =
    formatElapsed(view.nowMs - state.startedMs) +
    (left === undefined || state.cancelling !== undefined ? "" : `, ~${formatElapsed(left)} left`);
  const tail = `  ${formatCount(done)}/${formatCount(total)}  ${[...counts, time].join("  ")}`;
  const width = Math.min(40, view.columns - 2 - textWidth(tail));
  return width < 4 ? tail : `  ${paint.green(progressBar(done, total, width, signs))}${tail}`;
}
