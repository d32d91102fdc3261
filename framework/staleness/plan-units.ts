import type { AssetKey } from "../definition/asset-key.ts";
import type { AssetGraph } from "../graph/asset-graph.ts";
import type { PartitionGraph } from "../graph/partition-graph.ts";
import type { AssetStatus } from "./status.ts";

/** Which partitions of the selected assets a run is about. Assets without partitions are always in it. */
export type PartitionChoice =
  /** Those that are due and not fresh; with a forced asset all that are due. */
  | { readonly type: "due" }
  /** Those that were never made, however old. */
  | { readonly type: "missing" }
  /** These, where an asset has them. */
  | { readonly type: "named"; readonly keys: ReadonlyMap<AssetKey, readonly string[]> };

/** What {@link planUnits} takes. */
export interface UnitPlanOptions {
  readonly graph: AssetGraph;
  readonly partitionGraph: PartitionGraph;
  readonly statuses: ReadonlyMap<AssetKey, AssetStatus>;
  readonly keys: readonly AssetKey[];
  readonly choice: PartitionChoice;
  readonly forced: ReadonlySet<AssetKey>;
}

/**
 * The partitions that a run works on, by asset in topological order. What a chosen partition cannot do without and is not
 * fresh is added, and so is what reads a partition that may change; both as long as their asset is selected. An asset with
 * nothing to do has an empty list.
 */
export function planUnits(options: UnitPlanOptions): ReadonlyMap<AssetKey, readonly string[]> {
  const selected = new Set(options.keys);
  const order = options.graph.keys.filter((key) => selected.has(key));
  const chosen = new Map(order.map((key) => [key, new Set(choose(options, key))]));
  addRequired(options, order, chosen);
  addFollowers(options, order, chosen);
  return new Map(
    order.map((key) => [key, inOrder(options.partitionGraph, key, chosen.get(key) ?? new Set())]),
  );
}

type Chosen = ReadonlyMap<AssetKey, Set<string>>;

/** From the sinks up, so that what is added for one partition brings what it reads itself. */
function addRequired(
  { partitionGraph, statuses }: UnitPlanOptions,
  order: readonly AssetKey[],
  chosen: Chosen,
): void {
  for (const key of order.toReversed()) {
    for (const partition of chosen.get(key) ?? []) {
      for (const upstream of partitionGraph.upstreams({ key, partition })) {
        const wanted = chosen.get(upstream.key);
        const status = statuses.get(upstream.key)?.partitions;
        if (wanted === undefined || status === undefined || !upstream.isRequired) continue;
        for (const needed of upstream.partitions)
          if (status.get(needed)?.status !== "fresh") wanted.add(needed);
      }
    }
  }
}

/** From the roots down: a partition that was made and is fresh now may not be so once what it reads has run. */
function addFollowers(options: UnitPlanOptions, order: readonly AssetKey[], chosen: Chosen): void {
  const { partitionGraph, statuses, forced } = options;
  const mayChange = new Map<AssetKey, Set<string>>();
  for (const key of order) {
    const changing = new Set<string>();
    mayChange.set(key, changing);
    const status = statuses.get(key);
    for (const partition of partitionGraph.partitions(key)) {
      const isChosen = chosen.get(key)?.has(partition) === true;
      const isFresh = (status?.partitions?.get(partition) ?? status)?.status === "fresh";
      const follows =
        (isChosen || isFresh) &&
        partitionGraph
          .upstreams({ key, partition })
          .some((upstream) => upstream.partitions.some((read) => mayChange.get(upstream.key)?.has(read)));
      if (follows || (isChosen && (!isFresh || forced.has(key)))) changing.add(partition);
      if (follows) chosen.get(key)?.add(partition);
    }
  }
}

function choose(
  { partitionGraph, statuses, choice, forced }: UnitPlanOptions,
  key: AssetKey,
): readonly string[] {
  const set = partitionGraph.set(key);
  if (set === undefined) return [""];
  if (choice.type === "named") return (choice.keys.get(key) ?? []).filter((partition) => set.has(partition));
  const partitions = [...(statuses.get(key)?.partitions ?? [])];
  const isChosen =
    choice.type === "missing"
      ? ([, { status }]: (typeof partitions)[number]) => status === "missing"
      : ([, { status, isDue }]: (typeof partitions)[number]) =>
          isDue && (status !== "fresh" || forced.has(key));
  return partitions.filter(isChosen).map(([partition]) => partition);
}

function inOrder(
  partitionGraph: PartitionGraph,
  key: AssetKey,
  chosen: ReadonlySet<string>,
): readonly string[] {
  const set = partitionGraph.set(key);
  return set === undefined ? [...chosen] : [...chosen].sort((a, b) => set.indexOf(a) - set.indexOf(b));
}
