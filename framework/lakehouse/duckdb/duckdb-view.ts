import type { Clock } from "../../util/clock.ts";
import { caseTwins } from "../../util/same-but-case.ts";
import type { ClientView } from "../catalog/routes.ts";
import {
  mainBranch,
  otherBranches,
  type TableMetadata,
  withoutSnapshots,
} from "../catalog/table-metadata.ts";

/** The catalog as moraine's own DuckDB sees it; other clients see it as it is. */
export function duckdbView(clock: Pick<Clock, "now">): ClientView {
  return {
    metadata: (metadata) => metadataForDuckdb(metadata, clock.now().getTime()),
    names: distinctNames,
  };
}

/**
 * One name of those that are the same apart from case, which DuckDB doesn't tell from each other: the lower-case one, as
 * asset keys are.
 */
function distinctNames(names: readonly string[]): readonly string[] {
  const hidden = caseTwins(names).flatMap((twins) => {
    const shown = twins.find((name) => name === name.toLowerCase()) ?? twins[0];
    return twins.filter((name) => name !== shown);
  });
  return names.filter((name) => !hidden.includes(name));
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
