import type { AssetKey } from "../../definition/asset-key.ts";
import type { ScheduleStatus } from "../../scheduler/schedule-statuses.ts";
import { assetOfRow, runOfRow } from "./row.ts";
import { numberedScreens, type Screen, selectedRow, type UiState } from "./state.ts";

/** Everything that a key can do. */
export type Action =
  | "down"
  | "up"
  | "first"
  | "last"
  | "half-down"
  | "half-up"
  | "page-down"
  | "page-up"
  | "open"
  | "back"
  | "screen-assets"
  | "screen-lineage"
  | "screen-runs"
  | "screen-checks"
  | "screen-schedules"
  | "previous-screen"
  | "next-tab"
  | "previous-tab"
  | "filter"
  | "help"
  | "palette"
  | "materialize"
  | "materialize-upstream"
  | "check"
  | "why"
  | "lineage"
  | "log"
  | "copy"
  | "commands"
  | "tick"
  | "switch"
  | "mark"
  | "fold"
  | "fewer-hops"
  | "more-hops"
  | "upstream-only"
  | "downstream-only"
  | "follow"
  | "suspend"
  | "quit";

/** One line of the key table: dispatcher, footer, help and palette all read it. */
export interface KeyBinding {
  readonly keys: readonly string[];
  readonly action: Action;
  readonly label: string;
  /** @default every screen */
  readonly screens?: readonly Screen[];
  /** Shown in the footer, lower ones first; they drop from the right. @default not shown */
  readonly footer?: number;
  /** Why it can't be used now; undefined when it can. */
  readonly unavailable?: (state: UiState) => string | undefined;
}

const ofSchedules: readonly Screen[] = ["schedules", "schedule"];

/** The keys; the first binding that has the key and the screen wins. */
export const keyTable: readonly KeyBinding[] = [
  { keys: ["down", "j"], action: "down", label: "down" },
  { keys: ["up", "k"], action: "up", label: "up" },
  { keys: ["g", "home"], action: "first", label: "first" },
  { keys: ["G", "end"], action: "last", label: "last" },
  { keys: ["ctrl-d"], action: "half-down", label: "half a page down" },
  { keys: ["ctrl-u"], action: "half-up", label: "half a page up" },
  { keys: ["pagedown"], action: "page-down", label: "page down" },
  { keys: ["pageup"], action: "page-up", label: "page up" },
  {
    keys: ["t"],
    action: "tick",
    label: "run now...",
    screens: ofSchedules,
    footer: 1,
    unavailable: (state) => whyNoStart(state) ?? whyNoSchedule(state),
  },
  {
    keys: ["o"],
    action: "switch",
    label: "on or off...",
    screens: ofSchedules,
    footer: 2,
    unavailable: (state) => whyNoStart(state) ?? whyNoSchedule(state),
  },
  {
    keys: ["m"],
    action: "materialize",
    label: "materialize...",
    footer: 1,
    unavailable: (state) => whyNoStart(state) ?? whyNoTarget(state),
  },
  {
    keys: ["M"],
    action: "materialize-upstream",
    label: "materialize with upstream...",
    unavailable: (state) => whyNoStart(state) ?? whyNoTarget(state),
  },
  {
    keys: ["c"],
    action: "check",
    label: "run checks only...",
    footer: 7,
    screens: ["assets", "asset", "lineage", "checks"],
    unavailable: (state) => whyNoStart(state) ?? whyNoAsset(state),
  },
  { keys: ["w"], action: "why", label: "why", footer: 2, unavailable: whyNoAsset },
  { keys: ["enter", "l", "right"], action: "open", label: "open", footer: 3, unavailable: whyNoOpen },
  { keys: ["L"], action: "lineage", label: "lineage", footer: 4, unavailable: whyNoAsset },
  { keys: ["v"], action: "log", label: "log of last run", footer: 8, unavailable: whyNoLog },
  { keys: ["["], action: "fewer-hops", label: "fewer hops", screens: ["lineage"], footer: 1 },
  { keys: ["]"], action: "more-hops", label: "more hops", screens: ["lineage"], footer: 1 },
  { keys: ["u"], action: "upstream-only", label: "only up", screens: ["lineage"], footer: 5 },
  { keys: ["d"], action: "downstream-only", label: "only down", screens: ["lineage"], footer: 5 },
  { keys: ["f"], action: "follow", label: "follow", screens: ["run"], footer: 1 },
  { keys: ["/"], action: "filter", label: "filter", footer: 5 },
  { keys: [":"], action: "palette", label: "command", footer: 6 },
  { keys: ["space"], action: "mark", label: "mark", screens: ["assets", "lineage"], unavailable: whyNoAsset },
  { keys: ["z"], action: "fold", label: "fold or unfold", screens: ["assets"] },
  { keys: ["tab"], action: "next-tab", label: "next tab", footer: 1, screens: ["asset"] },
  { keys: ["shift-tab"], action: "previous-tab", label: "previous tab", screens: ["asset"] },
  { keys: ["esc", "h", "left"], action: "back", label: "back", footer: 9 },
  { keys: ["1"], action: "screen-assets", label: "assets" },
  { keys: ["2"], action: "screen-lineage", label: "lineage screen" },
  { keys: ["3"], action: "screen-runs", label: "runs" },
  { keys: ["4"], action: "screen-checks", label: "checks" },
  { keys: ["5"], action: "screen-schedules", label: "schedules" },
  { keys: ["tab"], action: "next-tab", label: "next screen", screens: numberedScreens },
  { keys: ["shift-tab"], action: "previous-tab", label: "previous screen", screens: numberedScreens },
  { keys: ["-"], action: "previous-screen", label: "the screen before" },
  { keys: ["y"], action: "copy", label: "copy the key", unavailable: whyNoCopy },
  { keys: ["@"], action: "commands", label: "command log" },
  { keys: ["?"], action: "help", label: "help", footer: 0 },
  { keys: ["ctrl-z"], action: "suspend", label: "suspend" },
  { keys: ["q", "ctrl-c"], action: "quit", label: "quit", footer: 10 },
];

