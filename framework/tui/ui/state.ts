import type { AssetKey } from "../../definition/asset-key.ts";
import type { AssetGraph } from "../../graph/asset-graph.ts";
import type { Look } from "../look.ts";
import type { DataNeeds, UiData } from "./data.ts";
import type { Row } from "./row.ts";

/** The screens with a number, in their order. */
export const numberedScreens = ["assets", "lineage", "runs", "checks", "schedules"] as const;

/** The screens: the numbered ones, and what opens from a row of theirs. */
export type Screen = (typeof numberedScreens)[number] | "asset" | "run" | "schedule";

/** Tabs of the asset screen, in order. */
export const assetTabs = ["Overview", "History", "Checks", "Columns", "Lineage"] as const;

/** One place: a screen, what it is about, and where the cursor is. */
export interface View {
  readonly screen: Screen;
  /** Asset key, run id, name of a schedule, or the focus of the lineage. */
  readonly subject: string | undefined;
  /** Id of the row under the cursor; undefined: the first one. */
  readonly cursor: string | undefined;
  readonly filter: string;
  readonly tab: number;
  /** Hops shown on either side in the lineage. */
  readonly up: number;
  readonly down: number;
  readonly folded: ReadonlySet<string>;
  /** The cursor stays at the end of a log that grows. */
  readonly follow: boolean;
}

/** Something that lies over the screen and takes the keys. */
export type Overlay =
  | { readonly type: "filter" }
  | { readonly type: "help"; readonly query: string }
  | { readonly type: "palette"; readonly query: string; readonly cursor: number }
  | { readonly type: "commands" }
  | {
      readonly type: "confirm";
      readonly title: string;
      readonly lines: readonly string[];
      readonly args: readonly string[];
      readonly confirmed: boolean;
    };

/** A command line that was started from here. */
export interface StartedCommand {
  readonly id: number;
  readonly command: string;
  readonly atMs: number;
  /** Undefined while it works. */
  readonly exitCode: number | null | undefined;
}

/** Everything that the interface shows. Changed by `reduce` alone. */
export interface UiState {
  readonly graph: AssetGraph;
  /** All keys by name. */
  readonly sortedKeys: readonly AssetKey[];
  /** Cells of the longest table name. */
  readonly tableWidth: number;
  readonly projectName: string;
  readonly target: string;
  readonly readOnly: boolean;
  readonly look: Look;
  readonly size: { readonly columns: number; readonly rows: number };
  readonly nowMs: number;
  readonly tick: number;
  readonly data: UiData;
  readonly hasData: boolean;
  /** Set while the store can't be read; the data is from then. */
  readonly storeBusySinceMs: number | undefined;
  readonly view: View;
  /** Where `esc` leads, nearest last. */
  readonly back: readonly View[];
  /** The last place on each numbered screen. */
  readonly kept: ReadonlyMap<Screen, View>;
  readonly previous: Screen | undefined;
  /** The rows of the view; derived. */
  readonly rows: readonly Row[];
  readonly overlay: Overlay | undefined;
  readonly marked: ReadonlySet<AssetKey>;
  readonly commands: readonly StartedCommand[];
  /** One line for what just happened; gone with the next key. */
  readonly notice: string | undefined;
}

/** A view with everything at its default. */
export function viewOf(screen: Screen, subject?: string): View {
  return {
    screen,
    subject,
    cursor: undefined,
    filter: "",
    tab: 0,
    up: 2,
    down: 2,
    folded: new Set(),
    follow: screen === "run",
  };
}

/** What must be read for a view besides what every view shows. */
export function needsOf(state: Pick<UiState, "rows" | "view" | "size">): DataNeeds {
  const { view } = state;
  return {
    asset: view.screen === "asset" ? (view.subject as AssetKey | undefined) : undefined,
    run: view.screen === "run" ? view.subject : undefined,
    schedule: view.screen === "schedule" ? view.subject : undefined,
    checks: checksAround(state),
  };
}

/** The checks on the page of the cursor and on both beside it, so that not every step reads. */
function checksAround({ rows, view, size }: Pick<UiState, "rows" | "view" | "size">): DataNeeds["checks"] {
  if (rows[0]?.type !== "check") return [];
  const page = Math.floor(cursorIndex({ rows, view }) / size.rows);
  return rows
    .slice(Math.max(0, page - 1) * size.rows, (page + 2) * size.rows)
    .flatMap((row) => (row.type === "check" ? [{ key: row.key, check: row.check }] : []));
}

/** Index of the cursor in the rows; 0 when its row is gone. */
export function cursorIndex(state: Pick<UiState, "rows" | "view">): number {
  if (state.view.follow && state.view.screen === "run") return Math.max(0, state.rows.length - 1);
  const index = state.rows.findIndex((row) => row.id === state.view.cursor);
  return Math.max(0, index);
}

/** The row under the cursor. */
export function selectedRow(state: Pick<UiState, "rows" | "view">): Row | undefined {
  return state.rows[cursorIndex(state)];
}
