import type { AssetKey } from "../asset-key.ts";
import type { HasRows } from "../row-type.ts";

/** Which partitions of an upstream a partition reads. */
export type PartitionMapping =
  /** The one of the same key. */
  | { readonly type: "same" }
  /**
   * Those whose windows overlap the partition's own, and as many before (`from`, negative) and after (`to`) as said;
   * what lies outside the upstream's partitions is left out.
   */
  | { readonly type: "window"; readonly from: number; readonly to: number }
  /** All that have been materialized. */
  | { readonly type: "all" }
  | {
      readonly type: "custom";
      readonly upstreamsOf: (key: string, upstreamKeys: readonly string[]) => readonly string[];
    };

/** An upstream with the partitions that are read of it. Made by {@link dep}. */
export interface Dependency<R = unknown> extends HasRows<R> {
  readonly kind: "dependency";
  readonly key: AssetKey;
  readonly mapping: PartitionMapping;
}

/**
 * An upstream in `deps` of which other partitions are read than by default. The default: the partition of the same key
 * where both are cut alike, those whose windows overlap where both are cut by time, the matching dimension where one of
 * them has several, and all of them where only the upstream is partitioned.
 */
export function dep<R>(
  asset: HasRows<R> & { readonly key: AssetKey },
  mapping: PartitionMapping,
): Dependency<R> {
  return Object.freeze({ kind: "dependency", key: asset.key, mapping });
}

/** Reads the partition of the same key. */
export function samePartition(): PartitionMapping {
  return { type: "same" };
}

/** Reads a window of partitions, e.g. `{ from: -6 }` for a day and the six before it. `to` is inclusive. @default 0, 0 */
export function partitionWindow(
  range: { readonly from?: number; readonly to?: number } = {},
): PartitionMapping {
  return { type: "window", from: range.from ?? 0, to: range.to ?? 0 };
}

/** Reads all partitions that have been materialized; at least one must have been. */
export function allPartitions(): PartitionMapping {
  return { type: "all" };
}

/**
 * Reads the partitions that a pure function names.
 *
 * @param upstreamsOf given the key of a partition and the keys of the upstream, those that are read; keys that the
 * upstream does not have are left out
 */
export function customPartitions(
  upstreamsOf: (key: string, upstreamKeys: readonly string[]) => readonly string[],
): PartitionMapping {
  return { type: "custom", upstreamsOf };
}

/** Mapping by upstream, for those that say one. */
export type Mappings = ReadonlyMap<AssetKey, PartitionMapping>;
