import type { AssetKey } from "../definition/asset-key.ts";
import type { PartitionMapping } from "../definition/partitions/partition-mapping.ts";
import { type PartitionSet, partitionSetAt } from "../definition/partitions/partition-set.ts";
import type { Unit } from "../definition/unit.ts";
import type { AssetGraph } from "./asset-graph.ts";
import { resolveMapping, type UpstreamsOf } from "./resolve-mapping.ts";

/** What a unit reads of one upstream: its partitions, or `""` alone where it has none. */
export interface UpstreamPartitions {
  readonly key: AssetKey;
  readonly partitions: readonly string[];
  /** Whether all of them must be there. Of `all` partitions, those that are there are read. */
  readonly isRequired: boolean;
}

const unpartitioned: readonly string[] = [""];

/** The asset graph at one instant, partition by partition. Edges are worked out when they are asked for. */
export class PartitionGraph {
  readonly #graph: AssetGraph;
  readonly #now: Date;
  readonly #sets = new Map<AssetKey, PartitionSet | undefined>();
  readonly #mappings = new Map<string, UpstreamsOf>();

  constructor(graph: AssetGraph, now: Date) {
    this.#graph = graph;
    this.#now = now;
  }

  /** Undefined for an asset without partitions. */
  set(key: AssetKey): PartitionSet | undefined {
    if (!this.#sets.has(key)) {
      const { partitions } = this.#graph.asset(key);
      this.#sets.set(key, partitions === undefined ? undefined : partitionSetAt(partitions, this.#now));
    }
    return this.#sets.get(key);
  }

  /** Keys in order; one empty key for an asset without partitions. */
  partitions(key: AssetKey): readonly string[] {
    return this.set(key)?.keys ?? unpartitioned;
  }

  /** What a unit reads, one entry per upstream in key order. */
  upstreams({ key, partition }: Unit): readonly UpstreamPartitions[] {
    return this.#graph.upstreams(key).map((upstream) => {
      const set = this.set(upstream);
      if (set === undefined) return { key: upstream, partitions: unpartitioned, isRequired: true };
      const mapping = this.#mappingOf(key, upstream);
      return {
        key: upstream,
        partitions: this.#upstreamsOf(key, upstream, mapping)(partition),
        isRequired: mapping?.type !== "all" && (mapping !== undefined || this.set(key) !== undefined),
      };
    });
  }

  #mappingOf(key: AssetKey, upstream: AssetKey): PartitionMapping | undefined {
    return this.#graph.asset(key).mappings.get(upstream);
  }

  #upstreamsOf(key: AssetKey, upstream: AssetKey, mapping: PartitionMapping | undefined): UpstreamsOf {
    const edge = `${upstream} ${key}`;
    const known = this.#mappings.get(edge);
    if (known !== undefined) return known;
    const resolved = resolveMapping(
      mapping,
      { partitions: this.#graph.asset(upstream).partitions, set: this.set(upstream) },
      { partitions: this.#graph.asset(key).partitions, set: this.set(key) },
    );
    if (typeof resolved === "string") throw new Error(`Internal error: expected a mapping, got ${resolved}`);
    this.#mappings.set(edge, resolved);
    return resolved;
  }
}
