import type { AssetKey } from "../definition/asset-key.ts";
import type { Unit } from "../definition/unit.ts";
import type { Cause } from "../event/event.ts";
import type { AssetGraph } from "../graph/asset-graph.ts";
import { PartitionGraph, type UpstreamPartitions } from "../graph/partition-graph.ts";
import { duePartitions } from "./due-partitions.ts";
import type { AssetStatus, PartitionStatus, Staleness } from "./status.ts";

/** What the last materialization of a unit was made from. */
export interface Provenance {
  /** ISO 8601, UTC. */
  readonly at: string;
  readonly codeVersion: string;
  readonly dataVersion: string | undefined;
  /** Data versions read, by upstream and its partition; `""` for an upstream without partitions. */
  readonly upstreams: ReadonlyMap<AssetKey, ReadonlyMap<string, string | undefined>>;
}

/** The world as staleness sees it. Pure: no store, no lake, no clock. */
export interface Observations {
  /** Undefined: never materialized, or its table is gone. */
  provenance(unit: Unit): Provenance | undefined;
  /** Whether the asset was materialized and its table is gone from the lake. */
  hasLostTable(key: AssetKey): boolean;
  /** The data version that the unit has now, whoever wrote it. */
  dataVersion(unit: Unit): string | undefined;
  /** The blocking checks of the unit whose last result failed, by name. */
  failedChecks(unit: Unit): readonly string[];
  readonly now: Date;
  /**
   * Whether somebody asks for new data now (`materialize`, `plan`): then an asset that reads the outside world with
   * no interval is due. A mere look (`list`, `ui`) shows it as it was left.
   */
  isAsked(unit: Unit): boolean;
}

const fresh: Staleness = { status: "fresh", causes: [] };

/** The status of every asset, in topological order. Time and memory are linear in units and their edges. */
export function computeStatuses(
  graph: AssetGraph,
  observations: Observations,
  partitionGraph = new PartitionGraph(graph, observations.now),
): ReadonlyMap<AssetKey, AssetStatus> {
  const statuses = new Map<AssetKey, AssetStatus>();
  const ofUnit = (unit: Unit): Staleness => {
    const upstreams = partitionGraph.upstreams(unit);
    const causes = ownCauses(graph, upstreams, unit, observations);
    for (const upstream of upstreams) {
      const cause = upstreamCause(upstream, statuses.get(upstream.key));
      if (cause !== undefined) causes.push(cause);
    }
    return causes.length === 0 ? fresh : { status: statusOf(causes), causes };
  };
  for (const key of graph.keys) {
    const set = partitionGraph.set(key);
    if (set === undefined) {
      statuses.set(key, { key, ...ofUnit({ key, partition: "" }) });
      continue;
    }
    const isDue = duePartitions(
      set,
      (partition) => observations.provenance({ key, partition }) !== undefined,
    );
    const partitions = new Map<string, PartitionStatus>();
    for (const partition of set.keys)
      partitions.set(partition, { ...ofUnit({ key, partition }), isDue: isDue(partition) });
    statuses.set(key, { key, ...summaryOf(partitions), partitions });
  }
  return statuses;
}

function statusOf(causes: readonly Cause[]): Staleness["status"] {
  return causes.some((cause) => cause.type === "missing") ? "missing" : "stale";
}

function summaryOf(partitions: ReadonlyMap<string, PartitionStatus>): Staleness {
  const all = [...partitions.values()];
  const first = all.find((partition) => partition.isDue && partition.status !== "fresh");
  if (first === undefined) return fresh;
  return {
    status: all.every(({ status }) => status === "missing") ? "missing" : "stale",
    causes: first.causes,
  };
}

/** One cause for each upstream of which something that is read is not fresh. */
function upstreamCause(
  { key, partitions, isRequired }: UpstreamPartitions,
  status: AssetStatus | undefined,
): Cause | undefined {
  if (status?.partitions === undefined) {
    return status === undefined || status.status === "fresh"
      ? undefined
      : { type: "upstream", upstream: key, chain: status.causes };
  }
  for (const partition of partitions) {
    const found = status.partitions.get(partition);
    // What nobody has asked for yet is not read by those who read all that is there.
    if (found === undefined || found.status === "fresh" || !(isRequired || found.isDue)) continue;
    return { type: "upstream", upstream: key, partition, chain: found.causes };
  }
  return undefined;
}

/**
 * Why a unit must run although nothing upstream waits: its own causes, without `upstream`. The materializer asks
 * this when the unit's upstreams are done, which is the early cutoff.
 */
export function ownCauses(
  graph: AssetGraph,
  upstreams: readonly UpstreamPartitions[],
  unit: Unit,
  observations: Observations,
): Cause[] {
  const provenance = observations.provenance(unit);
  if (provenance === undefined)
    return [{ type: "missing", ...(observations.hasLostTable(unit.key) ? { tableGone: true } : {}) }];
  const asset = graph.asset(unit.key);
  const causes: Cause[] = [];
  const codeVersion = asset.codeVersion();
  if (codeVersion !== provenance.codeVersion) {
    causes.push({ type: "code", from: provenance.codeVersion, to: codeVersion });
  }
  causes.push(...dataCauses(upstreams, provenance, observations));
  for (const check of observations.failedChecks(unit)) causes.push({ type: "failed-check", check });
  if (asset.refresh !== undefined && isRefreshDue(asset.refresh.everyMs, provenance.at, unit, observations)) {
    causes.push({ type: "refresh", lastAt: provenance.at, everyMs: asset.refresh.everyMs });
  }
  return causes;
}

function dataCauses(
  upstreams: readonly UpstreamPartitions[],
  provenance: Provenance,
  observations: Observations,
): readonly Cause[] {
  const causes: Cause[] = [];
  const added = upstreams.filter(({ key }) => !provenance.upstreams.has(key)).map(({ key }) => key);
  const declared = new Set(upstreams.map(({ key }) => key));
  const removed = [...provenance.upstreams.keys()].filter((upstream) => !declared.has(upstream));
  if (added.length + removed.length > 0) causes.push({ type: "upstream-set", added, removed });
  for (const upstream of upstreams) {
    const read = provenance.upstreams.get(upstream.key);
    if (read === undefined) continue;
    const cause = dataCause(upstream, read, observations);
    if (cause !== undefined) causes.push(cause);
  }
  return causes;
}

/** Names the first partition that has another version than the one read, or came or went. */
function dataCause(
  upstream: UpstreamPartitions,
  read: ReadonlyMap<string, string | undefined>,
  observations: Observations,
): Cause | undefined {
  const { key } = upstream;
  const left = new Map(read);
  for (const partition of upstream.partitions) {
    const from = read.get(partition) ?? null;
    const to = observations.dataVersion({ key, partition }) ?? null;
    left.delete(partition);
    if (from !== to) return { type: "data", upstream: key, ...named(partition), from, to };
  }
  for (const [partition, version] of left)
    return { type: "data", upstream: key, ...named(partition), from: version ?? null, to: null };
  return undefined;
}

function named(partition: string): { readonly partition?: string } {
  return partition === "" ? {} : { partition };
}

function isRefreshDue(everyMs: number, lastAt: string, unit: Unit, observations: Observations): boolean {
  if (everyMs === 0) return observations.isAsked(unit);
  // A clock that went backwards makes an asset due, not fresh for ever.
  const ageMs = observations.now.getTime() - Date.parse(lastAt);
  return ageMs >= everyMs || ageMs < 0;
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
