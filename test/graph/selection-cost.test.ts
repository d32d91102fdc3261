import { expect, it } from "vitest";
import { type Asset, defineAsset } from "moraine";
import type { AssetGraph } from "../../framework/graph/asset-graph.ts";
import { buildGraph } from "../../framework/graph/build-graph.ts";
import { selectAssets } from "../../framework/graph/selection.ts";

/** A chain in which each asset also reads the one before last. */
function chain(length: number): AssetGraph {
  const assets: Asset[] = [];
  for (let index = 0; index < length; index++) {
    const deps = Object.fromEntries(assets.slice(-2).map((asset) => [asset.key.slice(4), asset]));
    assets.push(defineAsset({ key: `raw/t${index}`, deps, codeVersion: "1", materialize: () => {} }));
  }
  return buildGraph({ assets, checks: [], problems: [] });
}

it("reads the neighbours of each asset once a direction, however many assets hops start from", () => {
  const graph = chain(500);
  const asked: string[] = [];
  const refuse = () => {
    throw new Error("expected one walk from all assets at once, got one from each");
  };
  const counted: AssetGraph = {
    keys: graph.keys,
    size: graph.size,
    has: (key) => graph.has(key),
    asset: (key) => graph.asset(key),
    checks: (key) => graph.checks(key),
    upstreams: (key) => (asked.push(`upstreams of ${key}`), graph.upstreams(key)),
    downstreams: (key) => (asked.push(`downstreams of ${key}`), graph.downstreams(key)),
    ancestors: refuse,
    descendants: refuse,
  };
  for (const term of ["+*+", "+raw/t*7+", "+raw/t499", "raw/t0+", "3+*5*+3"]) {
    asked.length = 0;
    selectAssets(counted, [term], () => new Set());
    expect(new Set(asked).size).toBe(asked.length);
  }
});