/** The binding of a key on a screen. */
export function bindingOf(key: string, screen: Screen): KeyBinding | undefined {
  return keyTable.find((binding) => binding.keys.includes(key) && appliesTo(binding, screen));
}

/** Whether the binding holds on a screen. */
export function appliesTo(binding: KeyBinding, screen: Screen): boolean {
  return binding.screens === undefined || binding.screens.includes(screen);
}

/** The asset that an action is about: the one under the cursor, else the one that is open. */
export function assetInHand(state: UiState): AssetKey | undefined {
  const row = selectedRow(state);
  const key = assetOfRow(row);
  if (key !== undefined) return key;
  const isAboutAsset = state.view.screen === "asset" || state.view.screen === "lineage";
  return isAboutAsset ? (state.view.subject as AssetKey | undefined) : undefined;
}

/** The schedule that an action is about: the one under the cursor, else the one that is open. */
export function scheduleInHand(state: UiState): ScheduleStatus | undefined {
  const row = selectedRow(state);
  if (row?.type === "schedule") return row.status;
  if (state.view.screen !== "schedule") return undefined;
  return state.data.schedules.find(({ definition }) => definition.name === state.view.subject);
}

/** What a materialization would name: what is marked, else the asset or the namespace under the cursor. */
export function targetsInHand(state: UiState): readonly AssetKey[] {
  if (state.marked.size > 0) return [...state.marked];
  const row = selectedRow(state);
  if (row?.type === "namespace") return row.keys;
  const key = assetInHand(state);
  return key === undefined ? [] : [key];
}

function whyNoStart(state: UiState): string | undefined {
  return state.readOnly ? "opened with --read-only" : undefined;
}

function whyNoTarget(state: UiState): string | undefined {
  return targetsInHand(state).length === 0 ? "no asset under the cursor" : undefined;
}

function whyNoSchedule(state: UiState): string | undefined {
  return scheduleInHand(state) === undefined ? "no schedule under the cursor" : undefined;
}

function whyNoAsset(state: UiState): string | undefined {
  const key = assetInHand(state);
  if (key === undefined) return "no asset under the cursor";
  return state.graph.has(key) ? undefined : "not in the project any more";
}

function whyNoOpen(state: UiState): string | undefined {
  const row = selectedRow(state);
  if (row === undefined) return "the list is empty";
  if (row.type === "tick" && row.tick.runId === undefined) return "it gave no run";
  return row.type === "text" ? "nothing more behind this line" : undefined;
}

function whyNoLog(state: UiState): string | undefined {
  const row = selectedRow(state);
  if (row?.type === "run" || row?.type === "materialization") return undefined;
  if (row?.type === "tick" || row?.type === "schedule")
    return runOfRow(row) === undefined ? "it gave no run" : undefined;
  const key = assetInHand(state);
  if (key === undefined) return "no asset under the cursor";
  return state.data.outcomes.has(key) ? undefined : "it never ran";
}

function whyNoCopy(state: UiState): string | undefined {
  const row = selectedRow(state);
  return row?.type === "run" ? undefined : whyNoAsset(state);
}
