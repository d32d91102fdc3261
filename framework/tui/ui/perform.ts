import type { AssetKey } from "../../definition/asset-key.ts";
import type { ScheduleStatus } from "../../scheduler/schedule-statuses.ts";
import { unreachable } from "../../util/unreachable.ts";
import { type Action, assetInHand, scheduleInHand, targetsInHand } from "./keys.ts";
import { clampIndex } from "./list.ts";
import type { Effect, Step } from "./message.ts";
import { checkDialog, materializeDialog, switchDialog, tickDialog } from "./plan-dialog.ts";
import { runOfRow } from "./row.ts";
import {
  assetTabs,
  cursorIndex,
  numberedScreens,
  type Screen,
  selectedRow,
  type UiState,
  type View,
  viewOf,
} from "./state.ts";

/** Does what a key says. The key table has made sure that it can be done. */
export function perform(state: UiState, action: Action): Step {
  const page = Math.max(1, state.size.rows - 6);
  switch (action) {
    case "down":
      return quiet(moved(state, 1));
    case "up":
      return quiet(moved(state, -1));
    case "first":
      return quiet(moved(state, -Infinity));
    case "last":
      return quiet(moved(state, Infinity));
    case "half-down":
      return quiet(moved(state, Math.ceil(page / 2)));
    case "half-up":
      return quiet(moved(state, -Math.ceil(page / 2)));
    case "page-down":
      return quiet(moved(state, page));
    case "page-up":
      return quiet(moved(state, -page));
    case "open":
      return quiet(opened(state));
    case "back":
      return quiet(wentBack(state));
    case "screen-assets":
      return quiet(switched(state, "assets"));
    case "screen-lineage":
      return quiet(switched(state, "lineage"));
    case "screen-runs":
      return quiet(switched(state, "runs"));
    case "screen-checks":
      return quiet(switched(state, "checks"));
    case "screen-schedules":
      return quiet(switched(state, "schedules"));
    case "previous-screen":
      return quiet(state.previous === undefined ? state : switched(state, state.previous));
    case "next-tab":
      return quiet(tabbed(state, 1));
    case "previous-tab":
      return quiet(tabbed(state, -1));
    case "filter":
      return quiet({ ...state, overlay: { type: "filter" }, view: { ...state.view, follow: false } });
    case "help":
      return quiet({ ...state, overlay: { type: "help", query: "" } });
    case "palette":
      return quiet({ ...state, overlay: { type: "palette", query: "", cursor: 0 } });
    case "commands":
      return quiet({ ...state, overlay: { type: "commands" } });
    case "materialize":
      return quiet({ ...state, overlay: materializeDialog(state, targetsInHand(state), false) });
    case "materialize-upstream":
      return quiet({ ...state, overlay: materializeDialog(state, targetsInHand(state), true) });
    case "check":
      return quiet(withAsset(state, (key) => ({ ...state, overlay: checkDialog(state, key) })));
    case "why":
      return quiet(withAsset(state, (key) => entered(state, viewOf("asset", key))));
    case "lineage":
      return quiet(withAsset(state, (key) => entered(state, { ...viewOf("lineage", key), cursor: key })));
    case "log":
      return quiet(lastLog(state));
    case "copy":
      return copied(state);
    case "tick":
      return quiet(withSchedule(state, tickDialog));
    case "switch":
      return quiet(withSchedule(state, switchDialog));
    case "mark":
      return quiet(
        moved(
          withAsset(state, (key) => toggled(state, key)),
          1,
        ),
      );
    case "fold":
      return quiet(folded(state));
    case "fewer-hops":
      return quiet(withHops(state, Math.max(1, state.view.up - 1), Math.max(1, state.view.down - 1)));
    case "more-hops":
      return quiet(withHops(state, state.view.up + 1, state.view.down + 1));
    case "upstream-only":
      return quiet(withHops(state, Math.max(2, state.view.up), 0));
    case "downstream-only":
      return quiet(withHops(state, 0, Math.max(2, state.view.down)));
    case "follow":
      return quiet({ ...state, view: { ...state.view, follow: !state.view.follow } });
    case "suspend":
      return { state, effects: [{ type: "suspend" }] };
    case "quit":
      return { state, effects: [{ type: "quit" }] };
    default:
      return unreachable(action);
  }
}

/** Puts a view on top of the present one. */
export function entered(state: UiState, view: View): UiState {
  return { ...state, view, back: [...state.back, state.view] };
}

/** Shows one of the numbered screens as it was left. */
export function switched(state: UiState, screen: Screen): UiState {
  if (state.view.screen === screen && state.back.length === 0) return state;
  const base = state.back[0] ?? state.view;
  const kept = new Map(state.kept).set(base.screen, base);
  return {
    ...state,
    kept,
    previous: base.screen,
    back: [],
    view: kept.get(screen) ?? viewOf(screen),
  };
}

