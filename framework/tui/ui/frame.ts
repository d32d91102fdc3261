import type { AssetKey } from "../../definition/asset-key.ts";
import { countOf, formatAge, formatCount } from "../words/numbers.ts";
import type { SignName } from "../words/signs.ts";
import { padEnd, textWidth, truncateEnd } from "../words/width.ts";
import { assetState, countSigns } from "./asset-state.ts";
import { splitLine } from "./cells.ts";
import { appliesTo, assetInHand, keyTable, scheduleInHand } from "./keys.ts";
import { visibleRange } from "./list.ts";
import { confirmLines, overlayLines } from "./overlay-lines.ts";
import { rowText, titleText } from "./row-text.ts";
import { daemonNote, scheduleFacts } from "./schedule-lines.ts";
import { assetTabs, cursorIndex, type UiState } from "./state.ts";
import { timelineLines } from "./timeline.ts";

/**
 * The whole screen: exactly `rows - 1` lines, below which Ink leaves the cursor. Header, a line about the view, the list, a detail line, the footer.
 */
export function frameLines(state: UiState): readonly string[] {
  const { columns, rows } = state.size;
  const height = Math.max(3, rows - 1);
  const bottom = [detailLine(state), footerLine(state)].slice(height >= 8 ? 0 : 1);
  const top = [headerLine(state), ...aboutLines(state, columns)];
  const room = Math.max(0, height - top.length - bottom.length);
  const lines = [...top, ...bodyLines(state, columns, room), ...bottom];
  return lines.slice(0, height);
}

function bodyLines(state: UiState, width: number, height: number): readonly string[] {
  const { overlay } = state;
  if (overlay !== undefined && overlay.type !== "filter") {
    if (overlay.type !== "confirm") return filled(overlayLines(state, overlay, width, height), height);
    const box = confirmLines(state, overlay, width).slice(0, height);
    return [...listLines(state, width, height - box.length), ...box];
  }
  return listLines(state, width, height);
}

function listLines(state: UiState, width: number, height: number): readonly string[] {
  const title = titleText(state, width - 3);
  const above = [
    ...headLines(state, width, Math.floor(height / 2)),
    ...(title === undefined ? [] : [`   ${state.look.paint.dim(title.trimEnd())}`]),
  ];
  if (state.rows.length === 0) {
    return filled([...above, "", state.look.paint.dim(`   ${emptyText(state)}`)], height);
  }
  const cursor = cursorIndex(state);
  const { start, end } = visibleRange(state.rows.length, cursor, height - above.length);
  const lines = state.rows.slice(start, end).map((row, offset) => {
    const isSelected = start + offset === cursor;
    const isMarked = row.type === "asset" || row.type === "lane" ? state.marked.has(row.key) : false;
    const line = `${isSelected ? ">" : " "}${isMarked ? "*" : " "} ${rowText(state, row, width - 3)}`;
    return isSelected ? state.look.paint.reverse(padEnd(line, width)) : line;
  });
  return filled([...above, ...lines], height);
}

/** What stands above the list of a run: its timeline. */
function headLines(state: UiState, width: number, height: number): readonly string[] {
  const { run } = state.data;
  if (state.view.screen !== "run" || run === undefined || run.record.id !== state.view.subject) return [];
  return timelineLines(run, state.look, { width, height: Math.min(height, 14), nowMs: state.nowMs });
}

function filled(lines: readonly string[], height: number): readonly string[] {
  const shown = lines.slice(0, height);
  return [...shown, ...Array.from({ length: Math.max(0, height - shown.length) }, () => "")];
}

const tabs = [
  ["assets", "1 Assets"],
  ["lineage", "2 Lineage"],
  ["runs", "3 Runs"],
  ["checks", "4 Checks"],
  ["schedules", "5 Schedules"],
] as const;

function headerLine(state: UiState): string {
  const { paint } = state.look;
  const { columns } = state.size;
  const base = state.back[0]?.screen ?? state.view.screen;
  const left = ` ${tabs.map(([, text]) => text).join("  ")}`;
  const busy =
    state.storeBusySinceMs === undefined
      ? ""
      : `store busy, ${formatAge(state.nowMs - state.storeBusySinceMs)} old  `;
  const { daemon } = state.data;
  const place = `${state.projectName} ${state.target}${state.readOnly ? " read-only" : ""}`;
  const note = daemon === undefined ? [] : [daemonNote(daemon, state.nowMs)];
  // What is in trouble is told before what is known.
  const rights = [[place, ...note], note, []].map(
    (parts) => `${busy}${parts.map((part) => `${part} `).join(" ")}`,
  );
  const right = rights.find((text) => textWidth(left) + textWidth(text) < columns) ?? busy;
  const plain = splitLine(left, right, columns, state.look);
  let line = plain;
  for (const [screen, text] of tabs) {
    if (screen === base) line = line.replace(text, paint.bold(paint.reverse(text)));
  }
  for (const alarm of [busy.trimEnd(), ...(daemon?.isWorking === true ? [] : note)])
    if (alarm !== "") line = line.replace(alarm, paint.red(alarm));
  return line;
}

