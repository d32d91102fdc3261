import type { AssetKey } from "../../definition/asset-key.ts";
import type { AssetGraph } from "../../graph/asset-graph.ts";
import type { AssetStatus } from "../../staleness/status.ts";
import { createLook, type Look } from "../look.ts";
import { causeSummary } from "../words/cause.ts";
import { formatCount } from "../words/numbers.ts";
import { padEnd, textWidth, truncateEnd } from "../words/width.ts";
import { isDrawnWhole, lanesWidth, laneText } from "./lane-text.ts";
import { type LaneRow, laneOrder, laneRows } from "./lane-layout.ts";
import { type LineageRange, lineageView } from "./lineage-view.ts";

/** How {@link lineageLanes} writes. */
export interface LineageOptions extends LineageRange {
  readonly statuses?: ReadonlyMap<AssetKey, AssetStatus>;
  /** @default Unicode without colour */
  readonly look?: Look;
  /** Longer lines are cut. @default not cut */
  readonly width?: number;
}

/**
 * The lineage as text, one asset per line, upstream first, with a lane for every asset that is still to be read further
 * down. Without a focus the whole graph; else `up` and `down` hops around it, its line marked `>`.
 */
export function lineageLanes(
  graph: AssetGraph,
  focus: AssetKey | undefined,
  options: LineageOptions = {},
): string[] {
  const look = options.look ?? createLook({ ascii: false, color: false, motion: false });
  const view = lineageView(graph, focus, options);
  const rows = laneRows(laneOrder(view.nodes));
  const nameWidth = rows.reduce((width, row) => Math.max(width, textWidth(row.key)), 0);
  const lines = rows.map((row) => {
    const mark = row.key === focus ? ">" : " ";
    const lanes = padEnd(laneText(row, look.signs), lanesWidth(rows));
    const status = statusSign(options.statuses?.get(row.key as AssetKey), look);
    const told = rowText(row, options.statuses?.get(row.key as AssetKey));
    const room = (options.width ?? Infinity) - textWidth(`${mark}${lanes}  x ${row.key}`);
    if (told === "" || room < 8) return `${mark}${lanes}  ${status}${row.key}`.trimEnd();
    const pad = Math.min(nameWidth - textWidth(row.key), Math.max(0, room - textWidth(told) - 2));
    const text = truncateEnd(told, room - 2 - pad, look.signs.ellipsis);
    return `${mark}${lanes}  ${status}${row.key}${" ".repeat(pad)}  ${look.paint.dim(text)}`;
  });
  if (view.moreUpstream > 0) lines.unshift(` +${formatCount(view.moreUpstream)} more upstream`);
  if (view.moreDownstream > 0) lines.push(` +${formatCount(view.moreDownstream)} more downstream`);
  return lines;
}

/** What stands beside a name: the upstreams where there are several, or not all could be drawn; else why it is stale. */
export function rowText(row: LaneRow, status: AssetStatus | undefined): string {
  if (row.upstreams.length > 1 || (row.upstreams.length > 0 && !isDrawnWhole(row))) {
    return `reads ${row.upstreams.join(", ")}`;
  }
  return status === undefined ? "" : causeSummary(status.causes);
}

function statusSign(status: AssetStatus | undefined, look: Look): string {
  if (status === undefined) return "";
  return `${look.paint.as(status.status, look.signs.sign[status.status])} `;
}
