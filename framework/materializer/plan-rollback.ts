import type { AssetKey } from "../definition/asset-key.ts";
import type { Unit } from "../definition/unit.ts";
import { hasPassed } from "../event/has-passed.ts";
import type { AssetGraph } from "../graph/asset-graph.ts";
import type { Lakehouse, Snapshot } from "../lakehouse/lakehouse.ts";
import { computeStatuses, type Observations } from "../staleness/compute-statuses.ts";
import { LakeTables } from "../staleness/lake-tables.ts";
import { observe, provenanceOf } from "../staleness/observe.ts";
import type { AssetStatus } from "../staleness/status.ts";
import type { CheckResultRecord, MaterializationRecord, StoreReader } from "../store/store.ts";
import type { TableState, TableStates } from "./earlier-states.ts";

/** What a rollback is worked out from. */
export interface RollbackSources {
  readonly graph: AssetGraph;
  readonly store: StoreReader;
  readonly lakehouse: Lakehouse;
  readonly now: Date;
}

/** A unit that goes back: its record counts again, or, without one, it is not there any more. */
export interface UnitChange extends Unit {
  readonly restores: MaterializationRecord | undefined;
  readonly dataVersion: string | undefined;
  /** The newest result of each check while that data was the unit's. */
  readonly checks: readonly CheckResultRecord[];
}

/** What a rollback will do. */
export interface RollbackPlan {
  readonly key: AssetKey;
  readonly from: Snapshot | undefined;
  readonly to: TableState;
  readonly units: readonly UnitChange[];
  /** How the asset itself will stand. */
  readonly after: AssetStatus;
  /** What is fresh downstream and will not be, in topological order. */
  readonly stale: readonly AssetKey[];
}

/** Works out a rollback; changes nothing. */
export async function planRollback(
  sources: RollbackSources,
  key: AssetKey,
  { states, to }: { readonly states: TableStates; readonly to: TableState },
): Promise<RollbackPlan> {
  const { graph, store, lakehouse, now } = sources;
  const units = unitChanges(store, key, to, states.current?.contentId !== to.snapshot.contentId);
  const lake = new LakeTables(lakehouse);
  await lake.refresh(graph.keys);
  const observed = observe({ graph, reader: store, lake, now, asked: false });
  const before = computeStatuses(graph, observed);
  const after = computeStatuses(graph, asIfChanged(graph, observed, units));
  const own = after.get(key);
  if (own === undefined) throw new Error(`Internal error: expected a status of ${key}`);
  const stale = graph.keys.filter(
    (other) => other !== key && before.get(other)?.status === "fresh" && after.get(other)?.status !== "fresh",
  );
  return { key, from: states.current, to, units, after: own, stale };
}

/** Each partition goes back to what counted for it when the state was the newest. */
function unitChanges(
  store: StoreReader,
  key: AssetKey,
  { snapshot, record, isRecorded }: TableState,
  isTableChanged: boolean,
): readonly UnitChange[] {
  const then = store.recordsAsOf(key, record.id);
  const checksOf = checksReader(store, key);
  const now = store.latestByPartition().get(key) ?? new Map<string, MaterializationRecord>();
  const partitions = [...new Set([...then.keys(), ...now.keys()])].toSorted();
  return partitions.flatMap((partition) => {
    const restores = then.get(partition);
    const isSame = restores?.id === now.get(partition)?.id;
    // A table without partitions is recorded also when only what somebody else wrote to it goes.
    if (isSame && !(partition === "" && isTableChanged)) return [];
    const dataVersion = partition === "" && !isRecorded ? snapshot.contentId : restores?.dataVersion;
    const checks = restores === undefined ? [] : checksOf(restores);
    return [{ key, partition, restores, dataVersion, checks }];
  });
}

/** Gives what was found of a materialization: between its start and the start of the next one of the same unit. */
function checksReader(
  store: StoreReader,
  key: AssetKey,
): (record: MaterializationRecord) => readonly CheckResultRecord[] {
  const history = store.materializations(key);
  const results = store.checkResults(key);
  return ({ id, partition, startedAt }) => {
    const next = history.findLast((other) => other.partition === partition && other.id > id);
    const newest = new Map<string, CheckResultRecord>();
    for (const result of results) {
      const isOfThen =
        result.partition === partition &&
        !result.isUnpublished &&
        result.at >= startedAt &&
        (next === undefined || result.at < next.startedAt);
      if (isOfThen && !newest.has(result.check)) newest.set(result.check, result);
    }
    return [...newest.values()];
  };
}

/** The world after the rollback, without having rolled back. */
function asIfChanged(graph: AssetGraph, observed: Observations, units: readonly UnitChange[]): Observations {
  const changed = new Map(units.map((unit) => [`${unit.key} ${unit.partition}`, unit]));
  const find = ({ key, partition }: Unit) => changed.get(`${key} ${partition}`);
  return {
    now: observed.now,
    isAsked: (unit) => observed.isAsked(unit),
    hasLostTable: (key) => observed.hasLostTable(key),
    provenance: (unit) => {
      const change = find(unit);
      if (change === undefined) return observed.provenance(unit);
      return change.restores === undefined ? undefined : provenanceOf(change.restores);
    },
    dataVersion: (unit) => {
      const change = find(unit);
      return change === undefined ? observed.dataVersion(unit) : change.dataVersion;
    },
    failedChecks: (unit) => {
      const change = find(unit);
      if (change === undefined) return observed.failedChecks(unit);
      const blocking = graph.checks(unit.key).filter((check) => check.blocking);
      const names = new Set(blocking.map(({ name }) => name));
      const failed = change.checks.filter((result) => names.has(result.check) && !hasPassed(result));
      return failed.map(({ check }) => check).toSorted();
    },
  };
}
