import type { AssetKey } from "../../framework/definition/asset-key.ts";
import { defineAsset } from "../../framework/definition/define-asset.ts";
import type { Asset } from "../../framework/definition/asset.ts";
import type { Check } from "../../framework/definition/check.ts";
import type { AssetGraph } from "../../framework/graph/asset-graph.ts";
import { buildGraph } from "../../framework/graph/build-graph.ts";

/** A graph from `{key: upstream keys}`, upstreams first. */
export function graphOf(
  edges: Readonly<Record<string, readonly string[]>>,
  checks: readonly Check[] = [],
  more: Readonly<
    Record<string, { group?: string; owners?: readonly string[]; tags?: readonly string[] }>
  > = {},
): AssetGraph {
  const assets = new Map<string, Asset>();
  for (const [key, upstreams] of Object.entries(edges)) {
    const deps: Record<string, Asset> = {};
    for (const [index, upstream] of upstreams.entries()) {
      const asset = assets.get(upstream);
      if (asset === undefined) throw new Error(`expected ${upstream} before ${key}`);
      deps[`up${index}`] = asset;
    }
    assets.set(
      key,
      defineAsset({ key, deps, codeVersion: "1", ...more[key], materialize: () => ({ dataVersion: "1" }) }),
    );
  }
  return buildGraph({ assets: [...assets.values()], checks, problems: [] });
}

/** `a` as a key. */
export const at = (key: string) => key as AssetKey;
