import {
  branchFrom,
  currentBranch,
  findSnapshot,
  type MetadataSnapshot,
  type TableMetadata,
} from "./table-metadata.ts";
import { contentSnapshotId } from "./whole-table-view.ts";

/** What an expiry leaves, beside what branches and tags name. */
export interface Retention {
  readonly nowMs: number;
  /** Every state that the table has shown since so long ago stays. */
  readonly olderThanMs: number;
  /** Ids of snapshots that somebody may go back to, who has to tell by what came after whether that is right. */
  readonly inUse: readonly string[];
}

/**
 * Old snapshots that nobody needs, and without which the table keeps its data version. A snapshot is as old as the moment
 * at which the table ceased to show it: what was the table yesterday is no older than that, however long ago it was
 * committed, so the way back to yesterday stays open.
 */
export function expirableSnapshots(
  metadata: TableMetadata,
  { nowMs, olderThanMs, inUse }: Retention,
): readonly MetadataSnapshot[] {
  const named = new Set([...namedSnapshots(metadata, nowMs), ...inUse, ...wayBackTo(metadata, inUse)]);
  const shownUntil = lastShown(metadata);
  const old = metadata.snapshots.filter(
    (snapshot) => shownUntil(snapshot) <= nowMs - olderThanMs && !named.has(idOf(snapshot)),
  );
  const rest = { ...metadata, snapshots: metadata.snapshots.filter((snapshot) => !old.includes(snapshot)) };
  const content = contentSnapshotId(currentBranch(metadata));
  if (contentSnapshotId(currentBranch(rest)) === content) return old;
  // Compacted by a tool that does not record what it replaced: keep the way back to the content.
  const way = wayBackTo(metadata, content === undefined ? [] : [content]);
  return old.filter((snapshot) => !way.includes(idOf(snapshot)));
}

/** The current snapshot and those below it, down to the last of some. */
function wayBackTo(metadata: TableMetadata, ids: readonly string[]): readonly string[] {
  const branch = currentBranch(metadata).map(idOf);
  return branch.slice(0, 1 + branch.findLastIndex((id) => ids.includes(id)));
}

/** Milliseconds since the table ceased to show the oldest snapshot that could be expired; undefined: there is none. */
export function oldestExpirableMs(
  metadata: TableMetadata,
  { nowMs, inUse }: Pick<Retention, "nowMs" | "inUse">,
): number | undefined {
  const expirable = expirableSnapshots(metadata, { nowMs, olderThanMs: 0, inUse });
  if (expirable.length === 0) return undefined;
  const shownUntil = lastShown(metadata);
  return nowMs - expirable.reduce((oldest, snapshot) => Math.min(oldest, shownUntil(snapshot)), nowMs);
}

/** When the table ceased to show a snapshot: by its log, else when the next one was committed on top of it. */
function lastShown(metadata: TableMetadata): (snapshot: MetadataSnapshot) => number {
  const shownUntil = new Map<string, number>();
  for (const { "parent-snapshot-id": parent, "timestamp-ms": at } of metadata.snapshots)
    shownUntil.set(String(parent ?? ""), at);
  const log = metadata["snapshot-log"];
  for (const [index, entry] of log.entries()) {
    const next = log[index + 1]?.["timestamp-ms"];
    if (next !== undefined) shownUntil.set(String(entry["snapshot-id"]), next);
  }
  return (snapshot) => shownUntil.get(idOf(snapshot)) ?? snapshot["timestamp-ms"];
}

/** Names of the property that holds the least number of snapshots of a branch: Iceberg's, and Athena's. */
const leastProperties = ["history.expire.min-snapshots-to-keep", "vacuum_min_snapshots_to_keep"] as const;

/** What branches and tags name, with as much of each branch as the table or the branch itself asks to keep. */
export function namedSnapshots(metadata: TableMetadata, nowMs: number): ReadonlySet<string> {
  const [least = "1"] = leastProperties.flatMap((name) => metadata.properties[name] ?? []);
  const named = new Set<string>();
  for (const reference of Object.values(metadata.refs)) {
    named.add(String(reference["snapshot-id"]));
    if (reference.type !== "branch") continue;
    const keep = Number(reference["min-snapshots-to-keep"] ?? least);
    const maxAgeMs = Number(reference["max-snapshot-age-ms"] ?? 0);
    const branch = branchFrom(metadata, findSnapshot(metadata, reference["snapshot-id"]));
    for (const [index, snapshot] of branch.entries())
      if (index < keep || nowMs - snapshot["timestamp-ms"] < maxAgeMs) named.add(idOf(snapshot));
  }
  return named;
}

function idOf(snapshot: MetadataSnapshot): string {
  return String(snapshot["snapshot-id"]);
}
