import { unreachable } from "../../util/unreachable.ts";
import { cleanText } from "../words/text.ts";
import { withoutLast } from "../words/width.ts";
import type { KeyBinding } from "./keys.ts";
import { clampIndex } from "./list.ts";
import type { Step } from "./message.ts";
import { helpBindings, type PaletteItem, paletteItems } from "./palette.ts";
import { entered, perform } from "./perform.ts";
import { type Overlay, type UiState, viewOf } from "./state.ts";

/** A key while something lies over the screen. `ctrl-c` always quits. */
export function reduceOverlayKey(state: UiState, key: string, text: string | undefined): Step {
  const { overlay } = state;
  if (overlay === undefined || key === "ctrl-c") return { state, effects: [{ type: "quit" }] };
  switch (overlay.type) {
    case "filter":
      return filterKey(state, key, text);
    case "help":
      return helpKey(state, overlay, key, text);
    case "palette":
      return paletteKey(state, overlay, key, text);
    case "commands":
      return quiet({ ...state, overlay: undefined });
    case "confirm":
      return confirmKey(state, overlay, key);
    default:
      return unreachable(overlay);
  }
}

function quiet(state: UiState): Step {
  return { state, effects: [] };
}

/** A text field after a key; undefined when the key does not change text. */
function edited(value: string, key: string, text: string | undefined): string | undefined {
  if (key === "backspace") return withoutLast(value);
  if (key === "ctrl-u") return "";
  if (key === "ctrl-w") return value.replace(/\S*\s*$/, "");
  return text === undefined ? undefined : value + cleanText(text);
}

function filterKey(state: UiState, key: string, text: string | undefined): Step {
  if (key === "enter") return quiet({ ...state, overlay: undefined });
  if (key === "esc") return quiet({ ...state, overlay: undefined, view: { ...state.view, filter: "" } });
  if (key === "down" || key === "up") return perform(state, key);
  const filter = edited(state.view.filter, key, text);
  return quiet(filter === undefined ? state : { ...state, view: { ...state.view, filter } });
}

function helpKey(
  state: UiState,
  overlay: Extract<Overlay, { type: "help" }>,
  key: string,
  text: string | undefined,
): Step {
  if (key === "esc" || (key === "?" && overlay.query === "")) return quiet({ ...state, overlay: undefined });
  if (key === "enter") return run({ ...state, overlay: undefined }, helpBindings(state, overlay.query)[0]);
  const query = edited(overlay.query, key, text);
  return quiet(query === undefined ? state : { ...state, overlay: { type: "help", query } });
}

function run(state: UiState, binding: KeyBinding | undefined): Step {
  if (binding === undefined) return quiet(state);
  const reason = binding.unavailable?.(state);
  return reason === undefined
    ? perform(state, binding.action)
    : quiet({ ...state, notice: `${binding.label}: ${reason}` });
}

function paletteKey(
  state: UiState,
  overlay: Extract<Overlay, { type: "palette" }>,
  key: string,
  text: string | undefined,
): Step {
  const closed: UiState = { ...state, overlay: undefined };
  const items = paletteItems(state, overlay.query);
  if (key === "esc") return quiet(closed);
  if (key === "enter") return choose(closed, items[clampIndex(overlay.cursor, items.length)]);
  if (key === "down" || key === "up") {
    const cursor = clampIndex(overlay.cursor + (key === "down" ? 1 : -1), items.length);
    return quiet({ ...state, overlay: { ...overlay, cursor } });
  }
  const query = edited(overlay.query, key, text);
  return quiet(query === undefined ? state : { ...state, overlay: { type: "palette", query, cursor: 0 } });
}

function choose(state: UiState, item: PaletteItem | undefined): Step {
  if (item === undefined) return quiet(state);
  if (item.type === "asset") return quiet(entered(state, viewOf("asset", item.key)));
  return item.reason === undefined
    ? perform(state, item.action)
    : quiet({ ...state, notice: `${item.text}: ${item.reason}` });
}

/** Cancel is the default: `enter` starts only after the choice was moved to it, `y` at once. */
function confirmKey(state: UiState, overlay: Extract<Overlay, { type: "confirm" }>, key: string): Step {
  const closed: UiState = { ...state, overlay: undefined };
  const start: Step = {
    state: { ...closed, marked: new Set() },
    effects: [{ type: "start", args: overlay.args }],
  };
  switch (key) {
    case "y":
      return start;
    case "enter":
      return overlay.confirmed ? start : quiet(closed);
    case "tab":
    case "shift-tab":
    case "left":
    case "right":
      return quiet({ ...state, overlay: { ...overlay, confirmed: !overlay.confirmed } });
    case "n":
    case "q":
    case "esc":
      return quiet(closed);
    default:
      return quiet(state);
  }
}
