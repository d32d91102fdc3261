import type { Row } from "../lakehouse/lakehouse.ts";
import type { SourceRecord } from "../salesforce/rest-query.ts";
import type { ExtractManifest, LoadPackage, NormalizeManifest } from "./load-package.ts";
import { lakeTime } from "./lake-time.ts";
import { recordMapper } from "./map-record.ts";
import { NdjsonWriter, readNdjson } from "./ndjson.ts";
import { quarantineOf } from "./quality-rules.ts";
import { columnOf, type Spec } from "./spec.ts";
import { textOf } from "./text-of.ts";

/** Rows of a package for the table, and those for its `__rejected` neighbour. */
export const normalizedFiles = {
  rows: "normalize/rows.ndjson",
  rejected: "normalize/rejected.ndjson",
} as const;

const batchRows = 2_000;

/**
 * Turns a package's records into rows: typed, named as the table's columns, one per Id and cursor, with the columns that
 * the load fills. From file to file only, so that it can be repeated at will.
 */
export async function normalize(
  load: LoadPackage,
  spec: Spec,
  manifest: ExtractManifest,
  signal: AbortSignal,
): Promise<NormalizeManifest> {
  const mapRecord = recordMapper(spec);
  const reject = quarantineOf(spec);
  const [id, cursor] = [columnOf(spec, "Id"), columnOf(spec, spec.cursor.field)];
  const filled = { extracted_at: lakeTime(new Date(manifest.boundary)), load_id: load.loadId };
  const rows = new NdjsonWriter(load.path(normalizedFiles.rows));
  const rejected = new NdjsonWriter(load.path(normalizedFiles.rejected));
  const seen = new Set<string>();
  let repeated = 0;
  let pending: Row[] = [];
  const flush = async () => {
    signal.throwIfAborted();
    await rows.write(pending);
    pending = [];
  };
  for (const file of manifest.files) {
    for await (const record of readNdjson<SourceRecord>(load.path(file))) {
      const row: Row = { ...mapRecord(record), ...filled, op: "upsert", delete_reason: null };
      const version = `${textOf(row[id])} ${textOf(row[cursor])}`;
      if (seen.has(version)) {
        repeated += 1;
        continue;
      }
      seen.add(version);
      const reason = reject(row);
      if (reason === undefined) pending.push(row);
      else await rejected.write([{ ...row, rejected_reason: reason }]);
      if (pending.length >= batchRows) await flush();
    }
  }
  for (const file of manifest.rowFiles) {
    for await (const row of readNdjson<Row>(load.path(file))) pending.push({ ...row, ...filled });
  }
  await flush();
  await rows.close();
  await rejected.close();
  const result = { rows: rows.rows, repeated, rejected: rejected.rows };
  await load.finishNormalize(result);
  return result;
}
