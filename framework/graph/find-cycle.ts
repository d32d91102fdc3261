import type { DirectedGraph } from "graphology";

/**
 * The shortest way to say why a graph has no topological order: the nodes of one cycle, first node repeated at the
 * end; undefined when there is none. Iterative, so that a chain of 100,000 does not overflow the stack.
 */
export function findCycle(graph: DirectedGraph): readonly string[] | undefined {
  const done = new Set<string>();
  for (const root of graph.nodes()) {
    const cycle = done.has(root) ? undefined : walk(graph, root, done);
    if (cycle !== undefined) return cycle;
  }
  return undefined;
}

function walk(graph: DirectedGraph, root: string, done: Set<string>): readonly string[] | undefined {
  const path = [{ node: root, rest: graph.outNeighbors(root) }];
  const onPath = new Set([root]);
  for (let top = path.at(-1); top !== undefined; top = path.at(-1)) {
    const next = top.rest.pop();
    if (next === undefined) {
      path.pop();
      onPath.delete(top.node);
      done.add(top.node);
    } else if (onPath.has(next)) {
      const nodes = path.map((step) => step.node);
      return [...nodes.slice(nodes.indexOf(next)), next];
    } else if (!done.has(next)) {
      path.push({ node: next, rest: graph.outNeighbors(next) });
      onPath.add(next);
    }
  }
  return undefined;
}
