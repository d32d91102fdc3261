import type { Asset } from "../definition/asset.ts";
import type { AssetKey } from "../definition/asset-key.ts";
import type { Check } from "../definition/check.ts";

/** The project's assets and their edges, checked: no cycle, no unknown upstream, no duplicate key. */
export interface AssetGraph {
  /** All keys, upstream before downstream; ties in key order. */
  readonly keys: readonly AssetKey[];
  readonly size: number;
  has(key: string): key is AssetKey;
  /** @throws Error (our bug) for a key that `has` denies */
  asset(key: AssetKey): Asset;
  checks(key: AssetKey): readonly Check[];
  /** Direct ones, in key order. */
  upstreams(key: AssetKey): readonly AssetKey[];
  downstreams(key: AssetKey): readonly AssetKey[];
  /** All within `hops` (default: any number), without the key itself, in topological order. */
  ancestors(key: AssetKey, hops?: number): readonly AssetKey[];
  descendants(key: AssetKey, hops?: number): readonly AssetKey[];
}
