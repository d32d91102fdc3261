import type { Signs } from "../words/signs.ts";
import type { LaneRow } from "./lane-layout.ts";

/** More lanes than this are not drawn; the names under "reads" tell those edges. */
export const maxLanes = 12;

/** How many cells the lanes of some rows take, two per lane. */
export function lanesWidth(rows: readonly LaneRow[]): number {
  const most = rows.reduce((count, row) => Math.max(count, row.cells.length), 0);
  return most > maxLanes ? 2 * maxLanes + 1 : Math.max(0, 2 * most - 1);
}

/** Whether every edge of the row can be seen in its lanes. */
export function isDrawnWhole(row: LaneRow): boolean {
  return row.cells.slice(maxLanes).every((cell) => cell === "blank" || cell === "pass");
}

/**
 * The lanes of a row: `●─┴─┤`. The line runs from the outermost lane that the asset reads to the asset itself; a lane
 * that it crosses without reading stays upright.
 */
export function laneText(row: LaneRow, signs: Signs): string {
  const { lane } = signs;
  const touched = row.cells.flatMap((cell, index) => (cell === "blank" || cell === "pass" ? [] : [index]));
  const from = touched[0] ?? 0;
  const to = touched.at(-1) ?? 0;
  const shown = row.cells.slice(0, maxLanes);
  const text = shown
    .map((cell, index) => {
      const isInside = index > from && index < to;
      const after = index >= from && index < to ? lane.across : " ";
      switch (cell) {
        case "blank":
          return (isInside ? lane.across : " ") + after;
        case "pass":
          return lane.pass + after;
        case "open":
          return lane.open + after;
        case "node":
          return lane.node + after;
        case "read-close":
          return (index === to ? lane.end : lane.teeUp) + after;
        case "read-on":
          return (index === from ? lane.teeRight : index === to ? lane.teeLeft : lane.cross) + after;
        default:
          return "  ";
      }
    })
    .join("");
  return row.cells.length > maxLanes ? text + signs.ellipsis.slice(0, 1) : text.trimEnd();
}
