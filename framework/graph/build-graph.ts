import { DirectedGraph } from "graphology";
import { topologicalSort } from "graphology-dag";
import type { Asset } from "../definition/asset.ts";
import { automationProblems } from "../definition/automation.ts";
import type { AssetKey } from "../definition/asset-key.ts";
import type { Definitions } from "../definition/asset-source.ts";
import type { Check } from "../definition/check.ts";
import { policyProblems } from "../definition/policy-problem.ts";
import { DefinitionError, type DefinitionProblem } from "../definition/problem.ts";
import { nearest } from "../util/nearest.ts";
import type { AssetGraph } from "./asset-graph.ts";
import { findCycle } from "./find-cycle.ts";
import { FrozenAssetGraph } from "./frozen-asset-graph.ts";
import { mappingProblems } from "./mapping-problems.ts";
import { placesOf } from "./places-of.ts";

/**
 * Joins definitions into a graph.
 *
 * @throws DefinitionError with every problem at once: those the definitions carry, duplicate keys, unknown upstreams,
 * cycles (with their whole path), checks on unknown assets and duplicate checks.
 */
export function buildGraph(definitions: Definitions): AssetGraph {
  const problems: DefinitionProblem[] = [...definitions.problems];
  const assets = collectAssets(definitions.assets, problems);
  const checks = collectChecks(
    [...assets.values()].flatMap((asset) => asset.checks).concat(definitions.checks),
    assets,
    problems,
  );
  const edges = drawEdges(assets, problems);
  problems.push(...mappingProblems(assets));
  const keys = sortKeys(edges, assets, problems);
  if (problems.length > 0) throw new DefinitionError(problems);
  return new FrozenAssetGraph({ keys, edges, assets, checks });
}

function collectAssets(definitions: readonly Asset[], problems: DefinitionProblem[]): Map<AssetKey, Asset> {
  const assets = new Map<AssetKey, Asset>();
  for (const asset of definitions) {
    for (const problem of [...asset.problems, ...wrongAutomation(asset)])
      problems.push({ ...placesOf([asset]), ...problem });
    const first = assets.get(asset.key);
    if (first === undefined) assets.set(asset.key, asset);
    else if (first !== asset)
      problems.push({ message: `two assets have the key ${asset.key}`, ...placesOf([first, asset]) });
  }
  // A map keeps insertion order, and every order shown to people follows from it.
  return new Map([...assets].sort(([a], [b]) => (a < b ? -1 : 1)));
}

function collectChecks(
  definitions: readonly Check[],
  assets: ReadonlyMap<AssetKey, Asset>,
  problems: DefinitionProblem[],
): Map<AssetKey, Check[]> {
  const checks = new Map<AssetKey, Check[]>();
  for (const check of new Set(definitions)) {
    problems.push(...check.problems);
    if (!assets.has(check.asset)) {
      if (check.problems.length === 0) {
        problems.push({
          message: `check ${check.name} is on ${check.asset}, which no asset has${suggestion(check.asset, assets)}`,
        });
      }
      continue;
    }
    const siblings = checks.get(check.asset) ?? [];
    if (siblings.some((sibling) => sibling.name === check.name)) {
      problems.push({ message: `two checks on ${check.asset} are called ${check.name}` });
    }
    problems.push(...wrongHolds(check, assets));
    siblings.push(check);
    checks.set(check.asset, siblings);
  }
  return checks;
}

/** What a check says to hold back that no asset is, or that does not read its asset. */
function wrongHolds(check: Check, assets: ReadonlyMap<AssetKey, Asset>): readonly DefinitionProblem[] {
  const reads = (asset: Asset) => Object.values(asset.deps).includes(check.asset);
  return [...new Set(check.holds)].flatMap((key): readonly DefinitionProblem[] => {
    const held = assets.get(key);
    const subject = `check ${check.name} on ${check.asset} holds back ${key}`;
    if (held === undefined) return [{ message: `${subject}, which no asset has${suggestion(key, assets)}` }];
    if (reads(held)) return [];
    const downstreams = [...assets.values()].filter(reads).map((asset) => asset.key);
    return [
      {
        message: `${subject}, which does not read ${check.asset} itself`,
        next:
          downstreams.length === 0
            ? `nothing reads ${check.asset}: say \`blocking: true\``
            : `name what reads it: ${downstreams.join(", ")}`,
      },
    ];
  });
}

/** graphology would make an object for each node and edge, and ours have no attributes. */
const noAttributes = Object.freeze({});

/**
 * Draws an edge from each upstream to its downstream. graphology lists nodes and edges in the order in which they were
 * added: here that is key order, for the downstreams of an asset and for its upstreams.
 *
 * @param assets in key order
 */
function drawEdges(assets: ReadonlyMap<AssetKey, Asset>, problems: DefinitionProblem[]): DirectedGraph {
  const edges = new DirectedGraph({ allowSelfLoops: false });
  for (const key of assets.keys()) edges.addNode(key, noAttributes);
  for (const [key, asset] of assets) {
    for (const upstream of [...new Set(Object.values(asset.deps))].sort()) {
      if (upstream === key) {
        problems.push({
          message: `assets read each other in a circle: ${key} -> ${key}`,
          ...placesOf([asset]),
          next: "remove the asset itself from its `deps`",
        });
      } else if (edges.hasNode(upstream)) {
        edges.addDirectedEdge(upstream, key, noAttributes);
      } else {
        problems.push({
          message: `${key} reads ${upstream}, which no asset has${suggestion(upstream, assets)}`,
          ...placesOf([asset]),
        });
      }
    }
  }
  return edges;
}

/**
 * Keys upstream before downstream, ties in key order: graphology runs Kahn's algorithm with a first-in, first-out queue.
 * It refuses a graph with a circle, so that no walk of its own has to look for one; the problem names the whole path.
 */
function sortKeys(
  edges: DirectedGraph,
  assets: ReadonlyMap<AssetKey, Asset>,
  problems: DefinitionProblem[],
): readonly AssetKey[] {
  try {
    return topologicalSort(edges) as AssetKey[];
  } catch (error) {
    const cycle = findCycle(edges);
    if (cycle === undefined) throw error;
    problems.push({
      message: `assets read each other in a circle: ${cycle.join(" -> ")}`,
      ...placesOf(cycle.slice(0, -1).flatMap((key) => assets.get(key as AssetKey) ?? [])),
      next: "remove one of these edges from `deps`",
    });
    return [];
  }
}

/** Here and not where assets are made, because there are many such places. */
function wrongAutomation({ key, automation, freshness }: Asset): readonly DefinitionProblem[] {
  if (automation === undefined) return [];
  return policyProblems(`${key}: automation`, automationProblems(automation, freshness !== undefined));
}

function suggestion(key: string, assets: ReadonlyMap<AssetKey, Asset>): string {
  const names = nearest(key, assets.keys());
  return names.length === 0 ? "" : `; did you mean ${names.join(" or ")}?`;
}
