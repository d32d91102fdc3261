import type { Unit } from "../definition/unit.ts";
import type { CheckOutcome } from "../event/event.ts";
import type { RunSession } from "./run-session.ts";

/**
 * What a unit's checks found in its last materialization, by name; nothing when its code or its table has changed
 * since, or when it was named with `--force`. A check that could not be run is left out: it must be tried again.
 */
export async function unchangedResults(
  session: RunSession,
  unit: Unit,
): Promise<ReadonlyMap<string, CheckOutcome>> {
  const { store, forced } = session.request;
  const { key } = unit;
  const last = store.latestOf(unit);
  const isUnchanged =
    last?.snapshotId !== undefined &&
    !forced.has(key) &&
    last.codeVersion === session.graph.asset(key).codeVersion() &&
    last.snapshotId === (await session.drafts.lakehouseOf(unit).dataVersion(key));
  const results = new Map<string, CheckOutcome>();
  if (!isUnchanged) return results;
  // Newest first; of several attempts in that run the last one made the table what it is.
  for (const { partition, check, result, failure, isUnpublished } of store
    .checkResults(key, { runId: last.runId })
    .toReversed()) {
    if (partition !== unit.partition || isUnpublished) continue;
    if (failure === undefined) results.set(check, result);
    else results.delete(check);
  }
  return results;
}
