import type { Clock } from "../../util/clock.ts";
import type { MetadataView } from "../catalog/routes.ts";
import {
  mainBranch,
  otherBranches,
  type TableMetadata,
  withoutSnapshots,
} from "../catalog/table-metadata.ts";

/** A table's metadata as moraine's own DuckDB gets it; every other client gets what is on disk. */
export function duckdbView(clock: Pick<Clock, "now">): MetadataView {
  return (metadata) => metadataForDuckdb(metadata, clock.now().getTime());
}

/** Longest time that a transaction is taken to be open before it first looks at a table. */
const settledMs = 30_000;

/**
 * DuckDB doesn't ask which snapshot is current: it looks up in the logs which one was
 * when its transaction began. So
 * - their newest entries are never younger than half a minute: after the clock was set back DuckDB would read an older
 *   snapshot, and have its commits refused, until the clock has caught up;
 * - a table that was restored to its state before the first snapshot shows none: with an empty log DuckDB takes the
 *   newest of all.
 */
function metadataForDuckdb(metadata: TableMetadata, nowMs: number): TableMetadata {
  if (metadata.refs[mainBranch] === undefined && otherBranches(metadata).length === 0) {
    return withoutSnapshots(metadata);
  }
  const limitMs = nowMs - settledMs;
  return {
    ...metadata,
    "last-updated-ms": Math.min(metadata["last-updated-ms"], limitMs),
    "snapshot-log": risingUpTo(metadata["snapshot-log"], limitMs),
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
