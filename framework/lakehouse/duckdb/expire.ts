import type { LakeCatalog } from "../catalog/lake-catalog.ts";
import type { TableIdentifier } from "../catalog/location.ts";
import type { LoadedTable, TableCatalog } from "../catalog/table-catalog.ts";
import { expirableSnapshots, type Retention } from "../catalog/retention.ts";
import { mainBranch, type MetadataSnapshot } from "../catalog/table-metadata.ts";
import type { Expired } from "../lakehouse.ts";
import type { Session } from "./session.ts";
import { manifestLists, metadataFiles, snapshotFiles } from "./table-files.ts";

/** What {@link expire} takes. */
export interface ExpireRequest {
  readonly identifier: TableIdentifier;
  readonly retention: Retention;
  /** Files that no snapshot ever named are removed when last written before: younger ones may belong to a commit under way. */
  readonly orphansOlderThan: Date;
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
  const removed = expirableSnapshots(before.metadata, request.retention);
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
