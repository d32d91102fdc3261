import { FailureError } from "../../event/failure.ts";
import { commitFailed } from "./catalog-error.ts";
import type { TableCatalog } from "./table-catalog.ts";
import { displayName, type TableIdentifier } from "./location.ts";
import { currentSnapshot, mainBranch, otherBranches, type TableMetadata } from "./table-metadata.ts";
import type { Update } from "./updates.ts";

/** How many snapshots a message names, newest first. */
const namedSnapshots = 10;

/**
 * Makes the snapshot `to` (undefined: none) the table's current one, provided that `from` still is. One commit that
 * moves the branch `main`; no snapshot is made or lost.
 *
 * @throws CatalogError 409 when the current snapshot isn't `from`; FailureError when the table has no snapshot `to`
 */
export async function restore(
  store: TableCatalog,
  identifier: TableIdentifier,
  { from, to }: { readonly from: string | undefined; readonly to: string | undefined },
): Promise<void> {
  const { metadata } = await store.load(identifier);
  const current = currentSnapshot(metadata)?.["snapshot-id"];
  if (current?.toString() !== from) {
    commitFailed(`Expected the current snapshot to be ${from ?? "none"}, got ${current ?? "none"}`);
  }
  const update = pointAt(metadata, to, identifier);
  if (from === to) return;
  await store.commit([
    {
      identifier,
      requirements: [
        { type: "assert-table-uuid", uuid: metadata["table-uuid"] },
        { type: "assert-ref-snapshot-id", ref: mainBranch, "snapshot-id": current },
      ],
      updates: [update],
    },
  ]);
}

/** The update that makes a snapshot (undefined: none) the current one. @throws FailureError when the table has no such */
export function pointAt(
  metadata: TableMetadata,
  id: string | undefined,
  identifier: TableIdentifier,
): Update {
  if (id === undefined) {
    const [branch] = otherBranches(metadata);
    if (branch !== undefined) throw hasBranch(identifier, branch);
    return { action: "remove-snapshot-ref", "ref-name": mainBranch };
  }
  const snapshot = metadata.snapshots.find((one) => String(one["snapshot-id"]) === id);
  if (snapshot === undefined) throw noSuchSnapshot(metadata, id, identifier);
  return {
    action: "set-snapshot-ref",
    "ref-name": mainBranch,
    // Keeps how long the branch's snapshots are to be kept.
    ...metadata.refs[mainBranch],
    type: "branch",
    "snapshot-id": snapshot["snapshot-id"],
  };
}

/** Engines differ in what they read from a table that has branches and no `main`. */
function hasBranch(identifier: TableIdentifier, branch: string): FailureError {
  return new FailureError({
    reason: "query-failed",
    message: `${displayName(identifier)} can't be restored to its state before the first snapshot`,
    expected: `no branch beside ${mainBranch}`,
    got: `the branch ${branch}`,
    retryable: false,
  });
}

function noSuchSnapshot(metadata: TableMetadata, id: string, identifier: TableIdentifier): FailureError {
  const ids = metadata.snapshots.map((snapshot) => String(snapshot["snapshot-id"])).toReversed();
  const more = ids.length - namedSnapshots;
  return new FailureError({
    reason: "query-failed",
    message: `${displayName(identifier)} has no snapshot ${id}`,
    expected:
      ids.length === 0
        ? "a table with snapshots"
        : `one of ${ids.slice(0, namedSnapshots).join(", ")}${more > 0 ? ` and ${more} older ones` : ""}`,
    got: id,
    retryable: false,
  });
}