/** What the view is about: the filter and counts, or the asset or run that is open. */
function aboutLines(state: UiState, width: number): readonly string[] {
  const { view } = state;
  if (view.screen === "asset") return assetHead(state, width);
  const left = filterText(state);
  const right = `${countsText(state)} `;
  if (textWidth(left) + textWidth(right) + 2 > width) {
    return [view.filter !== "" || state.overlay?.type === "filter" ? truncateEnd(left, width) : ` ${right}`];
  }
  return [padEnd(left, width - textWidth(right)) + right];
}

function filterText(state: UiState): string {
  const { view, overlay, look } = state;
  const subject = view.subject === undefined ? "" : ` ${view.screen} ${view.subject}`;
  if (overlay?.type === "filter") return `${subject} / ${view.filter}${look.paint.reverse(" ")}`;
  return view.filter === "" ? `${subject}${look.paint.dim(" / filter")}` : `${subject} / ${view.filter}`;
}

function countsText(state: UiState): string {
  const { look, view, data } = state;
  if (view.screen === "run" && data.run !== undefined) {
    const { record } = data.run;
    return `${record.status}  ${view.follow ? "log following" : `${formatCount(state.rows.length)} lines`}`;
  }
  if (view.screen === "runs") return `${formatCount(state.rows.length)} runs`;
  if (view.screen === "schedules") return countOf(state.rows.length, "schedule");
  if (view.screen === "schedule") return `last ${countOf(state.rows.length, "tick")}`;
  if (view.screen === "checks") return `${formatCount(state.rows.length)} checks`;
  const keys = shownKeys(state);
  const counts = countSigns(keys, data);
  const order: readonly SignName[] = ["fresh", "stale", "failed", "missing", "warned", "running"];
  const told = order.flatMap((name) => {
    const count = counts.get(name);
    return count === undefined ? [] : [look.paint.as(name, `${look.signs.sign[name]} ${formatCount(count)}`)];
  });
  return [`${formatCount(keys.length)} ${keys.length === 1 ? "asset" : "assets"}`, ...told].join("  ");
}

function shownKeys(state: UiState): readonly AssetKey[] {
  return state.rows.flatMap((row) =>
    row.type === "namespace" ? row.keys : row.type === "lane" ? [row.key] : [],
  );
}

function assetHead(state: UiState, width: number): readonly string[] {
  const key = state.view.subject as AssetKey;
  const { paint, signs } = state.look;
  const shown = assetState(key, state);
  const head = ` ${paint.bold(truncateEnd(key, width - 14, signs.ellipsis))}   ${paint.as(shown.sign, `${signs.sign[shown.sign]} ${shown.word}`)}`;
  const names = assetTabs.map((name, index) =>
    index === state.view.tab ? paint.reverse(`[${name}]`) : ` ${name} `,
  );
  return [head, ` ${names.join(" ")}`];
}

/** Above the footer: what just happened, else more about the asset under the cursor. */
function detailLine(state: UiState): string {
  const { paint, signs } = state.look;
  const { columns } = state.size;
  if (state.notice !== undefined)
    return ` ${paint.yellow(truncateEnd(state.notice, columns - 2, signs.ellipsis))}`;
  const schedule = scheduleInHand(state);
  if (schedule !== undefined) {
    const facts = scheduleFacts(schedule.definition).join("  ");
    return paint.dim(` ${truncateEnd(facts, columns - 2, signs.ellipsis)}`);
  }
  const key = assetInHand(state);
  if (key === undefined || !state.graph.has(key)) return "";
  const asset = state.graph.asset(key);
  const parts = [
    key,
    ...(asset.group === undefined ? [] : [`group ${asset.group}`]),
    ...(asset.owners.length === 0 ? [] : [`owner ${asset.owners.join(", ")}`]),
    asset.assetKind,
    `reads ${state.graph.upstreams(key).length}, feeds ${state.graph.downstreams(key).length}`,
  ];
  return paint.dim(` ${truncateEnd(parts.join("  "), columns - 2, signs.ellipsis)}`);
}

/** The keys that work here, most wanted first; `?` and `q` stay when others drop. */
function footerLine(state: UiState): string {
  const shown = keyTable
    .filter((binding) => binding.footer !== undefined && appliesTo(binding, state.view.screen))
    .filter((binding) => binding.unavailable?.(state) === undefined)
    .toSorted((a, b) => (a.footer ?? 0) - (b.footer ?? 0));
  const text = (binding: (typeof shown)[number]) => `${binding.keys[0]} ${binding.label}`;
  const help = shown.filter((binding) => binding.action === "help").map(text);
  let line = "";
  for (const binding of shown.filter((entry) => entry.action !== "help")) {
    const next = `${line}  ${text(binding)}`;
    if (textWidth([next, ...help].join("  ")) > state.size.columns - 1) break;
    line = next;
  }
  return state.look.paint.dim([line.slice(1), ...help].join("  "));
}

function emptyText(state: UiState): string {
  if (!state.hasData) return "reading the store...";
  if (state.view.filter !== "") return "nothing matches the filter; esc clears it";
  const texts = {
    assets: "no assets",
    lineage: "no assets",
    runs: "no runs yet: m materializes what is under the cursor on the Assets screen",
    checks: "no checks are defined",
    asset: "nothing yet: it was never materialized",
    run: "no log lines",
    schedules: "no schedules: docs/schedules.md says how to define one",
    schedule: "no ticks yet",
  } as const;
  return texts[state.view.screen];
}
