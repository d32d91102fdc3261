import type { MetadataSnapshot } from "../catalog/table-metadata.ts";
import type { Snapshot } from "../lakehouse.ts";

/** A snapshot as the lakehouse gives it. */
export function toSnapshot(snapshot: MetadataSnapshot): Snapshot {
  const parent = snapshot["parent-snapshot-id"] ?? undefined;
  return {
    id: String(snapshot["snapshot-id"]),
    parentId: parent === undefined ? undefined : String(parent),
    committedAt: new Date(snapshot["timestamp-ms"]),
    operation: snapshot.summary?.["operation"] ?? "unknown",
    summary: snapshot.summary ?? {},
  };
}

/**
 * Rows of a snapshot by its summary: Iceberg's `total-records` still counts rows that delete files mark. Undefined
 * when the writer kept no totals, or deleted by value.
 */
export function rowCount(snapshot: MetadataSnapshot | undefined): number | undefined {
  if (snapshot === undefined) return 0;
  const { summary = {} } = snapshot;
  const total = summary["total-records"];
  if (total === undefined || Number(summary["total-equality-deletes"] ?? 0) > 0) return undefined;
  return Number(total) - Number(summary["total-position-deletes"] ?? 0);
}
