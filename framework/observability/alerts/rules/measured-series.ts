import type { AssetKey } from "../../../definition/asset-key.ts";
import type { Partitions } from "../../../definition/partitions/partitions.ts";
import type { Measured } from "../../../store/alerts/alert-records.ts";
import type { MaterializationRecord } from "../../../store/store.ts";
import { groupBy } from "../../../util/group-by.ts";
import type { AlertWorld } from "../world.ts";

/** A materialization that counts now, and those that say what is usual for it, the nearest first. */
export interface MeasuredSeries {
  readonly newest: Measured;
  readonly before: readonly Measured[];
}

/**
 * What is to be judged of an asset. Without partitions: its newest materialization, by those before it. A partition of
 * time is judged by the partitions before it that are the same in every other dimension, the newest `length` of them
 * all; one of a list by its own earlier materializations, for what is listed beside it may be of another size.
 *
 * @param last the asset's newest record; what a rollback restored was judged when it was made
 */
export function measuredSeries(
  world: AlertWorld,
  key: AssetKey,
  last: MaterializationRecord,
  measures: readonly string[],
  length: number,
): readonly MeasuredSeries[] {
  const { partitions } = world.graph.asset(key);
  const ofUnit = (partition: string, id: number): readonly MeasuredSeries[] => {
    const [newest, ...before] = world.measured({ key, partition }, length + 1);
    return newest?.id === id ? [{ newest, before }] : [];
  };
  if (partitions === undefined) {
    const isMeasured = measures.some((measure) => Object.hasOwn(last.metadata, measure));
    return isMeasured && last.partition === "" ? ofUnit("", last.id) : [];
  }
  const newest = world.measuredPartitions(key).filter(({ partition }) => partition !== "");
  if (timePartOf(partitions, "") === undefined)
    return newest.flatMap(({ partition, id }) => ofUnit(partition, id));
  const places = newest.map((record) => {
    const { time = "", rest = "" } = timePartOf(partitions, record.partition) ?? {};
    return { record, time, rest };
  });
  return [...groupBy(places, ({ rest }) => rest).values()].flatMap((group) => {
    const inOrder = group.toSorted((a, b) => (a.time < b.time ? 1 : -1)).map(({ record }) => record);
    return inOrder.slice(0, length).map((record, index) => ({
      newest: record,
      before: inOrder.slice(index + 1, index + 1 + length),
    }));
  });
}

/** The part of a partition's key that is time, and what is left of the key; undefined where none is. */
function timePartOf(
  partitions: Partitions,
  partition: string,
): { readonly time: string; readonly rest: string } | undefined {
  if (partitions.type === "time") return { time: partition, rest: "" };
  if (partitions.type === "static") return undefined;
  const place = Object.values(partitions.dimensions).findIndex(({ type }) => type === "time");
  if (place < 0) return undefined;
  const parts = partition.split("|");
  return { time: parts[place] ?? "", rest: parts.toSpliced(place, 1).join("|") };
}
