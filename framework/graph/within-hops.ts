/**
 * The nodes at most `hops` steps away from the nearest of `from`, and those themselves. One walk over all of them, so
 * that the time is linear in the graph however many there are.
 *
 * @param next the nodes one step from a node
 */
export function withinHops<Node>(
  from: Iterable<Node>,
  hops: number,
  next: (node: Node) => readonly Node[],
): Set<Node> {
  const reached = new Set(from);
  let frontier: readonly Node[] = [...reached];
  for (let hop = 0; hop < hops && frontier.length > 0; hop++) {
    const further: Node[] = [];
    for (const node of frontier) {
      for (const neighbour of next(node)) {
        if (reached.has(neighbour)) continue;
        reached.add(neighbour);
        further.push(neighbour);
      }
    }
    frontier = further;
  }
  return reached;
}
