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
import { mappingProblems } from "./mapping-problems.ts";

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
  const upstreams = readUpstreams(assets, problems);
  problems.push(...mappingProblems(assets));
  const downstreams = turnedRound(upstreams);
  const cycle = findCycle(downstreams);
  if (cycle !== undefined) {
    problems.push({
      message: `assets read each other in a circle: ${cycle.join(" -> ")}`,
      next: "remove one of these edges from `deps`",
    });
  }
  if (problems.length > 0) throw new DefinitionError(problems);
  return new FrozenAssetGraph({
    keys: topologicalOrder(upstreams, downstreams),
    assets,
    checks,
    upstreams,
    downstreams,
  });
}

function collectAssets(definitions: readonly Asset[], problems: DefinitionProblem[]): Map<AssetKey, Asset> {
  const assets = new Map<AssetKey, Asset>();
  for (const asset of definitions) {
    problems.push(...asset.problems, ...wrongAutomation(asset));
    const first = assets.get(asset.key);
    if (first === undefined) assets.set(asset.key, asset);
    else if (first !== asset)
      problems.push({ message: `two assets have the key ${asset.key}`, ...place(asset) });
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

type Neighbours = ReadonlyMap<AssetKey, readonly AssetKey[]>;

/** What every asset reads, in key order. */
function readUpstreams(assets: ReadonlyMap<AssetKey, Asset>, problems: DefinitionProblem[]): Neighbours {
  const upstreamsOf = (asset: Asset) =>
    [...new Set(Object.values(asset.deps))].sort().filter((upstream) => {
      if (!assets.has(upstream)) {
        problems.push({
          message: `${asset.key} reads ${upstream}, which no asset has${suggestion(upstream, assets)}`,
          ...place(asset),
        });
        return false;
      }
      if (upstream !== asset.key) return true;
      problems.push({
        message: `assets read each other in a circle: ${asset.key} -> ${asset.key}`,
        ...place(asset),
      });
      return false;
    });
  return new Map([...assets].map(([key, asset]) => [key, upstreamsOf(asset)]));
}

/** What reads every asset, in key order. */
function turnedRound(upstreams: Neighbours): Neighbours {
  const downstreams = new Map([...upstreams.keys()].map((key): [AssetKey, AssetKey[]] => [key, []]));
  for (const [key, read] of upstreams) for (const upstream of read) downstreams.get(upstream)?.push(key);
  return downstreams;
}

/** Kahn's algorithm (Topological sorting of large networks, 1962): upstream before downstream, ties in key order. */
function topologicalOrder(upstreams: Neighbours, downstreams: Neighbours): readonly AssetKey[] {
  const waitsFor = new Map([...upstreams].map(([key, read]) => [key, read.length]));
  const order = [...upstreams.keys()].filter((key) => waitsFor.get(key) === 0);
  for (const key of order) {
    for (const downstream of downstreams.get(key) ?? []) {
      const left = (waitsFor.get(downstream) ?? 0) - 1;
      waitsFor.set(downstream, left);
      if (left === 0) order.push(downstream);
    }
  }
  return order;
}

/** Here and not where assets are made, because there are many such places. */
function wrongAutomation({ key, automation, freshness }: Asset): readonly DefinitionProblem[] {
  if (automation === undefined) return [];
  return policyProblems(`${key}: automation`, automationProblems(automation, freshness !== undefined));
}

function place(asset: Asset): Pick<DefinitionProblem, "where"> {
  return asset.where === undefined ? {} : { where: asset.where };
}

function suggestion(key: string, assets: ReadonlyMap<AssetKey, Asset>): string {
  const names = nearest(key, assets.keys());
  return names.length === 0 ? "" : `; did you mean ${names.join(" or ")}?`;
}

class FrozenAssetGraph implements AssetGraph {
  readonly keys: readonly AssetKey[];
  readonly #assets: ReadonlyMap<AssetKey, Asset>;
  readonly #checks: ReadonlyMap<AssetKey, readonly Check[]>;
  readonly #upstreams: Neighbours;
  readonly #downstreams: Neighbours;
  readonly #position: ReadonlyMap<AssetKey, number>;

  constructor(parts: {
    readonly keys: readonly AssetKey[];
    readonly assets: ReadonlyMap<AssetKey, Asset>;
    readonly checks: ReadonlyMap<AssetKey, readonly Check[]>;
    readonly upstreams: Neighbours;
    readonly downstreams: Neighbours;
  }) {
    this.keys = parts.keys;
    this.#assets = parts.assets;
    this.#checks = parts.checks;
    this.#upstreams = parts.upstreams;
    this.#downstreams = parts.downstreams;
    this.#position = new Map(parts.keys.map((key, position) => [key, position]));
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
    return this.#upstreams.get(key) ?? [];
  }

  downstreams(key: AssetKey): readonly AssetKey[] {
    return this.#downstreams.get(key) ?? [];
  }

  ancestors(key: AssetKey, hops = Infinity): readonly AssetKey[] {
    return this.#reach(key, hops, this.#upstreams);
  }

  descendants(key: AssetKey, hops = Infinity): readonly AssetKey[] {
    return this.#reach(key, hops, this.#downstreams);
  }

  #reach(start: AssetKey, hops: number, next: Neighbours): readonly AssetKey[] {
    const reached = new Set([start]);
    let frontier: readonly AssetKey[] = [start];
    for (let hop = 0; hop < hops && frontier.length > 0; hop++) {
      const further: AssetKey[] = [];
      for (const key of frontier) {
        for (const neighbour of next.get(key) ?? []) {
          if (reached.has(neighbour)) continue;
          reached.add(neighbour);
          further.push(neighbour);
        }
      }
      frontier = further;
    }
    reached.delete(start);
    const position = (key: AssetKey) => this.#position.get(key) ?? 0;
    return [...reached].sort((a, b) => position(a) - position(b));
  }
}
