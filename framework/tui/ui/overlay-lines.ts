import { unreachable } from "../../util/unreachable.ts";
import { clockTime } from "../words/numbers.ts";
import { padEnd, truncateEnd } from "../words/width.ts";
import { clampIndex, visibleRange } from "./list.ts";
import { helpBindings, paletteItems } from "./palette.ts";
import type { Overlay, UiState } from "./state.ts";

/** What lies over the whole list: help, palette, command log. */
export function overlayLines(
  state: UiState,
  overlay: Exclude<Overlay, { type: "filter" | "confirm" }>,
  width: number,
  height: number,
): readonly string[] {
  switch (overlay.type) {
    case "help":
      return helpLines(state, overlay.query, width, height);
    case "palette":
      return paletteLines(state, overlay, width, height);
    case "commands":
      return commandLines(state, width, height);
    default:
      return unreachable(overlay);
  }
}

function headLine(state: UiState, title: string, hint: string, width: number): string {
  const { paint, signs } = state.look;
  return ` ${paint.bold(title)}  ${paint.dim(truncateEnd(hint, width - title.length - 4, signs.ellipsis))}`;
}

/** Two columns where they fit; a key that can't be used now is dim, with the reason. */
function helpLines(state: UiState, query: string, width: number, height: number): readonly string[] {
  const { paint, signs } = state.look;
  const bindings = helpBindings(state, query);
  const columns = bindings.length > height - 2 && width >= 76 ? 2 : 1;
  const cell = Math.floor((width - 2) / columns);
  const entries = bindings.map((binding) => {
    const reason = binding.unavailable?.(state);
    const text = `${padEnd(binding.keys.join(" "), 13)} ${binding.label}${reason === undefined ? "" : ` (${reason})`}`;
    const shown = padEnd(truncateEnd(text, cell - 1, signs.ellipsis), cell);
    return reason === undefined ? shown : paint.dim(shown);
  });
  const perColumn = columns === 1 ? entries.length : Math.ceil(entries.length / 2);
  const lines = entries
    .slice(0, perColumn)
    .map((entry, index) => ` ${entry}${entries[index + perColumn] ?? ""}`.trimEnd());
  return [
    headLine(
      state,
      "Keys of this screen",
      query === "" ? "type to search, enter does it, esc closes" : `/ ${query}`,
      width,
    ),
    ...lines.slice(0, height - 1),
  ];
}

function paletteLines(
  state: UiState,
  overlay: Extract<Overlay, { type: "palette" }>,
  width: number,
  height: number,
): readonly string[] {
  const { paint, signs } = state.look;
  const items = paletteItems(state, overlay.query);
  const cursor = clampIndex(overlay.cursor, items.length);
  const { start, end } = visibleRange(items.length, cursor, height - 1);
  const lines = items.slice(start, end).map((item, offset) => {
    const isSelected = start + offset === cursor;
    const reason = item.type === "action" && item.reason !== undefined ? ` (${item.reason})` : "";
    const text = truncateEnd(
      `${item.type === "asset" ? "open " : ""}${item.text}${reason}`,
      width - 4,
      signs.ellipsis,
    );
    const line = `${isSelected ? ">" : " "} ${reason === "" ? text : paint.dim(text)}`;
    return isSelected ? paint.reverse(padEnd(line, width)) : line;
  });
  return [
    ` : ${overlay.query}${paint.reverse(" ")}`,
    ...(items.length === 0 ? ["   nothing matches"] : lines),
  ];
}

function commandLines(state: UiState, width: number, height: number): readonly string[] {
  const { signs } = state.look;
  const lines = state.commands.slice(-(height - 1)).map((command) => {
    const outcome =
      command.exitCode === undefined
        ? "running"
        : command.exitCode === null
          ? "ended by a signal"
          : `exit ${command.exitCode}`;
    const at = clockTime(new Date(command.atMs).toISOString(), true);
    return truncateEnd(` ${at}  ${command.command}  ${outcome}`, width, signs.ellipsis);
  });
  return [
    headLine(state, "Started from here", "any key closes; they go on when this is closed", width),
    ...(lines.length === 0 ? ["   nothing yet"] : lines),
  ];
}

/** The box of a dialog, at the bottom of the list. */
export function confirmLines(
  state: UiState,
  overlay: Extract<Overlay, { type: "confirm" }>,
  width: number,
): readonly string[] {
  const { signs, paint } = state.look;
  const { box, rule } = signs;
  const inner = Math.max(10, Math.min(width - 2, 100) - 4);
  const title = ` ${truncateEnd(overlay.title, inner - 4, signs.ellipsis)} `;
  const line = (text: string) =>
    ` ${box.vertical} ${padEnd(truncateEnd(text, inner, signs.ellipsis), inner)} ${box.vertical}`;
  const choice = (text: string, isChosen: boolean) =>
    isChosen ? paint.reverse(`[ ${text} ]`) : `  ${text}  `;
  const buttons = `${choice("esc cancel", !overlay.confirmed)}  ${choice("y start", overlay.confirmed)}`;
  return [
    ` ${box.topLeft}${rule}${paint.bold(title)}${rule.repeat(Math.max(0, inner + 1 - title.length))}${box.topRight}`,
    ...overlay.lines.map(line),
    ` ${box.vertical} ${padEnd(buttons, inner)} ${box.vertical}`,
    ` ${box.bottomLeft}${rule.repeat(inner + 2)}${box.bottomRight}`,
  ];
}
