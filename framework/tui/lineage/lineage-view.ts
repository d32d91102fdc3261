import type { AssetKey } from "../../definition/asset-key.ts";
import type { AssetGraph } from "../../graph/asset-graph.ts";
import type { LaneNode } from "./lane-layout.ts";

/** Which part of the graph is drawn. */
export interface LineageRange {
  /** Hops towards the sources. @default 2 */
  readonly up?: number;
  /** Hops away from them. @default 2 */
  readonly down?: number;
  /** Nearest assets first. @default 200 */
  readonly maxRows?: number;
}

/** The part of a graph that is drawn, and how much was left out. */
export interface LineageView {
  readonly nodes: readonly LaneNode[];
  readonly moreUpstream: number;
  readonly moreDownstream: number;
}

/** The neighbourhood of one asset or, without a focus, the graph from its beginning. */
export function lineageView(
  graph: AssetGraph,
  focus: AssetKey | undefined,
  range: LineageRange = {},
): LineageView {
  const maxRows = range.maxRows ?? 200;
  if (focus === undefined) {
    const keys = graph.keys.slice(0, maxRows);
    return { nodes: induced(graph, keys), moreUpstream: 0, moreDownstream: graph.size - keys.length };
  }
  const up = graph.ancestors(focus, range.up ?? 2);
  const down = graph.descendants(focus, range.down ?? 2);
  const half = Math.floor((maxRows - 1) / 2);
  const room = maxRows - 1;
  const upRoom = Math.max(half, room - down.length);
  // Topological order: the nearest ancestors are the last ones, the nearest descendants the first.
  const shownUp = up.slice(Math.max(0, up.length - upRoom));
  const shownDown = down.slice(0, room - shownUp.length);
  return {
    nodes: induced(graph, [...shownUp, focus, ...shownDown]),
    moreUpstream: up.length - shownUp.length,
    moreDownstream: down.length - shownDown.length,
  };
}

function induced(graph: AssetGraph, keys: readonly AssetKey[]): readonly LaneNode[] {
  const shown = new Set<AssetKey>(keys);
  return keys.map((key) => ({
    key,
    upstreams: graph.upstreams(key).filter((upstream) => shown.has(upstream)),
  }));
}
