import { localPath } from "../catalog/location.ts";
import type { MetadataSnapshot, TableMetadata } from "../catalog/table-metadata.ts";
import { quoteText } from "./duckdb-dialect.ts";
import type { Session } from "./session.ts";

/** A data or delete file that a snapshot reads. */
export interface ContentFile {
  readonly path: string;
  readonly isDelete: boolean;
}

/** Everything that some snapshots read. Paths are absolute. */
export interface SnapshotFiles {
  readonly manifests: ReadonlySet<string>;
  readonly content: readonly ContentFile[];
}

/** Iceberg's manifest entry status for a file that the snapshot no longer has. */
const deletedStatus = 2;

/** Reads the snapshots' manifests, each once. Throws DuckDB's error when one is missing or damaged. */
export async function snapshotFiles(
  session: Session,
  snapshots: readonly MetadataSnapshot[],
): Promise<SnapshotFiles> {
  const lists = manifestLists(snapshots);
  const manifests = new Set<string>();
  for (const list of lists) {
    const rows = await session.run(`SELECT manifest_path FROM read_avro(${quoteText(list)})`);
    for (const row of rows) manifests.add(localPath(String(row["manifest_path"])));
  }
  const content = new Map<string, ContentFile>();
  // One by one: manifests of different partition specs have different schemas.
  for (const manifest of manifests) {
    const rows = await session.run(
      `SELECT data_file.file_path AS path, data_file.content AS content
       FROM read_avro(${quoteText(manifest)}) WHERE status <> ${deletedStatus}`,
    );
    for (const row of rows) {
      const path = localPath(String(row["path"]));
      content.set(path, { path, isDelete: Number(row["content"] ?? 0) !== 0 });
    }
  }
  return { manifests: new Set([...lists, ...manifests]), content: [...content.values()] };
}

/** The manifest lists' paths. */
export function manifestLists(snapshots: readonly MetadataSnapshot[]): readonly string[] {
  return snapshots.flatMap((snapshot) => {
    const list = snapshot["manifest-list"];
    return list === undefined ? [] : [localPath(list)];
  });
}

/** The metadata and statistics files that a table's metadata names, and its own. */
export function metadataFiles(metadataFile: string, metadata: TableMetadata): readonly string[] {
  return [
    metadataFile,
    ...metadata["metadata-log"].map((entry) => entry["metadata-file"]),
    ...[...metadata.statistics, ...metadata["partition-statistics"]].map((file) => file["statistics-path"]),
  ].map(localPath);
}