function quiet(state: UiState): Step {
  return { state, effects: [] };
}

function withAsset(state: UiState, change: (key: AssetKey) => UiState): UiState {
  const key = assetInHand(state);
  return key === undefined ? state : change(key);
}

function withSchedule(
  state: UiState,
  dialog: (state: UiState, schedule: ScheduleStatus) => UiState["overlay"],
): UiState {
  const schedule = scheduleInHand(state);
  return schedule === undefined ? state : { ...state, overlay: dialog(state, schedule) };
}

function moved(state: UiState, by: number): UiState {
  const { rows, view } = state;
  const index = clampIndex(cursorIndex(state) + by, rows.length);
  const row = rows[index];
  if (row === undefined) return state;
  // Moving away from the end of a log stops following it; reaching the end starts again.
  const follow = view.screen === "run" && index === rows.length - 1 && by > 0;
  return { ...state, view: { ...view, cursor: row.id, follow } };
}

function opened(state: UiState): UiState {
  const row = selectedRow(state);
  if (row === undefined) return state;
  switch (row.type) {
    case "namespace":
      return folded(state);
    case "asset":
    case "lane":
      return entered(state, viewOf("asset", row.key));
    case "check":
      return entered(state, { ...viewOf("asset", row.key), tab: 2, cursor: row.id });
    case "run":
      return entered(state, viewOf("run", row.run.id));
    case "materialization":
      return entered(state, { ...viewOf("run", row.record.runId), filter: row.record.key, follow: false });
    case "schedule":
      return entered(state, viewOf("schedule", row.status.definition.name));
    case "tick":
      return row.tick.runId === undefined ? state : entered(state, viewOf("run", row.tick.runId));
    case "log":
      return row.line.key !== undefined && state.graph.has(row.line.key)
        ? entered(state, viewOf("asset", row.line.key))
        : state;
    case "text":
      return state;
    default:
      return unreachable(row);
  }
}

function wentBack(state: UiState): UiState {
  const { view } = state;
  // A text that was carried over from where one came from is left with the view.
  if (view.filter !== "" && state.back.length === 0) return { ...state, view: { ...view, filter: "" } };
  const before = state.back.at(-1);
  if (before !== undefined) return { ...state, view: before, back: state.back.slice(0, -1) };
  const row = selectedRow(state);
  if (view.screen === "assets" && row?.type === "asset") {
    const namespace = row.key.slice(0, row.key.indexOf("/"));
    return {
      ...state,
      view: { ...view, folded: new Set(view.folded).add(namespace), cursor: `${namespace}/` },
    };
  }
  if (state.marked.size > 0) return { ...state, marked: new Set() };
  return state;
}

function folded(state: UiState): UiState {
  const row = selectedRow(state);
  const namespace =
    row?.type === "namespace"
      ? row.namespace
      : row?.type === "asset"
        ? row.key.slice(0, row.key.indexOf("/"))
        : undefined;
  if (namespace === undefined) return state;
  const next = new Set(state.view.folded);
  if (!next.delete(namespace)) next.add(namespace);
  return { ...state, view: { ...state.view, folded: next, cursor: `${namespace}/` } };
}

function tabbed(state: UiState, by: number): UiState {
  const { view } = state;
  if (view.screen === "asset") {
    const tab = (view.tab + by + assetTabs.length) % assetTabs.length;
    return {
      ...state,
      view: { ...view, tab, cursor: tab === assetTabs.length - 1 ? view.subject : undefined },
    };
  }
  const at = numberedScreens.findIndex((screen) => screen === view.screen);
  if (at < 0) return state;
  return switched(state, numberedScreens.at((at + by) % numberedScreens.length) ?? "assets");
}

function withHops(state: UiState, up: number, down: number): UiState {
  return { ...state, view: { ...state.view, up, down } };
}

function lastLog(state: UiState): UiState {
  const key = assetInHand(state);
  const runId = runOfRow(selectedRow(state)) ?? (key && state.data.outcomes.get(key)?.runId);
  if (key === undefined && runId !== undefined) return entered(state, viewOf("run", runId));
  if (runId === undefined) return state;
  return entered(state, { ...viewOf("run", runId), filter: key ?? "", follow: false });
}

function copied(state: UiState): Step {
  const row = selectedRow(state);
  const text = row?.type === "run" ? row.run.id : assetInHand(state);
  if (text === undefined) return quiet(state);
  const effects: readonly Effect[] = [{ type: "copy", text }];
  return { state: { ...state, notice: `copied ${text}` }, effects };
}

function toggled(state: UiState, key: AssetKey): UiState {
  const marked = new Set(state.marked);
  if (!marked.delete(key)) marked.add(key);
  return { ...state, marked };
}
