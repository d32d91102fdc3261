import { DirectedGraph } from "graphology";
import type { AssetKey } from "../definition/asset-key.ts";

/**
 * Draws a graph of keys, each edge from an upstream to its downstream. graphology keeps the order in which nodes and
 * edges are added, so all that it lists is in the order of `upstreams`.
 *
 * @param upstreams of every asset, without the asset itself; assets and upstreams in key order
 */
export function drawEdges(upstreams: ReadonlyMap<AssetKey, readonly AssetKey[]>): DirectedGraph {
  const edges = new DirectedGraph({ allowSelfLoops: false });
  for (const key of upstreams.keys()) edges.addNode(key);
  for (const [key, read] of upstreams) for (const upstream of read) edges.addDirectedEdge(upstream, key);
  return edges;
}
