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
