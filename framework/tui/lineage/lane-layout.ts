/** A node of the picture: an asset, and those of its upstreams that are in view. */
export interface LaneNode {
  readonly key: string;
  readonly upstreams: readonly string[];
}

/** What one lane shows in one row. */
export type LaneCell =
  /** Nothing. */
  | "blank"
  /** Is still to be read further down; not by this row's asset. */
  | "pass"
  /** This row's asset, with no upstream in view. */
  | "open"
  /** This row's asset, which reads something. */
  | "node"
  /** Read by this row's asset, and by nobody below. */
  | "read-close"
  /** Read by this row's asset, and by another one below. */
  | "read-on";

/** One row: an asset and the state of every lane beside it. */
export interface LaneRow {
  readonly key: string;
  readonly upstreams: readonly string[];
  readonly cells: readonly LaneCell[];
}

/**
 * Orders nodes so that upstreams come first and an asset follows its last upstream: depth first from those that
 * nothing reads, so that few lanes are open at once. Iterative: chains may be long.
 */
export function laneOrder(nodes: readonly LaneNode[]): readonly LaneNode[] {
  const byKey = new Map(nodes.map((node) => [node.key, node]));
  const read = new Set(nodes.flatMap((node) => node.upstreams));
  const done = new Set<string>();
  const ordered: LaneNode[] = [];
  for (const root of nodes.filter((node) => !read.has(node.key))) {
    const path = [{ node: root, next: 0 }];
    for (let top = path.at(-1); top !== undefined; top = path.at(-1)) {
      const upstream = top.node.upstreams[top.next++];
      if (upstream === undefined) {
        path.pop();
        if (!done.has(top.node.key)) ordered.push(top.node);
        done.add(top.node.key);
        continue;
      }
      const node = byKey.get(upstream);
      if (node !== undefined && !done.has(upstream)) path.push({ node, next: 0 });
    }
  }
  return ordered;
}

/**
 * Gives every asset a lane, which stays open while something below still reads the asset. An asset takes over the
 * leftmost lane that ends with it, else the leftmost free one; a lane that ended rests one row, so that an asset
 * right below another one always reads it.
 */
export function laneRows(ordered: readonly LaneNode[]): readonly LaneRow[] {
  const readersLeft = new Map<string, number>();
  for (const node of ordered) {
    for (const upstream of node.upstreams) readersLeft.set(upstream, (readersLeft.get(upstream) ?? 0) + 1);
  }
  const lanes: ("read" | "rest" | undefined)[] = [];
  const laneOf = new Map<string, number>();
  const rows: LaneRow[] = [];
  for (const node of ordered) {
    const cells: LaneCell[] = lanes.map((owner) =>
      owner === undefined || owner === "rest" ? "blank" : "pass",
    );
    const ending: number[] = [];
    for (const upstream of node.upstreams) {
      const lane = laneOf.get(upstream);
      if (lane === undefined) continue;
      const left = (readersLeft.get(upstream) ?? 1) - 1;
      readersLeft.set(upstream, left);
      cells[lane] = left === 0 ? "read-close" : "read-on";
      if (left === 0) ending.push(lane);
    }
    const free = lanes.indexOf(undefined);
    const own = ending.length > 0 ? Math.min(...ending) : free >= 0 ? free : lanes.length;
    while (cells.length <= own) cells.push("blank");
    cells[own] = node.upstreams.length === 0 ? "open" : "node";
    rows.push({ key: node.key, upstreams: node.upstreams, cells });
    for (const [lane, use] of lanes.entries()) if (use === "rest") lanes[lane] = undefined;
    for (const lane of ending) lanes[lane] = "rest";
    laneOf.set(node.key, own);
    lanes[own] = (readersLeft.get(node.key) ?? 0) > 0 ? "read" : "rest";
  }
  return rows;
}
