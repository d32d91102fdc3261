import { readFileSync } from "node:fs";
import { type AvroValue, decodeAvro } from "./avro.ts";
import { badRequest } from "./catalog-error.ts";
import { displayName, localPath, type TableIdentifier } from "./location.ts";
import { findSnapshot, type MetadataSnapshot, sameId, type TableMetadata } from "./table-metadata.ts";

type Entry = Readonly<Record<string, AvroValue>>;

/** Of manifests: data files or delete files. Of content files: data, position deletes, equality deletes. */
const deletes = 1;
const positionDeletes = 1;
/** Status of a manifest's entry for a file that the snapshot no longer has. */
const deletedStatus = 2;
/** Ids under which bounds of a delete file's column `file_path` stand: the specification's, and DuckDB 1.5.5's. */
const filePathIds: ReadonlySet<AvroValue> = new Set([2147483546, 2147483646]);

/**
 * Refuses new snapshots whose position delete files name a data file of another partition spec than their own. Iceberg
 * applies a delete file only within its spec, so readers that keep to the specification would show deleted rows, while
 * DuckDB 1.5.5, which writes such files, would not. What can't be read, or doesn't say which file it deletes from, passes.
 *
 * @throws CatalogError 400
 */
export function expectMatchingDeletes(
  identifier: TableIdentifier,
  base: TableMetadata | undefined,
  metadata: TableMetadata,
): void {
  if (base === undefined || metadata["partition-specs"].length === 1) return;
  for (const snapshot of metadata.snapshots) {
    if (findSnapshot(base, snapshot["snapshot-id"]) !== undefined) continue;
    const file = mismatchedFile(snapshot);
    if (file === undefined) continue;
    const { namespace, name } = identifier;
    badRequest(
      `Cannot commit deletes to ${displayName(identifier)}: its partition spec was changed, and a delete file is of another ` +
        `spec than its data file ${file}, so that readers would not apply it. First rewrite the table under its present ` +
        `spec: moraine lake optimize ${namespace}/${name}`,
    );
  }
}

/** A data file for which the snapshot adds a delete file under another spec. */
function mismatchedFile(snapshot: MetadataSnapshot): string | undefined {
  const manifests = read(snapshot["manifest-list"]);
  const added = manifests.filter(
    (manifest) =>
      manifest["content"] === deletes &&
      sameId(manifest["added_snapshot_id"] as number | bigint, snapshot["snapshot-id"]),
  );
  for (const manifest of added) {
    const targets = entriesOf(manifest).flatMap((file) => targetOf(file) ?? []);
    if (targets.length === 0) continue;
    const others = manifests
      .filter(
        (other) =>
          other["content"] !== deletes && other["partition_spec_id"] !== manifest["partition_spec_id"],
      )
      .flatMap((other) => entriesOf(other).map((file) => file["file_path"]));
    const paths = new Set(others);
    const mismatched = targets.find((path) => paths.has(path));
    if (mismatched !== undefined) return mismatched;
  }
  return undefined;
}

/** The content files that a manifest's snapshot still has. */
function entriesOf(manifest: Entry): readonly Entry[] {
  return read(manifest["manifest_path"])
    .filter((entry) => entry["status"] !== deletedStatus)
    .map((entry) => entry["data_file"] as Entry);
}

/** The one data file from which a delete file deletes, if it says so. */
function targetOf(file: Entry): string | undefined {
  if (file["content"] !== positionDeletes) return undefined;
  const named = file["referenced_data_file"];
  if (typeof named === "string") return named;
  const lower = boundOf(file["lower_bounds"]);
  return lower !== undefined && lower === boundOf(file["upper_bounds"]) ? lower : undefined;
}

function boundOf(bounds: AvroValue | undefined): string | undefined {
  const list = Array.isArray(bounds) ? (bounds as readonly Entry[]) : [];
  const value = list.find((bound) => filePathIds.has(bound["key"] ?? null))?.["value"];
  return Buffer.isBuffer(value) ? value.toString("utf8") : undefined;
}

function read(path: AvroValue | undefined): readonly Entry[] {
  if (typeof path !== "string") return [];
  try {
    return decodeAvro(readFileSync(localPath(path)));
  } catch {
    return [];
  }
}
