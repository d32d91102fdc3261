import { type AssetKey, splitKey } from "../../definition/asset-key.ts";
import { laneOrder, laneRows } from "../lineage/lane-layout.ts";
import { lineageView } from "../lineage/lineage-view.ts";
import { hasPassed } from "../../event/has-passed.ts";
import { parseAssetFilter } from "./asset-filter.ts";
import { assetState } from "./asset-state.ts";
import { columnTexts, overviewTexts } from "./asset-texts.ts";
import { checkId } from "./data.ts";
import type { Row, RowOf } from "./row.ts";
import type { UiState, View } from "./state.ts";

/** The rows of a view, from the data as it is. */
export function rowsOf(state: UiState, view: View): readonly Row[] {
  switch (view.screen) {
    case "assets":
      return assetRows(state, view);
    case "lineage":
      return lineageRows(state, view.subject as AssetKey | undefined, view);
    case "runs":
      return matching(
        state.data.runs.map((run) => ({ type: "run", id: run.id, run })),
        view.filter,
        (row) => `${row.run.id} ${row.run.status} ${row.run.trigger} ${row.run.selection}`,
      );
    case "checks":
      return matching(
        checkRows(state, state.graph.keys),
        view.filter,
        (row) =>
          `${row.key} ${row.check} ${row.last === undefined ? "never" : hasPassed(row.last) ? "passed" : "failed"}`,
      );
    case "schedules":
      return matching(
        state.data.schedules.map((status) => ({ type: "schedule", id: status.definition.name, status })),
        view.filter,
        ({ status }) => `${status.definition.name} ${status.state} ${status.last?.status ?? ""}`,
      );
    case "schedule":
      return matching(
        state.data.ticks.map((tick) => ({ type: "tick", id: String(tick.id), tick })),
        view.filter,
        ({ tick }) => `${tick.tick} ${tick.status} ${tick.runId ?? ""} ${tick.reason ?? ""}`,
      );
    case "asset":
      return assetDetailRows(state, view);
    case "run":
      return matching(
        (state.data.run?.log ?? []).map((line, index) => ({ type: "log", id: String(index), line })),
        view.filter,
        (row) => `${row.line.key ?? ""} ${row.line.level} ${row.line.text}`,
      );
    default:
      return [];
  }
}

function matching<R extends Row>(rows: readonly R[], filter: string, text: (row: R) => string): readonly R[] {
  const words = filter
    .toLowerCase()
    .split(/\s+/)
    .filter((word) => word !== "" && word !== "!");
  if (words.length === 0) return rows;
  return rows.filter((row) => {
    const line = text(row).toLowerCase();
    return words.every((word) =>
      word.startsWith("!") ? !line.includes(word.slice(1)) : line.includes(word),
    );
  });
}

function assetRows(state: UiState, view: View): readonly Row[] {
  const filter = parseAssetFilter(view.filter, state.graph, state.data);
  const isFiltered = view.filter.trim() !== "";
  const groups = new Map<string, AssetKey[]>();
  for (const key of state.sortedKeys) {
    if (isFiltered && !filter(key)) continue;
    const { namespace } = splitKey(key);
    const keys = groups.get(namespace) ?? [];
    keys.push(key);
    groups.set(namespace, keys);
  }
  return [...groups].flatMap(([namespace, keys]): readonly Row[] => {
    // What a filter found is shown, whatever was folded.
    const isFolded = !isFiltered && view.folded.has(namespace);
    const head: Row = { type: "namespace", id: `${namespace}/`, namespace, keys, isFolded };
    return isFolded ? [head] : [head, ...keys.map((key): Row => ({ type: "asset", id: key, key }))];
  });
}

function lineageRows(state: UiState, focus: AssetKey | undefined, view: View): readonly Row[] {
  const part = lineageView(state.graph, focus, { up: view.up, down: view.down });
  const filter = parseAssetFilter(view.filter, state.graph, state.data);
  const more = (id: string, count: number, where: string): readonly Row[] =>
    count === 0 ? [] : [{ type: "text", id, text: ` +${count} more ${where}` }];
  return [
    ...more("more-up", part.moreUpstream, "upstream"),
    ...laneRows(laneOrder(part.nodes)).flatMap((lanes): readonly Row[] => {
      const key = lanes.key as AssetKey;
      return filter(key) ? [{ type: "lane", id: key, key, lanes }] : [];
    }),
    ...more("more-down", part.moreDownstream, "downstream"),
  ];
}

function checkRows(state: UiState, keys: readonly AssetKey[]): readonly RowOf<"check">[] {
  const rows = keys.flatMap((key) => {
    const results = new Map((state.data.checks.get(key) ?? []).map((result) => [result.check, result]));
    const names = new Set([...state.graph.checks(key).map((check) => check.name), ...results.keys()]);
    return [...names].map((check): RowOf<"check"> => ({
      type: "check",
      id: checkId(key, check),
      key,
      check,
      last: results.get(check),
    }));
  });
  // What failed stands first; otherwise the order of the graph.
  const rank = (row: RowOf<"check">) => (row.last === undefined ? 1 : hasPassed(row.last) ? 2 : 0);
  return rows.sort((a, b) => rank(a) - rank(b));
}

function assetDetailRows(state: UiState, view: View): readonly Row[] {
  const key = view.subject as AssetKey;
  if (!state.graph.has(key)) return [];
  const texts = (lines: readonly string[]): readonly Row[] =>
    lines.map((text, index) => ({ type: "text", id: String(index), text }));
  switch (view.tab) {
    case 0:
      return texts(overviewTexts(state, key, assetState(key, state)));
    case 1: {
      const records = state.data.asset?.materializations ?? [];
      return records.map((record, index) => ({
        type: "materialization",
        id: String(record.id),
        record,
        before: records[index + 1],
      }));
    }
    case 2:
      return checkRows(state, [key]);
    case 3:
      return texts(columnTexts(state, key));
    default:
      return lineageRows(state, key, view);
  }
}
