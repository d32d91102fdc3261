import type { RunEvent } from "../event/event.ts";
import { hasPassed } from "../event/has-passed.ts";
import { createLook, type Look } from "./look.ts";
import type { FinishedAsset, ProgressState } from "./progress/progress-state.ts";
import { unitCount } from "./progress/estimate.ts";
import { emptyProgress } from "./progress/progress-state.ts";
import { reduceProgress } from "./progress/reduce-progress.ts";
import { causeText } from "./words/cause.ts";
import { checkText } from "./words/check.ts";
import { failureBlock, reasonTag } from "./words/failure.ts";
import { countOf, formatCount, formatDuration, isMuchLonger, someOf } from "./words/numbers.ts";
import { countsText } from "./words/run.ts";
import { cleanText } from "./words/text.ts";

/** How {@link summarizeRun} writes. */
export interface SummaryOptions {
  /** @default ASCII and without colour */
  readonly look?: Look;
  /** Adds stacks and raw answers. @default false */
  readonly verbose?: boolean;
}

/** The state that a list of events leads to; what {@link summarizeRun} takes. */
export function progressOf(events: Iterable<RunEvent>): ProgressState {
  return reduceProgress(emptyProgress, events);
}

/**
 * The last lines of a run: totals; every failure in full and what was skipped with it; failed and warned checks; why
 * something ran; what was slow; the next commands to type.
 */
export function summarizeRun(
  run: ProgressState | Iterable<RunEvent>,
  options: SummaryOptions = {},
): readonly string[] {
  const state = Symbol.iterator in run ? progressOf(run) : run;
  const look = options.look ?? createLook({ ascii: true, color: false, motion: false });
  return [
    totalsLine(state, look),
    ...failureLines(state, look, options.verbose ?? false),
    ...checkLines(state, look),
    ...hintLine("why", whyText(state)),
    ...hintLine("slow", slowText(state)),
    ...nextLines(state),
  ];
}

function totalsLine(state: ProgressState, look: Look): string {
  const { counts } = state;
  const status = state.ended?.status ?? "interrupted";
  const took = state.ended === undefined ? "" : ` in ${formatDuration(state.ended.durationMs)}`;
  if (status !== "succeeded") {
    const totals = countsText(counts);
    const sign = status === "failed" ? "failed" : "cancelled";
    const text = `${look.signs.sign[sign]} run ${state.runId ?? ""} ${status}${took}`;
    return `${look.paint.as(sign, text)}${totals === "" ? "" : `: ${totals}`}`;
  }
  const passed = state.checks.filter(hasPassed).length;
  const about = [
    ...(counts.fresh > 0
      ? [`${formatCount(counts.fresh)} ${counts.fresh === 1 ? "was" : "were"} fresh`]
      : []),
    ...(passed > 0 ? [`${countOf(passed, "check")} passed`] : []),
  ];
  const what =
    counts.materialized === 0
      ? `nothing to do${took}`
      : `materialized ${formatCount(counts.materialized)} of ${formatCount(unitCount(state))}${took}`;
  const text = `${look.signs.sign.materialized} run ${state.runId ?? ""}`;
  return `${look.paint.as("materialized", text)} ${what}${about.length === 0 ? "" : `; ${about.join(", ")}`}`;
}

function failureLines(state: ProgressState, look: Look, verbose: boolean): readonly string[] {
  const failed = state.finished.filter((asset) => asset.outcome === "failed");
  return failed.flatMap((asset) => failedText(asset, state, look, verbose));
}

function failedText(
  asset: FinishedAsset,
  state: ProgressState,
  look: Look,
  verbose: boolean,
): readonly string[] {
  const name = look.paint.as("failed", `${look.signs.sign.failed} ${asset.name}`);
  const tag = asset.failure === undefined ? "" : `  ${reasonTag(asset.failure)}`;
  const effort = `${countOf(asset.attempts, "try", "tries")}, ${formatDuration(asset.durationMs)}`;
  return [`  ${name}${tag}  ${effort}`, ...failureText(asset, verbose), ...skippedText(state, asset.name)];
}

