import { isDrawnWhole, lanesWidth, laneText } from "../lineage/lane-text.ts";
import type { LaneRow } from "../lineage/lane-layout.ts";
import { checkSign, checkSigns, checkText, severityText, signedResults } from "../words/check.ts";
import { metadataSummary, rowCountOf } from "../words/metadata.ts";
import {
  clockTime,
  formatAge,
  formatCount,
  formatDuration,
  formatElapsed,
  shortInstant,
} from "../words/numbers.ts";
import { shortVersion } from "../words/cause.ts";
import type { SignName } from "../words/signs.ts";
import { padEnd, padStart } from "../words/width.ts";
import { unreachable } from "../../util/unreachable.ts";
import type { AssetKey } from "../../definition/asset-key.ts";
import { assetState, type AssetState, countSigns } from "./asset-state.ts";
import { cellLine, sign } from "./cells.ts";
import { scheduleLine, scheduleTitles, tickLine, tickTitles } from "./schedule-lines.ts";
import type { Row, RowOf } from "./row.ts";
import type { UiState } from "./state.ts";

/** One row of a list as a line of at most `width` cells, without the marks of cursor and selection. */
export function rowText(state: UiState, row: Row, width: number): string {
  switch (row.type) {
    case "namespace":
      return namespaceText(state, row, width);
    case "asset":
      return assetText(state, row.key, width);
    case "lane":
      return laneLine(state, row, width);
    case "run":
      return runText(state, row, width);
    case "materialization":
      return materializationText(state, row, width);
    case "check":
      return checkLine(state, row, width);
    case "schedule":
      return scheduleLine(state, row.status, width);
    case "tick":
      return tickLine(state, row.tick, width);
    case "log":
      return logText(state, row, width);
    case "text":
      return cellLine([{ text: row.text, width }], width, state.look).trimEnd();
    default:
      return unreachable(row);
  }
}

/** The column titles above a list; undefined where there are none. */
export function titleText(state: UiState, width: number): string | undefined {
  const { view, look } = state;
  if (view.screen === "runs") {
    return cellLine(
      [
        { text: "  run", width: 9 },
        { text: "started", width: 11 },
        { text: "by", width: 8 },
        { text: "outcome", width: 11 },
        { text: "time", width: 6, align: "right" },
        { text: countCells(countNames.map((name) => look.signs.sign[name])), width: 15 },
        { text: "selection", width: 40 },
      ],
      width,
      look,
    );
  }
  if (view.screen === "asset" && view.tab === 1) {
    return cellLine(
      [
        { text: "when", width: 11 },
        { text: "run", width: 7 },
        { text: "what", width: 24 },
        { text: "time", width: 6, align: "right" },
        { text: "version", width: 8 },
        { text: "snapshot", width: 20 },
      ],
      width,
      look,
    );
  }
  if (view.screen === "schedules") return cellLine(scheduleTitles, width, look);
  if (view.screen === "schedule") return cellLine(tickTitles, width, look);
  return undefined;
}

function namespaceText(state: UiState, row: RowOf<"namespace">, width: number): string {
  const { signs, paint } = state.look;
  const counts = countSigns(row.keys, state.data);
  const order: readonly SignName[] = ["failed", "running", "missing", "stale", "warned"];
  const told = order.flatMap((name) => {
    const count = counts.get(name);
    return count === undefined ? [] : [paint.as(name, `${signs.sign[name]} ${formatCount(count)}`)];
  });
  const arrow = row.isFolded ? signs.arrow.closed : signs.arrow.open;
  const name = cellLine(
    [{ text: `${arrow} ${row.namespace} (${formatCount(row.keys.length)})`, width: nameWidth(state, width) }],
    width,
    state.look,
  );
  return told.length === 0 ? name.trimEnd() : `${name}  ${told.join("  ")}`;
}

/** Cells for the name of an asset or namespace with what stands before it; the longest, if the line is wide enough. */
function nameWidth(state: UiState, width: number): number {
  return Math.max(18, Math.min(state.tableWidth + 4, Math.floor(width * 0.45)));
}

function assetText(state: UiState, key: AssetKey, width: number): string {
  const shown = assetState(key, state);
  const { paint } = state.look;
  const table = key.slice(key.indexOf("/") + 1);
  const line = cellLine(
    [
      { text: table, width: nameWidth(state, width) - 4, cut: "middle" },
      { text: shown.word, width: wordWidth(state), paint: (text) => paint.as(shown.sign, text) },
      { text: rowsText(state, key), width: 9, align: "right" },
      { text: lastText(state, key), width: 8 },
      { text: shown.why, width: 60, paint: paint.dim },
    ],
    width - 4,
    state.look,
  );
  return `  ${sign(state, shown.sign)} ${line.trimEnd()}`;
}

/** Room for `overdue 12h` only where somebody waits for an asset. */
function wordWidth({ data }: UiState): number {
  return data.freshness.size === 0 ? 7 : 11;
}

function rowsText(state: UiState, key: AssetKey): string {
  const count = rowCountOf(state.data.latest.get(key)?.metadata);
  return count === undefined ? "" : formatCount(count);
}

