import type { Asset, Deps } from "./asset.ts";
import type { AssetKey } from "./asset-key.ts";
import type { Mappings, PartitionMapping } from "./partitions/partition-mapping.ts";

/** Takes `deps` apart: upstream keys by name, and which partitions are read of those that say so. */
export function readDeps(
  deps: Deps,
  onProblem: (message: string) => void,
): { readonly deps: Asset["deps"]; readonly mappings: Mappings } {
  const keys: Record<string, AssetKey> = {};
  const mappings = new Map<AssetKey, PartitionMapping>();
  for (const [name, upstream] of Object.entries(deps)) {
    const { key } = upstream;
    keys[name] = key;
    if (upstream.kind !== "dependency") continue;
    if (mappings.has(key)) onProblem(`${key} is read with two mappings; one asset reads another in one way`);
    mappings.set(key, upstream.mapping);
  }
  return { deps: Object.freeze(keys), mappings };
}
