import type { AssetKey } from "../definition/asset-key.ts";
import type { MaterializeContext, MaterializeResult } from "../definition/context.ts";
import type { Metadata } from "../event/event.ts";
import { fail } from "../event/failure.ts";
import {
  costMetadata,
  type Expired,
  type Lakehouse,
  type Optimized,
  type TableLayout,
} from "../lakehouse/lakehouse.ts";
import type { Json } from "../util/hash.ts";
import { decideExpire, decideOptimize, type Decision, type UpkeepPlan } from "./thresholds.ts";
import { expiredText, optimizedText } from "./upkeep-text.ts";

/** One look at a table, what was decided by it, and what that did. */
interface Upkeep {
  readonly before: TableLayout;
  readonly after: TableLayout;
  readonly decisions: { readonly optimize: Decision; readonly expire: Decision };
  readonly optimized: Optimized | undefined;
  readonly expired: Expired | undefined;
}

/**
 * Joins a table's files and expires its snapshots where the plan's thresholds are passed, or whatever they say when it is
 * forced. Looks at metadata alone otherwise. The table keeps its content and its data version. The cursor is how many
 * data files there were when they were last joined: one in each partition can't be joined, and counts no more.
 */
export async function keepFit(
  context: MaterializeContext,
  table: AssetKey,
  plan: UpkeepPlan,
): Promise<MaterializeResult> {
  const { lakehouse, signal, forced } = context;
  const before = await layoutOf(lakehouse, table);
  const joined = Math.min(joinedAt(context.cursor), before.dataFiles ?? 0);
  const optimize = decideOptimize(before, plan.optimize, joined);
  let optimized: Optimized | undefined;
  if (optimize.isDue || (forced && plan.optimize !== false)) {
    context.progress({ message: "joining files" });
    optimized = await lakehouse.optimize(table, signal);
  }
  const between = optimized === undefined ? before : await layoutOf(lakehouse, table);
  const expire = decideExpire(between, plan.expire);
  let expired: Expired | undefined;
  if (plan.expire !== false && (expire.isDue || forced)) {
    context.progress({ message: "expiring snapshots" });
    expired = await lakehouse.expire(table, { olderThanMs: plan.expire.olderThanMs, signal });
  }
  const after = expired === undefined ? between : await layoutOf(lakehouse, table);
  const dataVersion = await lakehouse.dataVersion(table);
  return {
    // Upkeep makes nothing new of what its table holds.
    ...(dataVersion === undefined ? {} : { dataVersion }),
    metadata: {
      ...upkeepMetadata({ before, after, decisions: { optimize, expire }, optimized, expired }),
      ...costMetadata(lakehouse.takeCosts?.(table)),
    },
    cursor: { joinedDataFiles: optimized === undefined ? joined : (after.dataFiles ?? 0) },
  };
}

async function layoutOf(lakehouse: Lakehouse, table: AssetKey): Promise<TableLayout> {
  return (await lakehouse.layout(table)) ?? noTable(lakehouse, table);
}

function noTable(lakehouse: Lakehouse, table: AssetKey): never {
  return fail({
    reason: "asset-error",
    message: `${table} has no table in the lake that could be kept fit`,
    expected: `an Iceberg table ${lakehouse.tableName(table)}`,
    where: table,
    next: "leave it out of `of` in defineUpkeep",
    retryable: false,
  });
}

function joinedAt(cursor: Json | undefined): number {
  const isObject = typeof cursor === "object" && cursor !== null && "joinedDataFiles" in cursor;
  const files = isObject ? cursor["joinedDataFiles"] : undefined;
  return typeof files === "number" ? files : 0;
}

/** The first entry is what lists show. */
function upkeepMetadata({ before, after, decisions, optimized, expired }: Upkeep): Metadata {
  const done = [
    ...(optimized === undefined ? [] : [optimizedText(optimized)]),
    ...(expired === undefined ? [] : [expiredText(expired)]),
  ];
  const { optimize, expire } = decisions;
  const oldestMs = before.oldestSnapshotMs;
  return {
    upkeep: { type: "text", value: done.length === 0 ? "nothing due" : done.join(", ") },
    why: { type: "text", value: `optimize: ${optimize.why}; expire: ${expire.why}` },
    ...counts("data_files", before.dataFiles, after.dataFiles),
    ...counts("delete_files", before.deleteFiles, after.deleteFiles),
    ...counts("snapshots", before.snapshots, after.snapshots),
    ...bytes("bytes_before", optimized?.bytesBefore ?? before.bytes),
    ...bytes("bytes_after", optimized?.bytesAfter ?? after.bytes),
    ...(oldestMs === undefined ? {} : { oldest_snapshot: { type: "duration", ms: oldestMs } }),
    ...(expired === undefined
      ? {}
      : {
          snapshots_removed: { type: "number", value: expired.snapshotsRemoved },
          files_removed: { type: "number", value: expired.filesRemoved },
          bytes_freed: { type: "bytes", value: expired.bytesFreed },
        }),
  };
}

function counts(name: string, before: number | undefined, after: number | undefined): Metadata {
  return {
    ...(before === undefined ? {} : { [`${name}_before`]: { type: "number", value: before } }),
    ...(after === undefined ? {} : { [`${name}_after`]: { type: "number", value: after } }),
  };
}

function bytes(name: string, value: number | undefined): Metadata {
  return value === undefined ? {} : { [name]: { type: "bytes", value } };
}
