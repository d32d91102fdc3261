import type { Integer } from "./json.ts";

/** A schema; `fields` stay as the client wrote them. */
export interface Schema {
  readonly "schema-id": number;
  readonly fields: readonly unknown[];
  readonly [name: string]: unknown;
}

/** A partition field; `field-id` is unique in the table over all specs. */
export interface PartitionField {
  readonly "field-id": number;
  readonly "source-id"?: number | undefined;
  readonly name: string;
  readonly transform: string;
  readonly [name: string]: unknown;
}

export interface PartitionSpec {
  readonly "spec-id": number;
  readonly fields: readonly PartitionField[];
}

export interface SortOrder {
  readonly "order-id": number;
  readonly fields: readonly unknown[];
}

/** One committed state of a table. */
export interface MetadataSnapshot {
  readonly "snapshot-id": Integer;
  readonly "parent-snapshot-id"?: Integer | null | undefined;
  readonly "sequence-number"?: Integer | undefined;
  readonly "timestamp-ms": number;
  readonly "manifest-list"?: string | undefined;
  readonly "schema-id"?: number | null | undefined;
  readonly summary?: Readonly<Record<string, string>> | undefined;
  readonly [name: string]: unknown;
}

/** A branch or tag. */
export interface SnapshotReference {
  readonly "snapshot-id": Integer;
  readonly type: "branch" | "tag";
  readonly [name: string]: unknown;
}

export interface SnapshotLogEntry {
  readonly "snapshot-id": Integer;
  readonly "timestamp-ms": number;
}

export interface MetadataLogEntry {
  readonly "metadata-file": string;
  readonly "timestamp-ms": number;
}

/** A puffin or partition statistics file of one snapshot. */
export interface StatisticsFile {
  readonly "snapshot-id": Integer;
  readonly "statistics-path": string;
  readonly [name: string]: unknown;
}

/**
 * An Iceberg table metadata document, format 1 to 3, under the specification's own names
 * (https://iceberg.apache.org/spec/#table-metadata-fields). A value: a commit makes a new one. Members that we don't
 * know are carried along.
 */
export interface TableMetadata {
  readonly "format-version": number;
  readonly "table-uuid": string;
  readonly location: string;
  readonly "last-sequence-number": Integer;
  readonly "last-updated-ms": number;
  readonly "last-column-id": number;
  readonly schemas: readonly Schema[];
  readonly "current-schema-id": number;
  readonly "partition-specs": readonly PartitionSpec[];
  readonly "default-spec-id": number;
  readonly "last-partition-id": number;
  readonly "sort-orders": readonly SortOrder[];
  readonly "default-sort-order-id": number;
  readonly properties: Readonly<Record<string, string>>;
  readonly "current-snapshot-id"?: Integer | null | undefined;
  readonly snapshots: readonly MetadataSnapshot[];
  readonly refs: Readonly<Record<string, SnapshotReference>>;
  readonly "snapshot-log": readonly SnapshotLogEntry[];
  readonly "metadata-log": readonly MetadataLogEntry[];
  readonly statistics: readonly StatisticsFile[];
  readonly "partition-statistics": readonly StatisticsFile[];
  readonly [name: string]: unknown;
}

/** The branch that readers see. */
export const mainBranch = "main";

/** Highest partition field id of a table that never had one, as the specification sets it. */
export const noPartitionFieldId = 999;

/** Whether two 64-bit ids are the same, however each is held. */
export function sameId(a: Integer | null | undefined, b: Integer | null | undefined): boolean {
  return (a ?? undefined)?.toString() === (b ?? undefined)?.toString();
}

/** The snapshot with this id. */
export function findSnapshot(metadata: TableMetadata, id: Integer): MetadataSnapshot | undefined {
  return metadata.snapshots.find((snapshot) => sameId(snapshot["snapshot-id"], id));
}

/** The newest snapshot of the branch `main`. */
export function currentSnapshot(metadata: TableMetadata): MetadataSnapshot | undefined {
  const id = metadata["current-snapshot-id"];
  return id === undefined || id === null ? undefined : findSnapshot(metadata, id);
}

/** Snapshots of the branch `main`, newest first, as far back as their parents are kept. */
export function currentBranch(metadata: TableMetadata): readonly MetadataSnapshot[] {
  return branchFrom(metadata, currentSnapshot(metadata));
}

/** A snapshot and its ancestors, newest first, as far back as they are kept. */
export function branchFrom(
  metadata: TableMetadata,
  newest: MetadataSnapshot | undefined,
): readonly MetadataSnapshot[] {
  const byId = new Map(metadata.snapshots.map((snapshot) => [String(snapshot["snapshot-id"]), snapshot]));
  const branch: MetadataSnapshot[] = [];
  let snapshot = newest;
  while (snapshot !== undefined) {
    branch.push(snapshot);
    byId.delete(String(snapshot["snapshot-id"]));
    snapshot = byId.get(String(snapshot["parent-snapshot-id"] ?? ""));
  }
  return branch;
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
