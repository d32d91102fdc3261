import { splitKey } from "../../definition/asset-key.ts";
import { freshnessAt } from "../../staleness/freshness.ts";
import { unreachable } from "../../util/unreachable.ts";
import { assetSign, needsAttention } from "./asset-state.ts";
import type { UiData } from "./data.ts";
import { bindingOf } from "./keys.ts";
import type { Message, Step } from "./message.ts";
import { reduceOverlayKey } from "./reduce-overlay.ts";
import { perform } from "./perform.ts";
import { rowsOf } from "./rows.ts";
import type { UiState } from "./state.ts";

/** The interface after one more message. No I/O: what must be done comes back as effects. */
export function reduce(state: UiState, message: Message): Step {
  switch (message.type) {
    case "key":
      return onKey(state, message.key, message.text);
    case "resized":
      return quiet(withRows({ ...state, size: { columns: message.columns, rows: message.rows } }));
    case "ticked":
      return quiet(withTime(state, message.nowMs));
    case "data-read":
      return quiet(withData(state, message.data, message.nowMs));
    case "store-busy":
      return quiet({
        ...state,
        nowMs: message.nowMs,
        storeBusySinceMs: state.storeBusySinceMs ?? message.nowMs,
      });
    case "command-started":
      return quiet({
        ...state,
        commands: [
          ...state.commands,
          { id: message.id, command: message.command, atMs: message.nowMs, exitCode: undefined },
        ],
        notice: `started: ${message.command}`,
      });
    case "command-ended":
      return quiet(commandEnded(state, message));
    default:
      return unreachable(message);
  }
}

function quiet(state: UiState): Step {
  return { state, effects: [] };
}

/** The state with the rows of its view worked out again. */
function withRows(state: UiState): UiState {
  return { ...state, rows: rowsOf(state, state.view) };
}

function onKey(state: UiState, key: string, text: string | undefined): Step {
  const before: UiState = state.notice === undefined ? state : { ...state, notice: undefined };
  const step = before.overlay === undefined ? screenKey(before, key) : reduceOverlayKey(before, key, text);
  // Rows follow from view and data; only a move of the cursor leaves them as they are.
  const { view } = step.state;
  const isSameList =
    view.screen === state.view.screen &&
    view.subject === state.view.subject &&
    view.filter === state.view.filter &&
    view.tab === state.view.tab &&
    view.folded === state.view.folded &&
    view.up === state.view.up &&
    view.down === state.view.down;
  return isSameList ? step : { ...step, state: withRows(step.state) };
}

function screenKey(state: UiState, key: string): Step {
  const binding = bindingOf(key, state.view.screen);
  if (binding === undefined) return quiet(state);
  const reason = binding.unavailable?.(state);
  if (reason !== undefined) return quiet({ ...state, notice: `${binding.label}: ${reason}` });
  return perform(state, binding.action);
}

function withData(state: UiState, data: UiData, nowMs: number): UiState {
  const next: UiState = { ...state, data, nowMs, hasData: true, storeBusySinceMs: undefined };
  return withRows(state.hasData || state.view.screen !== "assets" ? next : atAttention(next));
}

/** Deadlines pass while nothing else happens. */
function withTime(state: UiState, nowMs: number): UiState {
  const next: UiState = { ...state, nowMs, tick: state.tick + 1 };
  const now = new Date(nowMs);
  const moved = [...state.data.freshness].some(([, one]) => freshnessAt(one, now).state !== one.state);
  if (!moved) return next;
  const freshness = new Map([...state.data.freshness].map(([key, one]) => [key, freshnessAt(one, now)]));
  return withRows({ ...next, data: { ...state.data, freshness } });
}

/** Opens the asset tree on what needs attention: other namespaces are folded, the cursor is on the worst asset. */
function atAttention(state: UiState): UiState {
  const marked = new Set<string>();
  let worst: string | undefined;
  let worstRank = Infinity;
  const order = ["failed", "running", "missing", "overdue", "stale", "warned"];
  for (const key of state.sortedKeys) {
    const sign = assetSign(key, state.data);
    if (!needsAttention(sign)) continue;
    marked.add(splitKey(key).namespace);
    const rank = order.indexOf(sign);
    if (rank < worstRank) [worst, worstRank] = [key, rank];
  }
  const namespaces = new Set(state.sortedKeys.map((key) => splitKey(key).namespace));
  const fits = state.sortedKeys.length + namespaces.size <= state.size.rows - 6;
  const folded = fits ? new Set<string>() : new Set([...namespaces].filter((name) => !marked.has(name)));
  return { ...state, view: { ...state.view, folded, cursor: worst ?? state.view.cursor } };
}

function commandEnded(state: UiState, message: Extract<Message, { type: "command-ended" }>): UiState {
  const command = state.commands.find((entry) => entry.id === message.id);
  if (command === undefined) return state;
  const detail = message.lastLine === undefined ? "" : `: ${message.lastLine}`;
  const told =
    message.exitCode === 0
      ? `done: ${command.command}`
      : `exit ${message.exitCode ?? "by a signal"}${detail}`;
  return {
    ...state,
    commands: state.commands.map((entry) =>
      entry.id === message.id ? { ...entry, exitCode: message.exitCode } : entry,
    ),
    notice: told,
  };
}
