import type { Asset } from "../definition/asset.ts";
import type { AssetKey } from "../definition/asset-key.ts";
import { partitionSetAt } from "../definition/partitions/partition-set.ts";
import { partitionsProblems } from "../definition/partitions/partitions.ts";
import type { DefinitionProblem } from "../definition/problem.ts";
import { placesOf } from "./places-of.ts";
import { type PartitionedEnd, resolveMapping } from "./resolve-mapping.ts";

/** Every edge between partitioned assets on which it is not clear which partitions are read. */
export function mappingProblems(assets: ReadonlyMap<AssetKey, Asset>): readonly DefinitionProblem[] {
  const problems: DefinitionProblem[] = [];
  for (const asset of assets.values()) {
    for (const key of new Set(Object.values(asset.deps))) {
      const upstream = assets.get(key);
      const mapping = asset.mappings.get(key);
      if (upstream === undefined || (upstream.partitions === undefined && mapping === undefined)) continue;
      if (hasOwnProblems(upstream) || hasOwnProblems(asset)) continue;
      const resolved = resolveMapping(mapping, endOf(upstream), endOf(asset));
      if (typeof resolved !== "string") continue;
      problems.push({
        message: `${asset.key} reads ${key}: ${resolved}`,
        ...placesOf([asset]),
      });
    }
  }
  return problems;
}

function hasOwnProblems({ partitions }: Asset): boolean {
  return partitions !== undefined && partitionsProblems(partitions).length > 0;
}

/** At the beginning of time: which partitions there are does not matter here, only how they are cut. */
function endOf({ partitions }: Asset): PartitionedEnd {
  return { partitions, set: partitions === undefined ? undefined : partitionSetAt(partitions, new Date(0)) };
}
