/**
 * The shortest way to say why a graph has no topological order: the nodes of one cycle, first node repeated at the
 * end; undefined when there is none. Iterative, so that a chain of 100,000 does not overflow the stack.
 *
 * @param downstreams of every node
 */
export function findCycle<Node>(
  downstreams: ReadonlyMap<Node, readonly Node[]>,
): readonly Node[] | undefined {
  const done = new Set<Node>();
  for (const root of downstreams.keys()) {
    const cycle = done.has(root) ? undefined : walk(downstreams, root, done);
    if (cycle !== undefined) return cycle;
  }
  return undefined;
}

function walk<Node>(
  downstreams: ReadonlyMap<Node, readonly Node[]>,
  root: Node,
  done: Set<Node>,
): readonly Node[] | undefined {
  const stepTo = (node: Node) => {
    const next = downstreams.get(node) ?? [];
    return { node, next, left: next.length };
  };
  const path = [stepTo(root)];
  const onPath = new Set([root]);
  for (let top = path.at(-1); top !== undefined; top = path.at(-1)) {
    const next = top.left === 0 ? undefined : top.next[--top.left];
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