/** Age of the last materialization; for an asset that works now, how long it does and usually takes. */
function lastText(state: UiState, key: AssetKey): string {
  const since = state.data.running.get(key);
  if (since !== undefined) {
    const usual = state.data.usualMs.get(key);
    const elapsed = formatElapsed(state.nowMs - Date.parse(since));
    return usual === undefined ? elapsed : `${elapsed}/~${formatElapsed(usual)}`;
  }
  const last = state.data.latest.get(key);
  return last === undefined ? "-" : formatAge(state.nowMs - Date.parse(last.finishedAt));
}

function laneLine(state: UiState, row: RowOf<"lane">, width: number): string {
  const { look } = state;
  const lanes = state.rows.flatMap((other) => (other.type === "lane" ? [other.lanes] : []));
  const shown = assetState(row.key, state);
  const picture = padEnd(laneText(row.lanes, look.signs), lanesWidth(lanes));
  const isFocus = row.key === state.view.subject;
  const room = width - lanesWidth(lanes) - 4;
  const line = cellLine(
    [
      {
        text: row.key,
        width: Math.min(40, Math.max(18, longestKey(lanes))),
        cut: "middle",
        ...(isFocus ? { paint: look.paint.bold } : {}),
      },
      { text: laneNote(row.lanes, shown), width: 70, paint: look.paint.dim },
    ],
    room,
    look,
  );
  return `${picture}  ${sign(state, shown.sign)} ${line.trimEnd()}`;
}

function longestKey(rows: readonly LaneRow[]): number {
  return rows.reduce((longest, row) => Math.max(longest, row.key.length), 0);
}

function laneNote(row: LaneRow, shown: AssetState): string {
  const isTold = row.upstreams.length > 1 || (row.upstreams.length > 0 && !isDrawnWhole(row));
  return isTold ? `reads ${row.upstreams.join(", ")}` : shown.why;
}

const countNames = ["materialized", "fresh", "failed", "skipped"] as const;

function countCells(texts: readonly string[]): string {
  return texts.map((text) => padStart(text, 3)).join(" ");
}

const runSigns = {
  running: "running",
  succeeded: "materialized",
  failed: "failed",
  cancelled: "cancelled",
  interrupted: "cancelled",
} as const;

function runText(state: UiState, { run }: RowOf<"run">, width: number): string {
  const { look } = state;
  const name = runSigns[run.status];
  const end = run.finishedAt === undefined ? state.nowMs : Date.parse(run.finishedAt);
  const took = end - Date.parse(run.startedAt);
  const line = cellLine(
    [
      { text: run.id, width: 7 },
      { text: shortInstant(run.startedAt, state.nowMs), width: 11 },
      { text: run.trigger, width: 8 },
      { text: run.status, width: 11, paint: (text) => look.paint.as(name, text) },
      {
        text: run.status === "running" ? formatElapsed(took) : formatDuration(took),
        width: 6,
        align: "right",
      },
      { text: countCells(countNames.map((outcome) => String(run.counts[outcome]))), width: 15 },
      { text: run.selection || "everything", width: 40, paint: look.paint.dim },
    ],
    width - 2,
    look,
  );
  return `${sign(state, name)} ${line.trimEnd()}`;
}

function materializationText(state: UiState, row: RowOf<"materialization">, width: number): string {
  const { record, before } = row;
  const took = Date.parse(record.finishedAt) - Date.parse(record.startedAt);
  return cellLine(
    [
      { text: shortInstant(record.finishedAt, state.nowMs), width: 11 },
      { text: record.runId, width: 7 },
      { text: metadataSummary(record.metadata, rowCountOf(before?.metadata)), width: 24 },
      { text: formatDuration(took), width: 6, align: "right" },
      { text: shortVersion(record.dataVersion ?? null), width: 8 },
      { text: record.snapshotId ?? "-", width: 20 },
    ],
    width,
    state.look,
  ).trimEnd();
}

function checkLine(state: UiState, row: RowOf<"check">, width: number): string {
  const { look } = state;
  const own = state.graph.has(row.key)
    ? state.graph.checks(row.key).find((check) => check.name === row.check)
    : undefined;
  const facts = row.last ?? own;
  const name = row.last === undefined ? "queued" : checkSign(row.last);
  const history = state.data.checkHistories.get(row.id) ?? [];
  const line = cellLine(
    [
      ...(state.view.screen === "asset"
        ? []
        : [{ text: row.key, width: Math.floor(width * 0.26), cut: "middle" as const }]),
      { text: row.check, width: 20 },
      { text: checkSigns(history, look.signs), width: signedResults },
      {
        text: row.last === undefined ? "no result yet" : checkText(row.last),
        width: Math.max(18, width - 80),
        paint: (text) => look.paint.as(name, text),
      },
      { text: facts === undefined ? "" : severityText(facts), width: 14, paint: look.paint.dim },
    ],
    width - 2,
    look,
  );
  return `${sign(state, name)} ${line.trimEnd()}`;
}

function logText(state: UiState, { line }: RowOf<"log">, width: number): string {
  const { paint } = state.look;
  const painters = { debug: paint.dim, info: (text: string) => text, warn: paint.yellow, error: paint.red };
  const key = line.key === undefined ? "" : line.key.slice(line.key.indexOf("/") + 1);
  return cellLine(
    [
      { text: clockTime(line.at, true), width: 8, paint: paint.dim },
      { text: line.level, width: 5, paint: painters[line.level] },
      { text: key, width: Math.min(22, Math.floor(width / 4)), cut: "middle" },
      { text: line.text, width },
    ],
    width,
    state.look,
  ).trimEnd();
}
