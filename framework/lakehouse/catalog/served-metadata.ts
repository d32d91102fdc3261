import { mainBranch, type TableMetadata } from "./table-metadata.ts";

/**
 * The metadata as clients get it. A table that was restored to its state before the first snapshot looks as it did
 * then: DuckDB takes the newest snapshot of a table that has some and says of none that it is current.
 */
export function servedMetadata(metadata: TableMetadata): TableMetadata {
  return metadata.refs[mainBranch] === undefined && otherBranches(metadata).length === 0
    ? withoutSnapshots(metadata)
    : metadata;
}

/** Names of the branches beside `main`. */
export function otherBranches(metadata: TableMetadata): readonly string[] {
  return Object.entries(metadata.refs).flatMap(([name, { type }]) =>
    type === "branch" && name !== mainBranch ? [name] : [],
  );
}

/** The table without its snapshots. The last sequence number stays, so that the next snapshot continues it. */
export function withoutSnapshots(metadata: TableMetadata): TableMetadata {
  const { "current-snapshot-id": _current, ...rest } = metadata;
  return { ...rest, snapshots: [], refs: {}, "snapshot-log": [] };
}
