import type { DirectedGraph } from "graphology";
import type { Asset } from "../definition/asset.ts";
import type { AssetKey } from "../definition/asset-key.ts";
import type { Check } from "../definition/check.ts";
import type { AssetGraph } from "./asset-graph.ts";
import { withinHops } from "./within-hops.ts";

/** Definitions that were found right, over a graphology graph that nothing else can reach. */
export class FrozenAssetGraph implements AssetGraph {
  readonly keys: readonly AssetKey[];
  readonly #edges: DirectedGraph;
  readonly #assets: ReadonlyMap<AssetKey, Asset>;
  readonly #checks: ReadonlyMap<AssetKey, readonly Check[]>;
  readonly #position: ReadonlyMap<AssetKey, number>;
  /** Lists that were asked for before: graphology makes a new array each time. */
  readonly #upstreams = new Map<AssetKey, readonly AssetKey[]>();
  readonly #downstreams = new Map<AssetKey, readonly AssetKey[]>();

  /** @param parts `keys`: upstream before downstream; `edges`: added in key order */
  constructor(parts: {
    readonly keys: readonly AssetKey[];
    readonly edges: DirectedGraph;
    readonly assets: ReadonlyMap<AssetKey, Asset>;
    readonly checks: ReadonlyMap<AssetKey, readonly Check[]>;
  }) {
    this.keys = Object.freeze(parts.keys);
    this.#edges = parts.edges;
    this.#assets = parts.assets;
    this.#checks = parts.checks;
    this.#position = new Map(this.keys.map((key, position) => [key, position]));
  }

  get size(): number {
    return this.keys.length;
  }

  has(key: string): key is AssetKey {
    return this.#assets.has(key as AssetKey);
  }

  asset(key: AssetKey): Asset {
    const asset = this.#assets.get(key);
    if (asset === undefined) throw new Error(`Internal error: expected an asset of the graph, got ${key}`);
    return asset;
  }

  checks(key: AssetKey): readonly Check[] {
    return this.#checks.get(key) ?? [];
  }

  upstreams(key: AssetKey): readonly AssetKey[] {
    return this.#upstreams.get(key) ?? this.#list(this.#upstreams, key, "inNeighbors");
  }

  downstreams(key: AssetKey): readonly AssetKey[] {
    return this.#downstreams.get(key) ?? this.#list(this.#downstreams, key, "outNeighbors");
  }

  ancestors(key: AssetKey, hops = Infinity): readonly AssetKey[] {
    return this.#others(
      key,
      withinHops([key], hops, (one) => this.upstreams(one)),
    );
  }

  descendants(key: AssetKey, hops = Infinity): readonly AssetKey[] {
    return this.#others(
      key,
      withinHops([key], hops, (one) => this.downstreams(one)),
    );
  }

  #list(
    lists: Map<AssetKey, readonly AssetKey[]>,
    key: AssetKey,
    side: "inNeighbors" | "outNeighbors",
  ): readonly AssetKey[] {
    if (!this.has(key)) return [];
    const list = Object.freeze(this.#edges[side](key) as AssetKey[]);
    lists.set(key, list);
    return list;
  }

  #others(key: AssetKey, reached: Set<AssetKey>): readonly AssetKey[] {
    reached.delete(key);
    const position = (one: AssetKey) => this.#position.get(one) ?? 0;
    return [...reached].sort((a, b) => position(a) - position(b));
  }
}
