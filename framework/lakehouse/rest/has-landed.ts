import { sameId, type TableMetadata } from "../catalog/table-metadata.ts";
import type { Update } from "../catalog/updates.ts";

/**
 * Whether a table shows that a commit of these updates happened. The new snapshots tell, whatever came after them;
 * without any, the references and properties. What leaves no such trace counts as not happened.
 */
export function hasLanded(updates: readonly Update[], metadata: TableMetadata): boolean {
  const ids = new Set(metadata.snapshots.map((snapshot) => String(snapshot["snapshot-id"])));
  const added = updates.flatMap((update) => (update.action === "add-snapshot" ? [update.snapshot] : []));
  if (added.length > 0) return added.every((snapshot) => ids.has(String(snapshot["snapshot-id"])));
  return updates.length > 0 && updates.every((update) => shows(update, metadata, ids));
}

function shows(update: Update, metadata: TableMetadata, ids: ReadonlySet<string>): boolean {
  if (update.action === "set-snapshot-ref")
    return sameId(metadata.refs[update["ref-name"]]?.["snapshot-id"], update["snapshot-id"]);
  if (update.action === "remove-snapshot-ref") return metadata.refs[update["ref-name"]] === undefined;
  if (update.action === "remove-snapshots") return update["snapshot-ids"].every((id) => !ids.has(String(id)));
  if (update.action !== "set-properties") return false;
  return Object.entries(update.updates).every(([name, value]) => metadata.properties[name] === value);
}
