import { existsSync, readdirSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import type { CatalogStore, LoadedTable } from "../catalog/catalog-store.ts";
import { pathInside, type TableIdentifier } from "../catalog/location.ts";
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
  store: CatalogStore,
  session: Session,
  request: ExpireRequest,
): Promise<Expired> {
  const before = store.load(request.identifier);
  const removed = expirableSnapshots(before.metadata, request.olderThan);
  const after = removeSnapshots(store, request.identifier, before, removed);
  const kept = new Set<string>();
  // The table itself, and whatever else was registered in its folder.
  for (const table of store.overlapping(after.metadata.location)) {
    const { manifests, content } = await snapshotFiles(session, table.metadata.snapshots);
    const paths = [
      ...metadataFiles(table.metadataFile, table.metadata),
      ...manifests,
      ...content.map((file) => file.path),
    ];
    for (const path of paths) kept.add(path);
  }
  const former = await formerFiles(session, removed);
  let bytesFreed = 0;
  let filesRemoved = 0;
  for (const file of filesBelow(pathInside(store.dir, after.metadata.location))) {
    if (kept.has(file)) continue;
    const { size, mtime } = statSync(file);
    if (!former.has(file) && mtime >= request.orphansOlderThan) continue;
    rmSync(file, { force: true });
    bytesFreed += size;
    filesRemoved += 1;
  }
  return { snapshotsRemoved: removed.length, filesRemoved, bytesFreed };
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

function removeSnapshots(
  store: CatalogStore,
  identifier: TableIdentifier,
  table: LoadedTable,
  snapshots: readonly MetadataSnapshot[],
): LoadedTable {
  if (snapshots.length === 0) return table;
  const [committed] = store.commit([
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
  if (committed === undefined) throw new Error("Internal error: expected one committed table, got none");
  return committed;
}

/** What removed snapshots named, as far as their manifests are still there. */
async function formerFiles(
  session: Session,
  removed: readonly MetadataSnapshot[],
): Promise<ReadonlySet<string>> {
  const readable = removed.filter((snapshot) => manifestLists([snapshot]).every((list) => existsSync(list)));
  const { manifests, content } = await snapshotFiles(session, readable);
  return new Set([...manifests, ...content.map((file) => file.path)]);
}

function filesBelow(folder: string): readonly string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
}
