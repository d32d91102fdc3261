import type { AssetKey } from "../definition/asset-key.ts";
import { type Unit, type UnitId, unitId } from "../definition/unit.ts";
import type { Outcome } from "../event/event.ts";
import type { PartitionGraph } from "../graph/partition-graph.ts";
import type { RunRecord, StoreReader } from "../store/store.ts";

/** What a run was asked for, and what has become of that: in it, and in the later runs that go on with the same. */
export interface PastRun {
  readonly run: RunRecord;
  /** What it was to work on, upstream first, as of then; some may not be there any more. */
  readonly units: readonly Unit[];
  readonly forced: ReadonlySet<AssetKey>;
  /** The newest outcome of each unit that has had one. */
  readonly outcomes: ReadonlyMap<UnitId, Outcome>;
  /** The later runs that go on with it or with what it went on with, oldest first. */
  readonly later: readonly RunRecord[];
}

/** Reads a run back. Undefined when it has been pruned of its events, which alone know what it was asked for. */
export function readPastRun(reader: StoreReader, run: RunRecord): PastRun | undefined {
  const [started] = reader.events({ runId: run.id, types: ["run-started"], limit: 1 });
  if (started?.event.type !== "run-started") return undefined;
  const { keys, partitions = {}, forced = [] } = started.event;
  const later = laterRuns(reader, run);
  const outcomes = new Map<UnitId, Outcome>();
  for (const { id } of [run, ...later]) {
    for (const { event } of reader.events({ runId: id, types: ["asset-finished"] })) {
      if (event.type === "asset-finished")
        outcomes.set(unitId(unitOf(event.key, event.partition)), event.outcome);
    }
  }
  return {
    run,
    units: keys.flatMap((key) => (partitions[key] ?? [""]).map((partition) => unitOf(key, partition))),
    forced: new Set(forced as readonly AssetKey[]),
    outcomes,
    later,
  };
}

function unitOf(key: string, partition = ""): Unit {
  return { key: key as AssetKey, partition };
}

function laterRuns(reader: StoreReader, run: RunRecord): readonly RunRecord[] {
  let first = run;
  for (let before: RunRecord | undefined = run; before !== undefined;) {
    first = before;
    before = before.resumes === undefined ? undefined : reader.run(before.resumes);
  }
  const all = [first, ...reader.resumersOf(first.id)];
  return all.slice(all.findIndex(({ id }) => id === run.id) + 1);
}

/** What a run has left to do: the units that have no outcome yet, and those that did not succeed. */
export function unfinishedUnits({ units, outcomes }: PastRun): readonly Unit[] {
  return units.filter((unit) => !["materialized", "fresh"].includes(outcomes.get(unitId(unit)) ?? ""));
}

/**
 * What is worth a second try: what failed or was skipped, and what was downstream of it and was not reached.
 *
 * @param isThere whether the project still has a unit
 */
export function failedUnits(
  past: PastRun,
  graph: PartitionGraph,
  isThere: (unit: Unit) => boolean,
): readonly Unit[] {
  const wanted = new Set<UnitId>();
  const readsWanted = (unit: Unit) =>
    graph
      .upstreams(unit)
      .some(({ key, partitions }) => partitions.some((partition) => wanted.has(unitId({ key, partition }))));
  return unfinishedUnits(past).filter((unit) => {
    const hasFailed = ["failed", "skipped"].includes(past.outcomes.get(unitId(unit)) ?? "");
    if (!hasFailed && !(isThere(unit) && readsWanted(unit))) return false;
    wanted.add(unitId(unit));
    return true;
  });
}
