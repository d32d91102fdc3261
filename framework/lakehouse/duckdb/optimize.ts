import { dirname } from "node:path";
import type { AssetKey } from "../../definition/asset-key.ts";
import { currentSnapshot, type MetadataSnapshot, type TableMetadata } from "../catalog/table-metadata.ts";
import type { Answer } from "../catalog/table-catalog.ts";
import type { Optimized } from "../lakehouse.ts";
import { duckdbTableName } from "./duckdb-dialect.ts";
import type { Engine } from "./engine.ts";
import { type ContentFile, type FileReader, snapshotFiles } from "./table-files.ts";

/** Files below this size are worth joining, bytes. */
const smallFileBytes = 64 * 1024 * 1024;

/**
 * Writes the table's rows into as few files as its partitions allow, in one commit of operation `replace`. Does
 * nothing when there are no delete files, no two small files in one partition and no file of an earlier partition spec.
 */
export async function optimize(
  engine: Engine,
  reader: FileReader,
  key: AssetKey,
  readMetadata: () => Answer<TableMetadata>,
): Promise<Optimized> {
  const { session } = reader;
  const metadata = await readMetadata();
  const base = currentSnapshot(metadata);
  const before = await contentOf(reader, base);
  const isWorthIt = isWorthRewriting(before) || hasOtherSpecs(before, metadata);
  if (base === undefined || !isWorthIt) return optimized(before, before);
  await engine.withWholeTables(session, "replace", String(base["snapshot-id"]), (catalog) =>
    session.transaction(async () => {
      const rows = await session.count(
        `INSERT INTO ${duckdbTableName(key, catalog)} BY NAME SELECT * FROM ${duckdbTableName(key)}`,
      );
      return rows === 0 ? "nothing" : rows;
    }),
  );
  return optimized(before, await contentOf(reader, currentSnapshot(await readMetadata())));
}

/**
 * Whether DuckDB 1.5.5 can't delete rows of the table by delete files. Iceberg applies a delete file only to data files of
 * its own partition spec, and DuckDB writes all of them under the current one; of a partition field that two specs
 * share it makes two, and fails. Reads no file when the table has one spec.
 */
export async function needsCopyOnWrite(reader: FileReader, metadata: TableMetadata): Promise<boolean> {
  const ids = metadata["partition-specs"].flatMap((spec) => spec.fields.map((field) => field["field-id"]));
  if (new Set(ids).size < ids.length) return true;
  if (metadata["partition-specs"].length === 1) return false;
  return hasOtherSpecs(await contentOf(reader, currentSnapshot(metadata)), metadata);
}

async function contentOf(
  reader: FileReader,
  snapshot: MetadataSnapshot | undefined,
): Promise<readonly ContentFile[]> {
  return snapshot === undefined ? [] : (await snapshotFiles(reader, [snapshot])).content;
}

function optimized(before: readonly ContentFile[], after: readonly ContentFile[]): Optimized {
  const bytesOf = (files: readonly ContentFile[]) => files.reduce((sum, { bytes }) => sum + bytes, 0);
  return {
    filesBefore: before.length,
    filesAfter: after.length,
    bytesBefore: bytesOf(before),
    bytesAfter: bytesOf(after),
  };
}

function hasOtherSpecs(files: readonly ContentFile[], metadata: TableMetadata): boolean {
  return files.some((file) => file.specId !== metadata["default-spec-id"]);
}

function isWorthRewriting(files: readonly ContentFile[]): boolean {
  if (files.some((file) => file.isDelete)) return true;
  // A partition is a folder.
  const folders = files.filter((file) => file.bytes < smallFileBytes).map((file) => dirname(file.path));
  return new Set(folders).size < folders.length;
}
