import type { AssetKey } from "../definition/asset-key.ts";
import { type Unit, type UnitId, unitId } from "../definition/unit.ts";
import type { Cause } from "../event/event.ts";
import type { AssetGraph } from "../graph/asset-graph.ts";
import { PartitionGraph, type UpstreamPartitions } from "../graph/partition-graph.ts";
import { type Observations, ownCauses } from "./compute-statuses.ts";
import { anyHoldsBack } from "./holds-back.ts";
import { type PartitionChoice, planUnits } from "./plan-units.ts";
import type { AssetStatus } from "./status.ts";

/**
 * What a run will do with a unit: `run` it; `maybe`, when what it reads of the run changes; nothing, for it is fresh or
 * stale by nothing that the run mends; or skip it, `blocked` by an upstream that is not there or whose check failed.
 */
export type PlannedAction = "run" | "maybe" | "none" | "blocked";

/** One unit of a plan. */
export interface PlannedUnit extends Unit {
  readonly action: PlannedAction;
  /** Why it runs or may run. */
  readonly causes: readonly Cause[];
}

/** What {@link planRun} takes. */
export interface RunPlanOptions {
  readonly graph: AssetGraph;
  /** As somebody asks who wants new data, see {@link Observations.isAsked}. */
  readonly observations: Observations;
  readonly statuses: ReadonlyMap<AssetKey, AssetStatus>;
  readonly keys: readonly AssetKey[];
  /** @default those that are due */
  readonly choice?: PartitionChoice | undefined;
}

/**
 * What a run over these assets will do, by asset in topological order; of an asset with partitions those that the run
 * works on. The materializer decides by the same rules, one unit after the other: staleness that begins outside the
 * selection starts nothing.
 */
export function planRun(options: RunPlanOptions): ReadonlyMap<AssetKey, readonly PlannedUnit[]> {
  const { graph, observations, choice = { type: "due" } } = options;
  const partitionGraph = new PartitionGraph(graph, observations.now);
  const units = planUnits({ ...options, partitionGraph, choice, forced: new Set() });
  const planned = new Map<UnitId, PlannedUnit>();
  const isPart = new Set<UnitId>();
  for (const [key, partitions] of units)
    for (const partition of partitions) isPart.add(unitId({ key, partition }));
  const isHeldBack = (unit: Unit, upstream: UpstreamPartitions) => {
    const held = upstream.partitions.map((partition) => heldBack({ key: upstream.key, partition }, unit.key));
    if (upstream.isRequired) return held.some((why) => why !== undefined);
    return held.includes("blocked") || held.every((why) => why !== undefined);
  };
  const heldBack = (upstream: Unit, downstream: AssetKey): "blocked" | "missing" | undefined => {
    const id = unitId(upstream);
    if (isPart.has(id)) return planned.get(id)?.action === "blocked" ? "blocked" : undefined;
    const isThere = observations.provenance(upstream) !== undefined;
    const failed = observations.failedChecks(upstream);
    return isThere && !anyHoldsBack(graph.checks(upstream.key), failed, downstream) ? undefined : "missing";
  };
  const plan = (unit: Unit): PlannedUnit => {
    const upstreams = partitionGraph.upstreams(unit);
    const own = ownCauses(graph, upstreams, unit, observations);
    if (upstreams.some((upstream) => isHeldBack(unit, upstream)))
      return { ...unit, action: "blocked", causes: own };
    const changing = upstreams.flatMap((upstream) => changingUnits(upstream, planned));
    const following = changing.map(({ key, partition, causes }): Cause => ({
      type: "upstream",
      upstream: key,
      ...(partition === "" ? {} : { partition }),
      chain: causes,
    }));
    // Data that is about to be made again may come out as what was read.
    const isSure = own.some(
      (cause) => cause.type !== "data" || changing.every(({ key }) => key !== cause.upstream),
    );
    const causes = [...own, ...following];
    return { ...unit, action: isSure ? "run" : causes.length > 0 ? "maybe" : "none", causes };
  };
  for (const [key, partitions] of units)
    for (const partition of partitions) planned.set(unitId({ key, partition }), plan({ key, partition }));
  return new Map(
    [...units].map(([key, partitions]) => [
      key,
      partitions.flatMap((partition) => planned.get(unitId({ key, partition })) ?? []),
    ]),
  );
}

/** The first unit of an upstream that runs or may run. */
function changingUnits(
  { key, partitions }: UpstreamPartitions,
  planned: ReadonlyMap<UnitId, PlannedUnit>,
): readonly PlannedUnit[] {
  for (const partition of partitions) {
    const unit = planned.get(unitId({ key, partition }));
    if (unit?.action === "run" || unit?.action === "maybe") return [unit];
  }
  return [];
}
