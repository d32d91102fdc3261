import { branchFrom, type MetadataSnapshot, type TableMetadata } from "./table-metadata.ts";
import { contentSnapshotId } from "./whole-table-view.ts";
import type { Snapshot } from "../lakehouse.ts";

/** A snapshot of a table as the lakehouse gives it. */
export function toSnapshot(metadata: TableMetadata, snapshot: MetadataSnapshot): Snapshot {
  const id = String(snapshot["snapshot-id"]);
  const parent = snapshot["parent-snapshot-id"] ?? undefined;
  const operation = snapshot.summary?.["operation"] ?? "unknown";
  return {
    id,
    parentId: parent === undefined ? undefined : String(parent),
    contentId: operation === "replace" ? (contentSnapshotId(branchFrom(metadata, snapshot)) ?? id) : id,
    committedAt: new Date(snapshot["timestamp-ms"]),
    operation,
    summary: snapshot.summary ?? {},
  };
}
