import type { AssetKey } from "../definition/asset-key.ts";
import type { Unit } from "../definition/unit.ts";
import type { Outcome } from "../event/event.ts";
import type { AssetGraph } from "../graph/asset-graph.ts";
import type { RunSummary } from "./run-request.ts";

/** From worst to best: what an asset is said to have come to when its partitions differ. */
const worstFirst: readonly Outcome[] = ["failed", "skipped", "cancelled", "materialized", "fresh"];

/**
 * Sums up a run: one outcome per asset, and one per partition where an asset has them. An asset of which no partition had
 * anything to do is `fresh`; a unit without an outcome was cancelled.
 */
export function outcomesOf(
  graph: AssetGraph,
  units: ReadonlyMap<AssetKey, readonly string[]>,
  outcomeOf: (unit: Unit) => Outcome | undefined,
): Pick<RunSummary, "outcomes" | "partitions"> {
  const outcomes: Record<string, Outcome> = {};
  const partitions: Record<string, Record<string, Outcome>> = {};
  for (const [key, keys] of units) {
    const found = keys.map((partition) => [partition, outcomeOf({ key, partition }) ?? "cancelled"] as const);
    const all = new Set(found.map(([, outcome]) => outcome));
    outcomes[key] = worstFirst.find((outcome) => all.has(outcome)) ?? "fresh";
    if (graph.asset(key).partitions !== undefined) partitions[key] = Object.fromEntries(found);
  }
  return { outcomes, partitions };
}
