import type { AssetKey } from "../../definition/asset-key.ts";
import { hasPassed } from "../../event/has-passed.ts";
import type { AssetGraph } from "../../graph/asset-graph.ts";
import { freshnessOf } from "../../staleness/freshness.ts";
import type { Instant, StoreReader, Totals } from "../../store/store.ts";
import { groupBy } from "../../util/group-by.ts";
import { families } from "./families.ts";
import { addFigures } from "./metadata-samples.ts";
import { type Samples, toSeconds } from "./samples.ts";

/** What the definitions say. */
export function addDefinitions(samples: Samples, graph: AssetGraph): void {
  const assets = graph.keys.map((key) => graph.asset(key));
  for (const [kind, ofKind] of groupBy(assets, ({ assetKind }) => assetKind))
    samples.add(families.assets, ofKind.length, { kind });
  for (const { key, assetKind, group, owners } of assets) {
    const labels = { asset: key, kind: assetKind, group: group ?? "", owner: owners.join(",") };
    samples.add(families.assetInfo, 1, labels);
  }
}

/** What the store knows of every asset that ever ran. */
export function addAssets(
  samples: Samples,
  reader: StoreReader,
  totals: Totals,
  knownGood: ReadonlyMap<AssetKey, Instant>,
): void {
  addTotals(samples, totals);
  for (const [asset, { outcome, at }] of reader.latestOutcomes()) {
    if (outcome !== undefined) samples.add(families.lastOutcome, 1, { asset, outcome });
    samples.add(families.lastAttempt, toSeconds(at), { asset });
  }
  for (const [asset, at] of knownGood) samples.add(families.lastSuccess, toSeconds(at), { asset });
  for (const [asset, last] of reader.latestMaterializations()) {
    samples.add(families.lastMaterialization, toSeconds(last.finishedAt), { asset });
    const tookMs = Date.parse(last.finishedAt) - Date.parse(last.startedAt);
    samples.add(families.lastDuration, Math.max(0, tookMs) / 1_000, { asset });
    addFigures(samples, asset, last.metadata);
  }
}

function addTotals(samples: Samples, totals: Totals): void {
  const outcomes = new Map<string, Map<string, number>>();
  const retries = new Map<string, number>();
  for (const { key, outcome, isRetry, count } of totals.attempts) {
    const ofAsset = outcomes.get(key) ?? new Map<string, number>();
    outcomes.set(key, ofAsset.set(outcome, (ofAsset.get(outcome) ?? 0) + count));
    if (isRetry) retries.set(key, (retries.get(key) ?? 0) + count);
  }
  for (const [asset, byOutcome] of outcomes) {
    for (const [outcome, count] of byOutcome) {
      // What another attempt followed was not how the asset ended.
      const ends = outcome === "failed" ? count - (retries.get(asset) ?? 0) : count;
      samples.add(families.outcomes, ends, { asset, outcome });
    }
    samples.add(families.retries, retries.get(asset) ?? 0, { asset });
  }
  for (const { key, ...total } of totals.materializations)
    samples.addSummary(families.duration, total, { asset: key });
  for (const { key, check, passed, count } of totals.checks)
    samples.add(families.checkResults, count, { asset: key, check, result: passed ? "passed" : "failed" });
}

/** The last result of every check; of a partitioned asset's the worst, and the newest instant. */
export function addChecks(samples: Samples, reader: StoreReader): void {
  for (const [asset, results] of reader.latestCheckResults()) {
    for (const [check, ofCheck] of groupBy(results, (result) => result.check)) {
      const newest = ofCheck.reduce((last, result) => (result.at > last.at ? result : last));
      const passed = ofCheck.every(hasPassed) ? 1 : 0;
      samples.add(families.checkPassed, passed, { asset, check, severity: newest.severity });
      samples.add(families.checkLast, toSeconds(newest.at), { asset, check });
      samples.add(families.checkDuration, newest.durationMs / 1_000, { asset, check });
    }
  }
}

/** How late assets are by the clock. */
export function addFreshness(
  samples: Samples,
  graph: AssetGraph,
  knownGood: ReadonlyMap<AssetKey, Instant>,
  now: Date,
): void {
  for (const asset of graph.keys) {
    const policy = graph.asset(asset).freshness;
    if (policy === undefined) continue;
    const { deadline } = freshnessOf(policy, knownGood.get(asset), now);
    const at = deadline === null ? undefined : Date.parse(deadline);
    const overdue = at === undefined ? Number.POSITIVE_INFINITY : Math.max(0, now.getTime() - at) / 1_000;
    samples.add(families.overdue, overdue, { asset });
    samples.add(families.deadline, toSeconds(deadline ?? undefined), { asset });
  }
}
