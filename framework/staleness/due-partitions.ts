import { MultiSet, type PartitionSet, TimeSet } from "../definition/partitions/partition-set.ts";

/** Tells which partitions a run makes that names none, see PartitionStatus. @param isMade whether one was ever made */
export function duePartitions(set: PartitionSet, isMade: (key: string) => boolean): (key: string) => boolean {
  const line = timeLine(set);
  if (line === undefined) return () => true;
  const { times, timeOf } = line;
  let first = times.keys.length - 1;
  for (const key of set.keys) if (isMade(key)) first = Math.min(first, times.indexOf(timeOf(key)));
  return (key) => times.indexOf(timeOf(key)) >= first;
}

/** The partitions of time in a set, and where on them a partition stands; undefined when no dimension is time. */
function timeLine(
  set: PartitionSet,
): { readonly times: TimeSet; readonly timeOf: (key: string) => string } | undefined {
  if (set instanceof TimeSet) return { times: set, timeOf: (key) => key };
  if (!(set instanceof MultiSet)) return undefined;
  for (const [name, dimension] of set.dimensions)
    if (dimension instanceof TimeSet) return { times: dimension, timeOf: (key) => set.keyIn(key, name) };
  return undefined;
}
