import type { AssetKey } from "../definition/asset-key.ts";
import type { Cause } from "../event/event.ts";
import type { AssetGraph } from "../graph/asset-graph.ts";
import type { AssetStatus } from "./status.ts";

/** What the last materialization of an asset was made from. */
export interface Provenance {
  /** ISO 8601, UTC. */
  readonly at: string;
  readonly codeVersion: string;
  readonly dataVersion: string | undefined;
  /** Data version read, by upstream. */
  readonly upstreams: ReadonlyMap<AssetKey, string | undefined>;
}

/** The world as staleness sees it. Pure: no store, no lake, no clock. */
export interface Observations {
  /** Undefined: never materialized, or its table is gone. */
  provenance(key: AssetKey): Provenance | undefined;
  /** Whether it was materialized and its table is gone from the lake. */
  hasLostTable(key: AssetKey): boolean;
  /** The data version that the asset has now, whoever wrote it. */
  dataVersion(key: AssetKey): string | undefined;
  /** A blocking check of the asset whose last result failed. */
  failedCheck(key: AssetKey): string | undefined;
  readonly now: Date;
  /**
   * Whether somebody asks for new data now (`materialize`, `plan`): then an asset that reads the outside world with
   * no interval is due. A mere look (`list`, `ui`) shows it as it was left.
   */
  readonly asked: boolean;
}

/** The status of every asset, in topological order. Time and memory are linear in assets and edges. */
export function computeStatuses(
  graph: AssetGraph,
  observations: Observations,
): ReadonlyMap<AssetKey, AssetStatus> {
  const statuses = new Map<AssetKey, AssetStatus>();
  for (const key of graph.keys) {
    const causes = [
      ...ownCauses(graph, key, observations),
      ...graph.upstreams(key).flatMap((upstream): Cause[] => {
        const { status, causes: chain } = statuses.get(upstream) ?? { status: "fresh", causes: [] };
        return status === "fresh" ? [] : [{ type: "upstream", upstream, chain }];
      }),
    ];
    const status = causes.some((cause) => cause.type === "missing")
      ? "missing"
      : causes.length > 0
        ? "stale"
        : "fresh";
    statuses.set(key, { key, status, causes });
  }
  return statuses;
}

/**
 * Why an asset must run although nothing upstream waits: its own causes, without `upstream`. The materializer asks
 * this when an asset's upstreams are done, which is the early cutoff.
 */
export function ownCauses(graph: AssetGraph, key: AssetKey, observations: Observations): readonly Cause[] {
  const provenance = observations.provenance(key);
  if (provenance === undefined)
    return [{ type: "missing", ...(observations.hasLostTable(key) ? { tableGone: true } : {}) }];
  const asset = graph.asset(key);
  const causes: Cause[] = [];
  const codeVersion = asset.codeVersion();
  if (codeVersion !== provenance.codeVersion) {
    causes.push({ type: "code", from: provenance.codeVersion, to: codeVersion });
  }
  const upstreams = graph.upstreams(key);
  const added = upstreams.filter((upstream) => !provenance.upstreams.has(upstream));
  const removed = [...provenance.upstreams.keys()].filter((upstream) => !upstreams.includes(upstream));
  if (added.length + removed.length > 0) causes.push({ type: "upstream-set", added, removed });
  for (const upstream of upstreams) {
    if (!provenance.upstreams.has(upstream)) continue;
    const from = provenance.upstreams.get(upstream) ?? null;
    const to = observations.dataVersion(upstream) ?? null;
    if (from !== to) causes.push({ type: "data", upstream, from, to });
  }
  const check = observations.failedCheck(key);
  if (check !== undefined) causes.push({ type: "failed-check", check });
  if (asset.refresh !== undefined && isDue(asset.refresh.everyMs, provenance.at, observations)) {
    causes.push({ type: "refresh", lastAt: provenance.at, everyMs: asset.refresh.everyMs });
  }
  return causes;
}

function isDue(everyMs: number, lastAt: string, { now, asked }: Observations): boolean {
  // A clock that went backwards makes an asset due, not fresh for ever.
  const ageMs = now.getTime() - Date.parse(lastAt);
  return everyMs === 0 ? asked : ageMs >= everyMs || ageMs < 0;
}

/** The causes with every chain followed along one path only and cut after `hops`, to be stored or printed. */
export function trimCauses(causes: readonly Cause[], hops = 8): readonly Cause[] {
  return causes.map((cause) =>
    cause.type === "upstream" ? { ...cause, chain: onePath(cause.chain, hops) } : cause,
  );
}

function onePath(causes: readonly Cause[], hops: number): readonly Cause[] {
  const own = causes.filter((cause) => cause.type !== "upstream");
  if (own.length > 0) return own;
  const next = causes.find((cause) => cause.type === "upstream");
  if (next === undefined || hops === 0) return [];
  return [{ ...next, chain: onePath(next.chain, hops - 1) }];
}
