import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Asset, type AssetKey, defineAsset, DefinitionError } from "moraine";
import { buildGraph } from "../../framework/graph/build-graph.ts";

/** Upstreams by key. */
type Reads = ReadonlyMap<string, readonly string[]>;

const assetsOf = (reads: Reads): readonly Asset[] =>
  [...reads].map(([key, upstreams]) => ({
    ...defineAsset({ key, codeVersion: "1", materialize: () => {} }),
    deps: Object.fromEntries(upstreams.map((upstream) => [upstream, upstream as AssetKey])),
  }));

const graphOf = (assets: readonly Asset[]) => buildGraph({ assets, checks: [], problems: [] });

/** Any edges between up to twelve assets, in any order of definition, whose names say nothing of their edges. */
const anyReads = fc
  .shuffledSubarray(
    Array.from("abcdefghijkl", (letter) => `n/${letter}`),
    { minLength: 1 },
  )
  .chain((keys) =>
    fc.tuple(
      ...keys.map((key) =>
        fc.tuple(fc.constant(key), fc.subarray([...keys], { maxLength: Math.min(3, keys.length) })),
      ),
    ),
  )
  .map((entries): Reads => new Map(entries));

/** The same without a cycle: an asset reads only those before it; then the order of definition is shuffled again. */
const acyclicReads = anyReads.chain((reads) => {
  const keys = [...reads.keys()];
  const acyclic = [...reads].map(
    ([key, upstreams], index) =>
      [key, upstreams.filter((upstream) => keys.indexOf(upstream) < index)] as const,
  );
  return fc
    .shuffledSubarray(acyclic, { minLength: acyclic.length, maxLength: acyclic.length })
    .map((entries): Reads => new Map(entries));
});

/** Round by round, by the definition of reachability. */
function reachable(
  start: string,
  hops: number,
  next: (key: string) => readonly string[],
): ReadonlySet<string> {
  let reached = new Set([start]);
  for (let hop = 0; hop < Math.min(hops, 20); hop++)
    reached = new Set([...reached].flatMap((key) => [key, ...next(key)]));
  reached.delete(start);
  return reached;
}

/** Kahn's algorithm over keys in order, first in, first out: the order of every list that moraine prints. */
function orderOf(reads: Reads): readonly string[] {
  const sorted = [...reads].sort(([a], [b]) => (a < b ? -1 : 1));
  const order = sorted.flatMap(([key, upstreams]) => (upstreams.length === 0 ? [key] : []));
  const done = new Set<string>();
  for (const key of order) {
    done.add(key);
    for (const [reader, upstreams] of sorted)
      if (upstreams.includes(key) && upstreams.every((upstream) => done.has(upstream))) order.push(reader);
  }
  return order;
}

describe("an asset graph", () => {
  it("has every upstream before its downstreams, in an order that the order of definition does not change", () => {
    fc.assert(
      fc.property(acyclicReads, (reads) => {
        const { keys } = graphOf(assetsOf(reads));
        expect([...keys].sort()).toEqual([...reads.keys()].sort());
        for (const [key, upstreams] of reads)
          for (const upstream of upstreams)
            expect(keys.indexOf(upstream as AssetKey)).toBeLessThan(keys.indexOf(key as AssetKey));
        expect(graphOf(assetsOf(reads).toReversed()).keys).toEqual(keys);
      }),
    );
  });

  it("keeps ties in key order, round by round from the roots", () => {
    fc.assert(
      fc.property(acyclicReads, (reads) => {
        expect(graphOf(assetsOf(reads)).keys).toEqual(orderOf(reads));
      }),
    );
  });

  it("lists direct upstreams and downstreams in key order", () => {
    fc.assert(
      fc.property(acyclicReads, (reads) => {
        const graph = graphOf(assetsOf(reads));
        for (const key of graph.keys) {
          expect(graph.upstreams(key)).toEqual([...(reads.get(key) ?? [])].sort());
          const readers = [...reads].flatMap(([reader, read]) => (read.includes(key) ? [reader] : []));
          expect(graph.downstreams(key)).toEqual(readers.sort());
        }
      }),
    );
  });

  it("finds ancestors and descendants within any number of hops, in topological order", () => {
    fc.assert(
      fc.property(
        acyclicReads,
        fc.option(fc.nat({ max: 12 }), { nil: undefined }),
        (reads, hops = Infinity) => {
          const graph = graphOf(assetsOf(reads));
          const inOrder = (found: ReadonlySet<string>) => graph.keys.filter((key) => found.has(key));
          for (const key of graph.keys) {
            const above = reachable(key, hops, (one) => reads.get(one) ?? []);
            expect(graph.ancestors(key, hops)).toEqual(inOrder(above));
            const below = reachable(key, hops, (one) => graph.downstreams(one as AssetKey));
            expect(graph.descendants(key, hops)).toEqual(inOrder(below));
          }
        },
      ),
    );
  });

  it("is refused for a circle exactly when there is one, and the path that is named is one", () => {
    fc.assert(
      fc.property(anyReads, (reads) => {
        const others: Reads = new Map(
          [...reads].map(([key, read]) => [key, read.filter((upstream) => upstream !== key)]),
        );
        const isCyclic = [...others].some(([key, upstreams]) =>
          upstreams.some((upstream) => reachable(upstream, 20, (one) => others.get(one) ?? []).has(key)),
        );
        expect(circleOf(assetsOf(others)) !== undefined).toBe(isCyclic);
        const path = circleOf(assetsOf(others)) ?? [];
        expect(path[0]).toBe(path.at(-1));
        expect(new Set(path.slice(1)).size).toBe(Math.max(0, path.length - 1));
        for (const [index, key] of path.slice(1).entries()) expect(others.get(key)).toContain(path[index]);
      }),
    );
  });

  it("can't be changed through what it hands out", () => {
    const graph = graphOf(
      assetsOf(
        new Map([
          ["n/a", []],
          ["n/b", ["n/a"]],
        ]),
      ),
    );
    const [a, b] = graph.keys as readonly [AssetKey, AssetKey];
    for (const list of [graph.keys, graph.upstreams(b), graph.downstreams(a)])
      expect(() => (list as AssetKey[]).pop()).toThrow(TypeError);
    (graph.ancestors(b) as AssetKey[]).pop();
    expect([graph.keys, graph.upstreams(b), graph.downstreams(a), graph.ancestors(b)]).toEqual([
      [a, b],
      [a],
      [b],
      [a],
    ]);
  });
});

/** The path that the refusal names. */
function circleOf(assets: readonly Asset[]): readonly string[] | undefined {
  try {
    graphOf(assets);
    return undefined;
  } catch (error) {
    if (!(error instanceof DefinitionError)) throw error;
    const messages = error.problems.map((problem) => problem.message).join("\n");
    return messages.replace("assets read each other in a circle: ", "").split(" -> ");
  }
}
