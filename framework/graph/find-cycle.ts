import type { DirectedGraph } from "graphology";

/**
 * The path of one cycle, its first node repeated at the end; undefined when the graph has none. graphology names no
 * path, so this walk is ours. Iterative, so that a chain of 100,000 does not overflow the stack.
 */
export function findCycle(graph: DirectedGraph): readonly string[] | undefined {
  const done = new Set<string>();
  for (const { node } of graph.nodeEntries()) {
    const cycle = done.has(node) ? undefined : walk(graph, node, done);
    if (cycle !== undefined) return cycle;
  }
  return undefined;
}

function walk(graph: DirectedGraph, root: string, done: Set<string>): readonly string[] | undefined {
  const stepTo = (node: string) => ({ node, left: graph.outNeighbors(node) });
  const path = [stepTo(root)];
  const onPath = new Set([root]);
  for (let top = path.at(-1); top !== undefined; top = path.at(-1)) {
    const next = top.left.pop();
    if (next === undefined) {
      path.pop();
      onPath.delete(top.node);
      done.add(top.node);
    } else if (onPath.has(next)) {
      const nodes = path.map((step) => step.node);
      return [...nodes.slice(nodes.indexOf(next)), next];
    } else if (!done.has(next)) {
      path.push(stepTo(next));
      onPath.add(next);
    }
  }
  return undefined;
}
