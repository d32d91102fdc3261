import { assetKey } from "../definition/asset-key.ts";
import type { MaterializeContext } from "../definition/context.ts";
import { defineTable, type TableDefinition } from "../definition/table.ts";
import { fail } from "../event/failure.ts";
import { collectRows, type Disposition } from "../lakehouse/lakehouse.ts";
import type { Landed, LoadPackage, NormalizeManifest } from "./load-package.ts";
import { normalizedFiles } from "./normalize.ts";
import { hasQuarantine } from "./quality-rules.ts";
import type { Spec } from "./spec.ts";

/** The table for rows that break a rule marked `quarantine`; undefined when no rule is. */
export function rejectedTable(spec: Spec, table: TableDefinition): TableDefinition | undefined {
  if (!hasQuarantine(spec)) return undefined;
  return defineTable({
    key: assetKey(`${table.key}__rejected`),
    description: `Rows that broke a rule and were kept out of ${table.key}.`,
    columns: {
      ...table.columns,
      rejected_reason: { type: "string", description: "The check that the row broke" },
    },
    partitionBy: table.partitionBy,
    properties: table.properties,
  });
}

/** How a load meets the rows already there. */
export function dispositionOf(spec: Spec): Disposition {
  if (spec.write_disposition !== "merge") return { type: spec.write_disposition };
  if (spec.merge_strategy === "upsert") return { type: "merge", strategy: "upsert", key: spec.merge_key };
  // A row of the same key with other content is a tie, not a repetition: it must land. A deletion differs from what it
  // deletes by `op` alone.
  const mapped = Object.values(spec.fields).map((field) => field.column);
  const unless = [...mapped.filter((column) => !spec.merge_key.includes(column)), "op"];
  return { type: "merge", strategy: "insert-only", key: spec.merge_key, unless };
}

/**
 * Loads a normalized package, rejected rows first: once the table's commit is there, nothing of the package is missing.
 * A package that a killed process had already committed is recognized by its load id and not loaded twice.
 */
export async function land(
  context: MaterializeContext,
  spec: Spec,
  table: TableDefinition,
  load: LoadPackage,
  normalized: NormalizeManifest,
): Promise<Landed> {
  const { lakehouse, signal } = context;
  const disposition = dispositionOf(spec);
  const rejected = rejectedTable(spec, table);
  if (rejected !== undefined && normalized.rejected > 0) {
    await lakehouse.load({
      table: rejected,
      files: [{ path: load.path(normalizedFiles.rejected), format: "ndjson" }],
      disposition: {
        type: "merge",
        strategy: "insert-only",
        key: spec.merge_key.length > 0 ? spec.merge_key : ["load_id"],
      },
      signal,
    });
  }
  if (
    spec.write_disposition !== "replace" &&
    (normalized.rows === 0 || (await isLanded(context, table, load.loadId)))
  ) {
    return keep(load, { rowsInserted: 0, rowsUpdated: 0, ties: 0, snapshotId: null });
  }
  const result = await lakehouse.load({
    table,
    files: [{ path: load.path(normalizedFiles.rows), format: "ndjson" }],
    disposition,
    signal,
  });
  if (result.rowsRead !== normalized.rows) {
    fail({
      reason: "proof-failed",
      message: `the lake read another number of rows than the package holds`,
      retryable: true,
      expected: `${normalized.rows} rows`,
      got: `${result.rowsRead} rows`,
      where: load.dir,
    });
  }
  const { rowsInserted, rowsUpdated, ties, snapshotId } = result;
  return keep(load, { rowsInserted, rowsUpdated, ties, snapshotId: snapshotId ?? null });
}

async function keep(load: LoadPackage, landed: Landed): Promise<Landed> {
  await load.finishLoad(landed);
  return landed;
}

/** Whether rows of a load are in the table. */
export async function isLanded(
  { lakehouse, signal }: Pick<MaterializeContext, "lakehouse" | "signal">,
  table: TableDefinition,
  loadId: string,
): Promise<boolean> {
  const sql = `SELECT 1 AS found FROM ${lakehouse.tableName(table.key)} WHERE load_id = ? LIMIT 1`;
  return (await collectRows(await lakehouse.query(sql, { parameters: [loadId], signal }))).length > 0;
}
