import { dirname } from "node:path";
import type { AssetKey } from "../../definition/asset-key.ts";
import { currentSnapshot, type TableMetadata } from "../catalog/table-metadata.ts";
import type { Answer } from "../catalog/table-catalog.ts";
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
): Promise<{ readonly filesBefore: number; readonly filesAfter: number }> {
  const { session } = reader;
  const base = currentSnapshot(await readMetadata());
  if (base === undefined) return { filesBefore: 0, filesAfter: 0 };
  const { content } = await snapshotFiles(reader, [base]);
  if (!isWorthRewriting(content)) return { filesBefore: content.length, filesAfter: content.length };
  await engine.withWholeTables(session, "replace", String(base["snapshot-id"]), (catalog) =>
    session.transaction(async () => {
      const rows = await session.count(
        `INSERT INTO ${duckdbTableName(key, catalog)} BY NAME SELECT * FROM ${duckdbTableName(key)}`,
      );
      return rows === 0 ? "nothing" : rows;
    }),
  );
  const after = currentSnapshot(await readMetadata());
  const filesAfter = after === undefined ? 0 : (await snapshotFiles(reader, [after])).content.length;
  return { filesBefore: content.length, filesAfter };
}

function isWorthRewriting(files: readonly ContentFile[]): boolean {
  if (files.some((file) => file.isDelete)) return true;
  // A partition is a folder.
  const folders = files.filter((file) => file.bytes < smallFileBytes).map((file) => dirname(file.path));
  return new Set(folders).size < folders.length;
}
