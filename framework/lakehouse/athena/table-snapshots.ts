import { currentBranch, type MetadataSnapshot, type TableMetadata } from "../catalog/table-metadata.ts";
import { toSnapshot } from "../catalog/snapshots.ts";
import { layoutOf } from "../catalog/layout.ts";
import type { Retention } from "../catalog/retention.ts";
import type { Snapshot, TableLayout } from "../lakehouse.ts";

/**
 * The empty snapshot that making a table commits; undefined where it commits none, or where it has expired. It counts as
 * no snapshot: a table that was only made has none in every lake.
 */
export function firstEmptySnapshot(metadata: TableMetadata): MetadataSnapshot | undefined {
  return metadata.snapshots.find(
    ({ "parent-snapshot-id": parent, summary }) =>
      (parent ?? undefined) === undefined &&
      summary?.["total-records"] === "0" &&
      (summary["added-data-files"] ?? summary["total-data-files"]) === "0",
  );
}

/** Snapshots of the current branch, newest first. */
export function branchSnapshots(metadata: TableMetadata): readonly Snapshot[] {
  return snapshotsOf(metadata, currentBranch(metadata));
}

/** Every snapshot that the table still has, newest first. */
export function allSnapshots(metadata: TableMetadata): readonly Snapshot[] {
  return snapshotsOf(metadata, metadata.snapshots.toReversed());
}

/** How the table lies in storage. */
export function tableLayout(
  metadata: TableMetadata,
  retention: Pick<Retention, "nowMs" | "inUse">,
): TableLayout {
  return { ...layoutOf(metadata, retention), snapshots: allSnapshots(metadata).length };
}

function snapshotsOf(metadata: TableMetadata, snapshots: readonly MetadataSnapshot[]): readonly Snapshot[] {
  const empty = firstEmptySnapshot(metadata);
  const emptyId = empty === undefined ? undefined : String(empty["snapshot-id"]);
  return snapshots
    .filter((snapshot) => snapshot !== empty)
    .map((snapshot) => toSnapshot(metadata, snapshot))
    .map((snapshot) => (snapshot.parentId === emptyId ? { ...snapshot, parentId: undefined } : snapshot));
}
