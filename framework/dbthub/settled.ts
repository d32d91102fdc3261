import type { MaterializeContext } from "../definition/context.ts";
import type { TableDefinition } from "../definition/table.ts";
import type { Lakehouse } from "../lakehouse/lakehouse.ts";
import { hashJson, type Json } from "../util/hash.ts";
import type { IngestionCursor } from "./cursor.ts";
import type { FinishedLoad } from "./load-metadata.ts";
import type { Spec } from "./spec.ts";

// A load holds what the source shows against what the lake knows. Of that the cursor keeps a hash, so that the next load
// can tell from the snapshots' ids and its own sweep that nothing is to be found, and the lake's engine need not start.

/** Data versions of the table and of its `__rejected` neighbour; undefined: nothing in it yet, or there is none. */
export interface Versions {
  readonly table: string | undefined;
  readonly rejected: string | undefined;
}

/** A load, and the digest of its sweep; undefined when it has none that may be relied on. */
export type NewLoad = FinishedLoad & { readonly sweep: string | undefined };

/** Reads the versions from the lake's metadata. */
export async function readVersions(
  lakehouse: Lakehouse,
  table: TableDefinition,
  rejected: TableDefinition | undefined,
): Promise<Versions> {
  return {
    table: await lakehouse.dataVersion(table.key),
    rejected: rejected === undefined ? undefined : await lakehouse.dataVersion(rejected.key),
  };
}

/**
 * Stands for what one sweep showed, the tables that it was held against and the rules by which that was done: the same
 * again means that it would give what it gave before. Null when there is no sweep, or nothing in the table.
 */
export function settledHash(of: {
  readonly spec: Spec;
  readonly orgId: string;
  readonly versions: Versions;
  readonly sweep: string | undefined;
}): string | null {
  const { spec, orgId, versions, sweep } = of;
  if (sweep === undefined || versions.table === undefined) return null;
  const { table, rejected = null } = versions;
  return hashJson({ spec: spec as unknown as Json, orgId, table, rejected, sweep });
}

/**
 * What the next load may rely on. Nothing, when somebody else wrote between our look at the table and our commit.
 *
 * @param of `before`: the versions before anything of the tables was read
 */
export async function settledBy(of: {
  readonly context: Pick<MaterializeContext, "lakehouse">;
  readonly spec: Spec;
  readonly table: TableDefinition;
  readonly load: NewLoad;
  readonly before: Versions;
}): Promise<Pick<IngestionCursor, "tableVersion" | "settled">> {
  const { spec, before, load } = of;
  const { manifest, landed, normalized, sweep } = load;
  let table = before.table;
  if (landed.snapshotId !== null) {
    const [snapshot, parent] = await of.context.lakehouse.history(of.table.key);
    // What lies below may have been compacted, which changed nothing.
    const isOurs = snapshot?.id === landed.snapshotId && parent?.contentId === before.table;
    table = isOurs ? landed.snapshotId : undefined;
  }
  const settled =
    normalized.rejected > 0
      ? null
      : settledHash({ spec, orgId: manifest.orgId, versions: { ...before, table }, sweep });
  return { tableVersion: table ?? null, settled };
}
