import type { PartitionStatus } from "./status.ts";

/** How many partitions of an asset are what. */
export interface PartitionCounts {
  readonly total: number;
  readonly fresh: number;
  readonly stale: number;
  readonly missing: number;
  /** Those that a run makes that names no partitions: due, and not fresh. */
  readonly due: number;
}

/** Counts an asset's partitions. */
export function countPartitions(partitions: ReadonlyMap<string, PartitionStatus>): PartitionCounts {
  const counts = { total: partitions.size, fresh: 0, stale: 0, missing: 0, due: 0 };
  for (const { status, isDue } of partitions.values()) {
    counts[status] += 1;
    if (isDue && status !== "fresh") counts.due += 1;
  }
  return counts;
}