/** The block of {@link failureBlock} below the asset's line, which has said the reason already. */
function failureText(asset: FinishedAsset, verbose: boolean): readonly string[] {
  if (asset.failure === undefined) return [];
  const [, ...fields] = failureBlock(asset.failure, { verbose });
  return [`    ${cleanText(asset.failure.message)}`, ...fields.map((line) => `  ${line}`)];
}

function skippedText(state: ProgressState, failed: string): readonly string[] {
  const keys = state.finished
    .filter((asset) => asset.outcome === "skipped" && asset.because === failed)
    .map((asset) => asset.name);
  return keys.length === 0 ? [] : [`    skipped with it: ${someOf(keys)}`];
}

function checkLines(state: ProgressState, look: Look): readonly string[] {
  return state.checks
    .filter((check) => !hasPassed(check))
    .map((check) => {
      const sign = check.severity === "warn" ? "warned" : "failed";
      return `  ${look.paint.as(sign, look.signs.sign[sign])} ${check.name}  ${check.check}: ${checkText(check)} (${check.severity})`;
    });
}

function hintLine(name: string, text: string | undefined): readonly string[] {
  return text === undefined ? [] : [`  ${name.padEnd(4)}  ${text}`];
}

/** What set the run going: the causes of materialized assets that are not themselves explained by an upstream. */
function whyText(state: ProgressState): string | undefined {
  if (state.counts.materialized === 0) return undefined;
  const ran = new Set(
    state.finished.filter((asset) => asset.outcome === "materialized").map((asset) => asset.key),
  );
  // Assets by the cause that they share, so that a first run says so once.
  const roots = new Map<string, string[]>();
  let followed = 0;
  for (const asset of state.finished) {
    if (!ran.has(asset.key)) continue;
    const own = asset.causes.filter(
      (cause) => !(cause.type === "upstream" || cause.type === "data") || !ran.has(cause.upstream),
    );
    if (own.length === 0) {
      followed++;
      continue;
    }
    const text = causeText(own[0] ?? { type: "missing" });
    roots.set(text, [...(roots.get(text) ?? []), asset.key]);
  }
  const told = [...roots]
    .slice(0, 3)
    .map(([text, keys]) => `${text} (${keys.length === 1 ? keys[0] : countOf(keys.length, "asset")})`);
  if (roots.size > 3) told.push(`${formatCount(roots.size - 3)} more`);
  if (told.length === 0) return undefined;
  return told.join("; ") + (followed === 0 ? "" : `; ${formatCount(followed)} downstream followed`);
}

/** Assets that took more than twice as long as usual, and more than two seconds. */
function slowText(state: ProgressState): string | undefined {
  const slow = state.finished.flatMap((asset) => {
    const usual = state.usualMs[asset.key];
    return asset.outcome === "materialized" && usual !== undefined && isMuchLonger(asset.durationMs, usual)
      ? [`${asset.name} ${formatDuration(asset.durationMs)}, usually ${formatDuration(usual)}`]
      : [];
  });
  return slow.length === 0 ? undefined : slow.slice(0, 3).join("; ");
}

function nextLines(state: ProgressState): readonly string[] {
  const { runId, counts } = state;
  if (runId === undefined) return [];
  const commands: (readonly [command: string, about: string])[] = [];
  const failed = state.finished.find((asset) => asset.outcome === "failed");
  if (failed !== undefined) {
    commands.push([`moraine logs ${runId} ${failed.key}`, "what happened, line by line"]);
  }
  const check = state.checks.find((entry) => !entry.result.passed && entry.severity === "error");
  if (check !== undefined)
    commands.push([`moraine check ${check.key} --rows ${check.check}`, "the rows that break it"]);
  const left = counts.failed + counts.skipped;
  if (state.ended?.status === "failed" && left > 0)
    commands.push([`moraine materialize --retry ${runId}`, `the ${formatCount(left)} failed or skipped`]);
  else if (state.ended?.status !== "succeeded")
    commands.push([`moraine runs resume ${runId}`, "go on with what is left"]);
  const width = Math.max(0, ...commands.map(([command]) => command.length));
  return commands.map(
    ([command, about], index) => `  ${index === 0 ? "next" : "    "}  ${command.padEnd(width)}   ${about}`,
  );
}
