import type { LakeCatalog } from "../catalog/lake-catalog.ts";
import type { TableIdentifier } from "../catalog/location.ts";
import type { LoadedTable, TableCatalog } from "../catalog/table-catalog.ts";
import {
  branchFrom,
  currentBranch,
  currentSnapshot,
  mainBranch,
  type MetadataSnapshot,
  type TableMetadata,
} from "../catalog/table-metadata.ts";
import { contentSnapshotId } from "../catalog/whole-table-view.ts";
import type { Session } from "./session.ts";
import { manifestLists, metadataFiles, snapshotFiles } from "./table-files.ts";

/** What {@link expire} takes. */
export interface ExpireRequest {
  readonly identifier: TableIdentifier;
  /** Snapshots committed before are removed. */
  readonly olderThan: Date;
  /** Files that no snapshot ever named are removed when last written before: younger ones may belong to a commit under way. */
  readonly orphansOlderThan: Date;
}

/** What an expiry did. */
export interface Expired {
  readonly snapshotsRemoved: number;
  readonly filesRemoved: number;
  readonly bytesFreed: number;
}

/**
 * Removes old snapshots, then the files that only they needed and old files that nothing ever referred to. The
 * pointer moves first: a crash in between leaves litter, never a snapshot without its files.
 */
export async function expire(
  catalog: LakeCatalog,
  session: Session,
  request: ExpireRequest,
): Promise<Expired> {
  const { identifier, orphansOlderThan } = request;
  const reader = { catalog, session };
  const before = await catalog.open().load(identifier);
  const removed = expirableSnapshots(before.metadata, request.olderThan);
  await removeSnapshots(catalog.open(), identifier, before, removed);
  const after = await catalog.open().load(identifier);
  const kept = new Set<string>();
  // The table itself, and whatever else was registered in its folder.
  for (const table of await catalog.overlapping(after)) {
    const { manifests, content } = await snapshotFiles(reader, table.metadata.snapshots);
    const paths = [
      ...metadataFiles(catalog, table),
      ...manifests.keys(),
      ...content.map((file) => file.path),
    ];
    for (const path of paths) kept.add(path);
  }
  const former = await formerFiles(reader, removed);
  const files = await catalog.removeExpired({ table: after, kept, former, orphansOlderThan });
  return { snapshotsRemoved: removed.length, ...files };
}

/** Old snapshots that no branch or tag names, and without which the table keeps its data version. */
export function expirableSnapshots(metadata: TableMetadata, olderThan: Date): readonly MetadataSnapshot[] {
  const named = new Set(Object.values(metadata.refs).map((reference) => String(reference["snapshot-id"])));
  const old = metadata.snapshots.filter(
    (snapshot) =>
      snapshot["timestamp-ms"] < olderThan.getTime() && !named.has(String(snapshot["snapshot-id"])),
  );
  const rest = { ...metadata, snapshots: metadata.snapshots.filter((snapshot) => !old.includes(snapshot)) };
  const content = contentSnapshotId(currentBranch(metadata));
  if (contentSnapshotId(currentBranch(rest)) === content) return old;
  // Compacted by a tool that does not record what it replaced: keep the way back to the content.
  const branch = branchFrom(metadata, currentSnapshot(metadata));
  const way = new Set(
    branch.slice(0, 1 + branch.findIndex((snapshot) => String(snapshot["snapshot-id"]) === content)),
  );
  return old.filter((snapshot) => !way.has(snapshot));
}

async function removeSnapshots(
  store: TableCatalog,
  identifier: TableIdentifier,
  table: LoadedTable,
  snapshots: readonly MetadataSnapshot[],
): Promise<void> {
  if (snapshots.length === 0) return;
  await store.commit([
    {
      identifier,
      requirements: [
        { type: "assert-table-uuid", uuid: table.metadata["table-uuid"] },
        {
          type: "assert-ref-snapshot-id",
          ref: mainBranch,
          "snapshot-id": table.metadata["current-snapshot-id"],
        },
      ],
      updates: [
        { action: "remove-snapshots", "snapshot-ids": snapshots.map((snapshot) => snapshot["snapshot-id"]) },
      ],
    },
  ]);
}

/** What removed snapshots named, as far as their manifests are still there. */
async function formerFiles(
  reader: { readonly catalog: LakeCatalog; readonly session: Session },
  removed: readonly MetadataSnapshot[],
): Promise<ReadonlyMap<string, number | undefined>> {
  const { catalog } = reader;
  const readable = removed.filter((snapshot) =>
    manifestLists(catalog, [snapshot]).every((list) => !catalog.isGone(list)),
  );
  const { manifests, content } = await snapshotFiles(reader, readable);
  return new Map([...manifests, ...content.map(({ path, bytes }): [string, number] => [path, bytes])]);
}
