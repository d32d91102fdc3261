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
 * nothing when there are no delete files and no two small files in one partition.
 */
export async function optimize(
  engine: Engine,
  reader: FileReader,
  key: AssetKey,
  readMetadata: () => Answer<TableMetadata>,
): Promise<Optimized> {
  const { session } = reader;
  const base = currentSnapshot(await readMetadata());
  const before = await contentOf(reader, base);
  if (base === undefined || !isWorthRewriting(before)) return optimized(before, before);
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

function isWorthRewriting(files: readonly ContentFile[]): boolean {
  if (files.some((file) => file.isDelete)) return true;
  // A partition is a folder.
  const folders = files.filter((file) => file.bytes < smallFileBytes).map((file) => dirname(file.path));
  return new Set(folders).size < folders.length;
}
