import type { AssetKey } from "../definition/asset-key.ts";
import type { Lakehouse, Snapshot } from "../lakehouse/lakehouse.ts";
import type { MaterializationRecord, StoreReader } from "../store/store.ts";

/** A snapshot of an asset's table of which it is known what it was made from. */
export interface TableState {
  readonly snapshot: Snapshot;
  /** The newest materialization whose data it holds. */
  readonly record: MaterializationRecord;
  /** False when somebody else has written to the table since that materialization. */
  readonly isRecorded: boolean;
}

/** What an asset's table can be taken back to. */
export interface TableStates {
  /** Undefined when the table has none now. */
  readonly current: Snapshot | undefined;
  /** Newest first, the current one among them; also those that a rollback took out of the table's history. */
  readonly states: readonly TableState[];
  /** Snapshots of which nothing recorded tells what they were made from. */
  readonly unknown: readonly Snapshot[];
}

/** Joins the snapshots that the table still has with the materializations that made them. */
export async function readTableStates(
  { store, lakehouse }: { readonly store: StoreReader; readonly lakehouse: Lakehouse },
  key: AssetKey,
): Promise<TableStates> {
  const snapshots = await lakehouse.snapshots(key);
  const byId = new Map(snapshots.map((snapshot) => [snapshot.id, snapshot]));
  const byContent = new Map<string, MaterializationRecord>();
  for (const record of store.materializations(key)) {
    const { snapshotId } = record;
    if (snapshotId !== undefined && !byContent.has(snapshotId)) byContent.set(snapshotId, record);
  }
  const states: TableState[] = [];
  const unknown: Snapshot[] = [];
  for (const snapshot of snapshots) {
    const record = byContent.get(snapshot.contentId) ?? recordBefore(snapshot, byId, byContent);
    if (record === undefined) unknown.push(snapshot);
    else states.push({ snapshot, record, isRecorded: byContent.has(snapshot.contentId) });
  }
  return { current: await lakehouse.currentSnapshot(key), states, unknown };
}

/** What somebody else wrote on top of a materialization counts as that materialization, as it does for staleness. */
function recordBefore(
  snapshot: Snapshot,
  byId: ReadonlyMap<string, Snapshot>,
  byContent: ReadonlyMap<string, MaterializationRecord>,
): MaterializationRecord | undefined {
  for (let at = byId.get(snapshot.parentId ?? ""); at !== undefined; at = byId.get(at.parentId ?? "")) {
    const record = byContent.get(at.contentId);
    if (record !== undefined) return record;
  }
  return undefined;
}
