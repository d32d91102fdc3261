import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Asset, type AssetKey, assetKey, defineAsset } from "moraine";
import type { AssetGraph } from "../../framework/graph/asset-graph.ts";
import { buildGraph } from "../../framework/graph/build-graph.ts";
import { selectAssets } from "../../framework/graph/selection.ts";
import { printSelection } from "../../framework/graph/selection-print.ts";
import type { Selection } from "../../framework/graph/selection-syntax.ts";
import { selections } from "./selection-arbitrary.ts";

const nowhere = { source: "", start: 0, end: 0 };

const groups = ["crm", "finance", "web"];

/** Random graphs of up to 14 assets; edges go from lower to higher numbers, keys do not. */
const graphs: fc.Arbitrary<AssetGraph> = fc
  .array(fc.record({ reads: fc.array(fc.nat(13), { maxLength: 4 }), group: fc.constantFrom(...groups) }), {
    minLength: 1,
    maxLength: 14,
  })
  .map((nodes) => {
    const assets: Asset[] = [];
    for (const [index, { reads, group }] of nodes.entries()) {
      const deps = Object.fromEntries(
        reads.flatMap((read) => assets.slice(read, read + 1)).map((asset) => [`_${asset.key}`, asset]),
      );
      assets.push(defineAsset({ key: keyOf(index), group, deps, materialize: () => {} }));
    }
    return buildGraph({ assets, checks: [], problems: [] });
  });

function keyOf(index: number): AssetKey {
  return assetKey(`${["raw", "mart"][index % 2]}/t${(index * 5) % 14}`);
}

const leaves: fc.Arbitrary<Selection> = fc.oneof(
  fc.nat(13).map((index): Selection => ({ type: "name", pattern: keyOf(index), at: nowhere })),
  fc
    .constantFrom("raw/*", "mart/*", "*1?")
    .map((pattern): Selection => ({ type: "name", pattern, at: nowhere })),
  fc
    .constantFrom(...groups)
    .map((value): Selection => ({ type: "attribute", field: "group", value, at: nowhere })),
  fc
    .constantFrom("fresh", "stale")
    .map((value): Selection => ({ type: "attribute", field: "state", value, at: nowhere })),
  fc.constantFrom("roots", "sinks").map((name): Selection => ({ type: "call", name, at: nowhere })),
  fc.constantFrom("1d", "9d").map((since): Selection => ({ type: "changed-since", since, at: nowhere })),
);

const now = new Date("2026-11-23T12:00:00Z");
const isStale = (key: string) => key.endsWith("0") || key.endsWith("5");
const changedAt = (key: string) => new Date(now.getTime() - (key.length % 3) * 5 * 86_400_000);

/** Undefined where a leaf names nothing, which is refused. */
function select(graph: AssetGraph, ...terms: string[]): readonly AssetKey[] | undefined {
  try {
    return selectAssets(graph, terms, {
      stateOf: (key) => new Set([isStale(key) ? "stale" : "fresh"]),
      changes: { now, changedSince: (at) => new Set(graph.keys.filter((key) => changedAt(key) >= at)) },
    });
  } catch {
    return undefined;
  }
}

/** What a selection means, asset by asset. */
function isNamed(graph: AssetGraph, selection: Selection, key: AssetKey): boolean {
  switch (selection.type) {
    case "name": {
      const { pattern } = selection;
      if (pattern.endsWith("/*")) return key.startsWith(pattern.slice(0, -1));
      return pattern === "*1?" ? key.at(-2) === "1" : key === pattern;
    }
    case "attribute":
      if (selection.field === "group") return graph.asset(key).group === selection.value;
      return isStale(key) === (selection.value === "stale");
    case "call":
      return (selection.name === "roots" ? graph.upstreams(key) : graph.downstreams(key)).length === 0;
    case "changed-since":
      return changedAt(key).getTime() >= now.getTime() - Number.parseInt(selection.since) * 86_400_000;
    case "reach": {
      const { of, up, down } = selection;
      const near = [
        key,
        ...(up === undefined ? [] : graph.descendants(key, up)),
        ...(down === undefined ? [] : graph.ancestors(key, down)),
      ];
      return near.some((other) => isNamed(graph, of, other));
    }
    case "not":
      return !isNamed(graph, selection.operand, key);
    case "and":
      return selection.operands.every((operand) => isNamed(graph, operand, key));
    case "or":
      return selection.operands.some((operand) => isNamed(graph, operand, key));
    default:
      throw new Error("Internal error: expected every form to have a meaning");
  }
}

describe("over any graph, a selection", () => {
  const terms = selections(leaves).map(printSelection);
  const both = (graph: AssetGraph, a: string, b: string) => [select(graph, a), select(graph, b)] as const;

  it("names what each asset says of itself, in topological order", () => {
    fc.assert(
      fc.property(graphs, selections(leaves), (graph, selection) => {
        // As `(...)`, so that a negation is not one that takes away from other arguments.
        const keys = select(graph, `(${printSelection(selection)}) or (roots() and not roots())`);
        fc.pre(keys !== undefined);
        expect(keys).toEqual(graph.keys.filter((key) => isNamed(graph, selection, key)));
      }),
      { numRuns: 500 },
    );
  });

  it("joins, intersects and turns round as sets do", () => {
    fc.assert(
      fc.property(graphs, terms, terms, (graph, a, b) => {
        const [left, right] = both(graph, a, b);
        fc.pre(left !== undefined && right !== undefined);
        const filter = (test: (key: AssetKey) => boolean) => graph.keys.filter(test);
        expect(select(graph, `(${a}) or (${b})`)).toEqual(
          filter((key) => left.includes(key) || right.includes(key)),
        );
        expect(select(graph, `(${a}) and (${b})`)).toEqual(
          filter((key) => left.includes(key) && right.includes(key)),
        );
        expect(select(graph, `(${a}),(${b})`)).toEqual(select(graph, `(${a}) and (${b})`));
        expect(select(graph, `not (${a})`)).toEqual(filter((key) => !left.includes(key)));
        expect(select(graph, `not (not (${a}))`)).toEqual(left);
        expect(select(graph, `not ((${a}) or (${b}))`)).toEqual(select(graph, `(not (${a})) and ^(${b})`));
        expect(select(graph, `(${a}) and not (${b})`)).toEqual(
          filter((key) => left.includes(key) && !right.includes(key)),
        );
        expect(select(graph, "roots() or sinks()", `^(${b})`)).toEqual(
          select(graph, `(roots() or sinks()) and not (${b})`),
        );
      }),
      { numRuns: 300 },
    );
  });

  it("spreads hops over a union", () => {
    fc.assert(
      fc.property(graphs, terms, terms, fc.constantFrom("", "0", "1", "2"), (graph, a, b, hops) => {
        fc.pre(both(graph, a, b).every((keys) => keys !== undefined));
        expect(select(graph, `${hops}+((${a}) or (${b}))+${hops}`)).toEqual(
          select(graph, `${hops}+(${a})+${hops} or ${hops}+(${b})+${hops}`),
        );
      }),
      { numRuns: 300 },
    );
  });
});
