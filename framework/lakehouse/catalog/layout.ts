import type { TableLayout } from "../lakehouse.ts";
import { oldestExpirableMs, type Retention } from "./retention.ts";
import { currentSnapshot, type TableMetadata } from "./table-metadata.ts";

/** How a table lies in storage, by the summary of its current snapshot. */
export function layoutOf(
  metadata: TableMetadata,
  retention: Pick<Retention, "nowMs" | "inUse">,
): TableLayout {
  const current = currentSnapshot(metadata);
  const total = (name: string): number | undefined => {
    if (current === undefined) return 0;
    const text = current.summary?.[name];
    return text === undefined ? undefined : Number(text);
  };
  return {
    dataFiles: total("total-data-files"),
    deleteFiles: total("total-delete-files"),
    bytes: total("total-files-size"),
    snapshots: metadata.snapshots.length,
    oldestSnapshotMs: oldestExpirableMs(metadata, retention),
  };
}
