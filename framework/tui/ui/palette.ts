import type { AssetKey } from "../../definition/asset-key.ts";
import { type Action, appliesTo, type KeyBinding, keyTable } from "./keys.ts";
import type { UiState } from "./state.ts";

/** What the palette offers: an action of this screen, or an asset to open. */
export type PaletteItem =
  | {
      readonly type: "action";
      readonly action: Action;
      readonly text: string;
      readonly reason: string | undefined;
    }
  | { readonly type: "asset"; readonly key: AssetKey; readonly text: string };

/** Moving the cursor is nothing to choose from a list. */
const moves = new Set<Action>([
  "down",
  "up",
  "first",
  "last",
  "half-down",
  "half-up",
  "page-down",
  "page-up",
  "palette",
]);

/** What matches the text: actions first, then assets, at most 50. */
export function paletteItems(state: UiState, query: string): readonly PaletteItem[] {
  const text = query.trim().toLowerCase();
  const actions = helpBindings(state, text)
    .filter((binding) => !moves.has(binding.action))
    .map((binding): PaletteItem => ({
      type: "action",
      action: binding.action,
      text: binding.label,
      reason: binding.unavailable?.(state),
    }));
  const keys = text === "" ? [] : state.sortedKeys.filter((key) => key.includes(text)).slice(0, 50);
  return [...actions, ...keys.map((key): PaletteItem => ({ type: "asset", key, text: key }))].slice(0, 50);
}

/** The keys of this screen whose label or name matches the text. */
export function helpBindings(state: UiState, query: string): readonly KeyBinding[] {
  const text = query.trim().toLowerCase();
  return keyTable.filter(
    (binding) =>
      appliesTo(binding, state.view.screen) &&
      (binding.label.toLowerCase().includes(text) || binding.keys.includes(query.trim())),
  );
}
