import type { PartitionMapping } from "../definition/partitions/partition-mapping.ts";
import { MultiSet, type PartitionSet, TimeSet } from "../definition/partitions/partition-set.ts";
import type { Partitions } from "../definition/partitions/partitions.ts";
import { unreachable } from "../util/unreachable.ts";
import { canonicalJson, type Json } from "../util/hash.ts";

/** One end of an edge. */
export interface PartitionedEnd {
  readonly partitions: Partitions | undefined;
  readonly set: PartitionSet | undefined;
}

/** The partitions of the upstream that a partition reads, in the upstream's order. */
export type UpstreamsOf = (partition: string) => readonly string[];

/**
 * Turns what `deps` says, or nothing, into the partitions that are read. The upstream has partitions.
 *
 * @returns the function, or what is wrong with the mapping, one line
 */
export function resolveMapping(
  mapping: PartitionMapping | undefined,
  upstream: PartitionedEnd,
  downstream: PartitionedEnd,
): UpstreamsOf | string {
  const { set } = upstream;
  if (set === undefined)
    return mapping === undefined ? () => [""] : "the upstream has no partitions to choose from";
  switch (mapping?.type) {
    case undefined:
      return byDefault(upstream, downstream);
    case "all":
      return () => set.keys;
    case "custom":
      return (key) => inOrder(set, mapping.upstreamsOf(key, set.keys));
    case "same":
      if (downstream.set === undefined)
        return "only a partitioned asset can read the partition of the same key";
      return (key) => (set.has(key) ? [key] : []);
    case "window":
      return windowOf(mapping, set, downstream.set);
    default:
      return unreachable(mapping);
  }
}

function byDefault(upstream: PartitionedEnd, downstream: PartitionedEnd): UpstreamsOf | string {
  const { set } = upstream;
  const own = downstream.set;
  if (set === undefined) return () => [""];
  if (own === undefined) return () => set.keys;
  if (areAlike(upstream.partitions, downstream.partitions)) return (key) => (set.has(key) ? [key] : []);
  if (set instanceof TimeSet && own instanceof TimeSet) return windowOf({ from: 0, to: 0 }, set, own);
  if (set instanceof MultiSet || own instanceof MultiSet) return byDimension(upstream, downstream);
  return "they are partitioned in different ways; say with dep(asset, mapping) which partitions are read";
}

/** Dimensions of the same name, or for an end of one dimension the one that is cut alike, must match; the rest is all. */
function byDimension(upstream: PartitionedEnd, downstream: PartitionedEnd): UpstreamsOf | string {
  const reads = dimensionsOf(upstream);
  const own = dimensionsOf(downstream);
  const matches = [...reads].flatMap(([name, end]) => {
    const found =
      own.get(name) ?? [...own.values()].find((candidate) => areAlike(candidate.partitions, end.partitions));
    return found === undefined ? [] : [{ name, end, own: found, ownName: nameIn(own, found) }];
  });
  if (matches.length === 0)
    return "they have no dimension in common; say with dep(asset, mapping) which partitions are read";
  const resolved = new Map<string, UpstreamsOf>();
  for (const { name, end, own: ownEnd } of matches) {
    const single = byDefault(end, ownEnd);
    if (typeof single === "string") return `dimension ${name}: ${single}`;
    resolved.set(name, single);
  }
  return (key) => {
    const chosen = [...reads].map(([name, end]) => {
      const match = matches.find((candidate) => candidate.name === name);
      const single = resolved.get(name);
      if (match === undefined || single === undefined) return end.set?.keys ?? [];
      return single(keyIn(downstream, key, match.ownName));
    });
    return chosen
      .reduce<readonly (readonly string[])[]>(
        (heads, keys) => heads.flatMap((head) => keys.map((one) => [...head, one])),
        [[]],
      )
      .map((parts) => parts.join("|"));
  };
}

function dimensionsOf(end: PartitionedEnd): ReadonlyMap<string, PartitionedEnd> {
  const { partitions, set } = end;
  if (partitions?.type !== "multi" || !(set instanceof MultiSet)) return new Map([["", end]]);
  return new Map(
    Object.entries(partitions.dimensions).map(([name, dimension]) => [
      name,
      { partitions: dimension, set: set.dimensions.get(name) },
    ]),
  );
}

function nameIn(ends: ReadonlyMap<string, PartitionedEnd>, end: PartitionedEnd): string {
  return [...ends].find(([, candidate]) => candidate === end)?.[0] ?? "";
}

function keyIn({ set }: PartitionedEnd, key: string, dimension: string): string {
  return set instanceof MultiSet ? set.keyIn(key, dimension) : key;
}

function windowOf(
  { from, to }: { readonly from: number; readonly to: number },
  set: PartitionSet,
  own: PartitionSet | undefined,
): UpstreamsOf | string {
  if (!(set instanceof TimeSet) || !(own instanceof TimeSet))
    return "a window can be read only where both assets are partitioned by time";
  return (key) => {
    const [first, last] = set.overlapping(own.windowAt(own.indexOf(key)));
    return set.keys.slice(Math.max(0, first + from), Math.max(0, last + to));
  };
}

function inOrder(set: PartitionSet, keys: readonly string[]): readonly string[] {
  return [...new Set(keys)].filter((key) => set.has(key)).sort((a, b) => set.indexOf(a) - set.indexOf(b));
}

/** Whether two ends are cut alike; where their rows keep it does not matter. */
function areAlike(a: Partitions | undefined, b: Partitions | undefined): boolean {
  return a !== undefined && b !== undefined && textOf(a) === textOf(b);
}

function textOf(partitions: Partitions): string {
  return canonicalJson(
    JSON.parse(
      JSON.stringify(partitions, (name, value: unknown) => (name === "column" ? undefined : value)),
    ) as Json,
  );
}
