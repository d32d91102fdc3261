import type { LakeCatalog } from "../catalog/lake-catalog.ts";
import type { LoadedTable } from "../catalog/table-catalog.ts";
import type { MetadataSnapshot } from "../catalog/table-metadata.ts";
import { quoteText } from "../ddl/quoting.ts";
import type { Session } from "./session.ts";

/** A data or delete file that a snapshot reads. */
export interface ContentFile {
  readonly path: string;
  readonly isDelete: boolean;
  readonly bytes: number;
  /** The partition spec that it was written under. */
  readonly specId: number;
}

/** Everything that some snapshots read. Paths are as the catalog's `pathOf` gives them. */
export interface SnapshotFiles {
  /** Manifest lists and manifests, with their bytes where they are known. */
  readonly manifests: ReadonlyMap<string, number | undefined>;
  readonly content: readonly ContentFile[];
}

/** By what {@link snapshotFiles} reads. */
export interface FileReader {
  readonly catalog: Pick<LakeCatalog, "pathOf">;
  readonly session: Session;
}

/** Iceberg's manifest entry status for a file that the snapshot no longer has. */
const deletedStatus = 2;

/** Reads the snapshots' manifests, each once. Throws DuckDB's error when one is missing or damaged. */
export async function snapshotFiles(
  { catalog, session }: FileReader,
  snapshots: readonly MetadataSnapshot[],
): Promise<SnapshotFiles> {
  const lists = manifestLists(catalog, snapshots);
  const manifests = new Map<string, number>();
  const specIds = new Map<string, number>();
  for (const list of lists) {
    const rows = await session.run(
      `SELECT manifest_path, manifest_length, partition_spec_id FROM read_avro(${quoteText(list)})`,
    );
    for (const row of rows) {
      const path = catalog.pathOf(String(row["manifest_path"]));
      manifests.set(path, Number(row["manifest_length"]));
      specIds.set(path, Number(row["partition_spec_id"]));
    }
  }
  const content = new Map<string, ContentFile>();
  // One by one: manifests of different partition specs have different schemas.
  for (const [manifest, specId] of specIds) {
    const rows = await session.run(
      `SELECT data_file.file_path AS path, data_file.content AS content, data_file.file_size_in_bytes AS bytes
       FROM read_avro(${quoteText(manifest)}) WHERE status <> ${deletedStatus}`,
    );
    for (const row of rows) {
      const path = catalog.pathOf(String(row["path"]));
      const isDelete = Number(row["content"] ?? 0) !== 0;
      content.set(path, { path, isDelete, bytes: Number(row["bytes"]), specId });
    }
  }
  const unsized = lists.map((list): [string, undefined] => [list, undefined]);
  return { manifests: new Map([...unsized, ...manifests]), content: [...content.values()] };
}

/** The manifest lists' paths. */
export function manifestLists(
  catalog: Pick<LakeCatalog, "pathOf">,
  snapshots: readonly MetadataSnapshot[],
): readonly string[] {
  return snapshots.flatMap((snapshot) => {
    const list = snapshot["manifest-list"];
    return list === undefined ? [] : [catalog.pathOf(list)];
  });
}

/** The metadata and statistics files that a table's metadata names, and its own. */
export function metadataFiles(
  catalog: Pick<LakeCatalog, "pathOf">,
  { metadataFile, metadata }: LoadedTable,
): readonly string[] {
  return [
    metadataFile,
    ...metadata["metadata-log"].map((entry) => entry["metadata-file"]),
    ...[...metadata.statistics, ...metadata["partition-statistics"]].map((file) => file["statistics-path"]),
  ].map((location) => catalog.pathOf(location));
}
