import type { Clock } from "../../util/clock.ts";
import type { MetadataView } from "../catalog/routes.ts";
import {
  mainBranch,
  otherBranches,
  type TableMetadata,
  withoutSnapshots,
} from "../catalog/table-metadata.ts";

/** A table's metadata as moraine's own DuckDBs get it; every other client gets what is on disk. */
export function duckdbViews(clock: Pick<Clock, "now">): Readonly<Record<"read" | "write", MetadataView>> {
  const nowMs = (): number => clock.now().getTime();
  return {
    read: (metadata) => (isAhead(metadata, nowMs()) ? settled(metadata, nowMs()) : shown(metadata)),
    write: (metadata) => settled(metadata, nowMs()),
  };
}

/** Longest time that a transaction is taken to be open before it first looks at a table. */
const settledMs = 30_000;

/** Whether the table was last changed in the future: the clock was set back since. */
function isAhead(metadata: TableMetadata, nowMs: number): boolean {
  return metadata["snapshot-log"].some((entry) => entry["timestamp-ms"] > nowMs);
}

/** Without snapshots when none is current, as after a rollback: with an empty log DuckDB takes the newest of all. */
function shown(metadata: TableMetadata): TableMetadata {
  const isEmpty = metadata.refs[mainBranch] === undefined && otherBranches(metadata).length === 0;
  return isEmpty ? withoutSnapshots(metadata) : metadata;
}

/**
 * The same with logs whose newest entries are at least half a minute old. DuckDB doesn't ask which snapshot is current: it
 * looks up in the logs which one was when its transaction began. Of a table that was changed since, or while the clock
 * was ahead, it would read an older snapshot and have its commits refused. Reading as of a time within the half minute is
 * wrong in exchange, so what only reads gets the true times.
 */
function settled(metadata: TableMetadata, nowMs: number): TableMetadata {
  const limitMs = nowMs - settledMs;
  return {
    ...shown(metadata),
    "last-updated-ms": Math.min(metadata["last-updated-ms"], limitMs),
    "snapshot-log": risingUpTo(shown(metadata)["snapshot-log"], limitMs),
    "metadata-log": risingUpTo(metadata["metadata-log"], limitMs),
  };
}

/** The log with its order kept in times that rise, the last of them at most `limitMs`. DuckDB sorts by time. */
function risingUpTo<E extends { readonly "timestamp-ms": number }>(
  log: readonly E[],
  limitMs: number,
): readonly E[] {
  let latestMs = limitMs + 1;
  return log
    .toReversed()
    .map((entry) => {
      latestMs = Math.min(entry["timestamp-ms"], latestMs - 1);
      return { ...entry, "timestamp-ms": latestMs };
    })
    .toReversed();
}
