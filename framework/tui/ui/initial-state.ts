import { splitKey } from "../../definition/asset-key.ts";
import { createLook } from "../look.ts";
import { noData } from "./data.ts";
import type { InteractiveOptions } from "./interactive-options.ts";
import { type UiState, viewOf } from "./state.ts";

/** What of the options the state is made from. */
export type InitialOptions = Pick<
  InteractiveOptions,
  "graph" | "projectName" | "target" | "open" | "readOnly" | "ascii" | "color" | "motion"
> & { readonly columns: number; readonly rows: number; readonly nowMs: number };

/** The interface before anything was read: the asset tree, or the asset or run that it was opened at. */
export function initialState(options: InitialOptions): UiState {
  const { graph, open } = options;
  const base = viewOf("assets");
  const first = open === undefined ? base : graph.has(open) ? viewOf("asset", open) : viewOf("run", open);
  return {
    graph,
    sortedKeys: graph.keys.toSorted(),
    tableWidth: graph.keys.reduce((width, key) => Math.max(width, splitKey(key).table.length), 0),
    projectName: options.projectName,
    target: options.target,
    readOnly: options.readOnly,
    look: createLook(options),
    size: { columns: options.columns, rows: options.rows },
    nowMs: options.nowMs,
    tick: 0,
    data: noData,
    hasData: false,
    storeBusySinceMs: undefined,
    view: first,
    back: first === base ? [] : [base],
    kept: new Map(),
    previous: undefined,
    rows: [],
    overlay: undefined,
    marked: new Set(),
    commands: [],
    notice: undefined,
  };
}
