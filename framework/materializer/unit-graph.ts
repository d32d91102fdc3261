import type { AssetKey } from "../definition/asset-key.ts";
import { type Unit, type UnitId, unitId } from "../definition/unit.ts";
import type { PartitionGraph } from "../graph/partition-graph.ts";

/** The units of one run and their edges among each other. */
export interface UnitGraph {
  /** Upstream before downstream. */
  readonly order: readonly Unit[];
  has(unit: Unit): boolean;
  /** Units of the run that this one reads. */
  upstreamCount(unit: Unit): number;
  downstreams(unit: Unit): readonly Unit[];
}

/** Joins units by what they read. @param units partitions by asset, in topological order */
export function buildUnitGraph(
  partitionGraph: PartitionGraph,
  units: ReadonlyMap<AssetKey, readonly string[]>,
): UnitGraph {
  const order = [...units].flatMap(([key, partitions]) =>
    partitions.map((partition): Unit => ({ key, partition })),
  );
  const byId = new Map<UnitId, Unit>(order.map((unit) => [unitId(unit), unit]));
  const counts = new Map<UnitId, number>();
  const downstreams = new Map<UnitId, Unit[]>();
  for (const unit of order) {
    let count = 0;
    for (const { key, partitions } of partitionGraph.upstreams(unit)) {
      if (!units.has(key)) continue;
      for (const partition of partitions) {
        const upstream = unitId({ key, partition });
        if (!byId.has(upstream)) continue;
        count += 1;
        const readers = downstreams.get(upstream);
        if (readers === undefined) downstreams.set(upstream, [unit]);
        else readers.push(unit);
      }
    }
    counts.set(unitId(unit), count);
  }
  return {
    order,
    has: (unit) => byId.has(unitId(unit)),
    upstreamCount: (unit) => counts.get(unitId(unit)) ?? 0,
    downstreams: (unit) => downstreams.get(unitId(unit)) ?? [],
  };
}
