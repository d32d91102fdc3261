import { randomUUID } from "node:crypto";
import { closeSync, fsyncSync, openSync, readFileSync, renameSync, rmSync, writeSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { fail } from "../../event/failure.ts";
import { localPath } from "./location.ts";
import { parseJson, writeJson } from "./json.ts";
import type { TableMetadata } from "./table-metadata.ts";

const defaults = {
  "last-sequence-number": 0,
  "last-partition-id": 999,
  properties: {},
  snapshots: [],
  refs: {},
  "snapshot-log": [],
  "metadata-log": [],
  statistics: [],
  "partition-statistics": [],
};

/**
 * Reads a metadata file.
 *
 * @throws FailureError `lake-unreadable`, naming the file, when it is missing or is no table metadata
 */
export function readMetadataFile(file: string): TableMetadata {
  let text: string;
  try {
    text = readFileSync(localPath(file), "utf8");
  } catch (error) {
    const missing = error instanceof Error && "code" in error && error.code === "ENOENT";
    return fail(
      {
        reason: "lake-unreadable",
        message: missing ? "a table's metadata file is missing" : "a table's metadata file can't be read",
        got: error instanceof Error ? error.message : String(error),
        where: file,
        next: "restore the lake's folder from a backup",
        retryable: false,
      },
      error,
    );
  }
  return parseMetadata(text, file);
}

/**
 * Reads the text of a metadata file; `file` for messages.
 *
 * @throws FailureError `lake-unreadable` when it is no table metadata
 */
export function parseMetadata(text: string, file: string): TableMetadata {
  try {
    const metadata = toTableMetadata(parseJson(text));
    if (metadata === undefined) throw new Error("not an Iceberg table metadata document of format 2 or 3");
    return metadata;
  } catch (error) {
    return fail(
      {
        reason: "lake-unreadable",
        message: "a table's metadata file is damaged",
        expected: "Iceberg table metadata in JSON",
        got: error instanceof Error ? error.message : String(error),
        where: file,
        next: "restore the file from a backup",
        retryable: false,
      },
      error,
    );
  }
}

/** A parsed metadata document with the members that may be left out; undefined when it is none. */
export function toTableMetadata(document: unknown): TableMetadata | undefined {
  if (!isTableMetadata(document)) return undefined;
  const { "current-snapshot-id": current, ...rest } = document;
  // Some writers say -1 for none.
  const hasSnapshot = current !== undefined && current !== null && current !== -1;
  return { ...defaults, ...rest, ...(hasSnapshot ? { "current-snapshot-id": current } : {}) };
}

/** Writes text so that the path holds all of it, on disk, or does not exist. */
export type WriteFile = (path: string, text: string) => void;

/** {@link WriteFile} on the local file system: a temporary file, fsync, rename, fsync of the folder. */
export const writeDurably: WriteFile = (path, text) => {
  const temporary = join(dirname(path), `.${basename(path)}.${randomUUID()}.tmp`);
  try {
    const file = openSync(temporary, "wx");
    try {
      const bytes = Buffer.from(text, "utf8");
      for (let offset = 0; offset < bytes.length;) offset += writeSync(file, bytes, offset);
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
    renameSync(temporary, path);
    syncFolder(dirname(path));
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  }
};

/** The text of a metadata file. */
export function metadataText(metadata: TableMetadata): string {
  return writeJson(metadata);
}

/** `00007-<uuid>.metadata.json` after `00006-...`; `00000-...` for a new table. */
export function nextMetadataFileName(previous: string | undefined): string {
  const number = previous === undefined ? -1 : Number(/^(\d+)-/.exec(basename(previous))?.[1] ?? "-1");
  return `${String(number + 1).padStart(5, "0")}-${randomUUID()}.metadata.json`;
}

function syncFolder(path: string): void {
  // Windows opens no folders; its file systems journal the rename themselves.
  if (process.platform === "win32") return;
  const folder = openSync(path, "r");
  try {
    fsyncSync(folder);
  } finally {
    closeSync(folder);
  }
}

function isTableMetadata(value: unknown): value is TableMetadata {
  if (typeof value !== "object" || value === null) return false;
  const document = value as Record<string, unknown>;
  const lists = ["schemas", "partition-specs", "sort-orders"] as const;
  return (
    typeof document["format-version"] === "number" &&
    typeof document["table-uuid"] === "string" &&
    typeof document["location"] === "string" &&
    lists.every((name) => Array.isArray(document[name])) &&
    (document["snapshots"] === undefined || Array.isArray(document["snapshots"]))
  );
}
