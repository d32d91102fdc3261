import type { AlertRuleType } from "../../definition/alerts.ts";
import type { AssetKey } from "../../definition/asset-key.ts";
import type { Unit } from "../../definition/unit.ts";
import type { FailedAsset } from "../../event/alert.ts";
import type { FailureReason } from "../../event/failure.ts";
import type { AssetGraph } from "../../graph/asset-graph.ts";
import { computeFreshness, type Freshness } from "../../staleness/freshness.ts";
import type { BrokenRun, FailedAttempt, Measured } from "../../store/alerts/alert-records.ts";
import type { RuleInForce } from "./rules-in-force.ts";
import type { CheckResultRecord, Instant, MaterializationRecord, StoreReader } from "../../store/store.ts";

/** A run that failed longer ago than this is history. */
const runMemoryMs = 30 * 86_400_000;

/** What rules ask, read from the store when first asked. Everything that is asked of one world is of one moment. */
export class AlertWorld {
  readonly graph: AssetGraph;
  readonly now: Date;
  readonly #rules: readonly RuleInForce[];
  readonly #reader: StoreReader;
  #failures: readonly FailedAttempt[] | undefined;
  #latest: ReadonlyMap<AssetKey, MaterializationRecord> | undefined;
  #checks: ReadonlyMap<AssetKey, readonly CheckResultRecord[]> | undefined;

  constructor(options: {
    readonly graph: AssetGraph;
    readonly reader: StoreReader;
    readonly now: Date;
    readonly rules: readonly RuleInForce[];
  }) {
    this.graph = options.graph;
    this.now = options.now;
    this.#rules = options.rules;
    this.#reader = options.reader;
  }

  /** The newest failure of each asset and partition that nothing has made good; of assets that are there. */
  failures(): readonly FailedAttempt[] {
    this.#failures ??= this.#reader.alerts.unresolvedFailures().filter(({ key }) => this.graph.has(key));
    return this.#failures;
  }

  brokenRuns(): readonly BrokenRun[] {
    return this.#reader.alerts.brokenRuns(new Date(this.now.getTime() - runMemoryMs).toISOString());
  }

  latest(): ReadonlyMap<AssetKey, MaterializationRecord> {
    return (this.#latest ??= this.#reader.latestMaterializations());
  }

  checks(): ReadonlyMap<AssetKey, readonly CheckResultRecord[]> {
    return (this.#checks ??= this.#reader.latestCheckResults());
  }

  checksOfRun(runId: string): readonly CheckResultRecord[] {
    return this.#reader.runCheckResults(runId);
  }

  freshness(): ReadonlyMap<AssetKey, Freshness> {
    return computeFreshness(this.graph, this.#reader, this.now);
  }

  /** See StoreReader.knownGood; up to now. */
  knownGood(keys: readonly AssetKey[]): ReadonlyMap<AssetKey, Instant> {
    return this.#reader.knownGood(keys, this.now.toISOString());
  }

  measured(unit: Unit, limit: number): readonly Measured[] {
    return this.#reader.alerts.measured(unit, limit);
  }

  measuredPartitions(key: AssetKey): readonly Measured[] {
    return this.#reader.alerts.measuredPartitions(key);
  }

  owners(keys: Iterable<string>): readonly string[] {
    const found = [...keys].flatMap((key) => (this.graph.has(key) ? this.graph.asset(key).owners : []));
    return [...new Set(found)];
  }

  /** The failed assets that a late one waits for, itself and the nearest first. */
  failuresBehind(key: AssetKey): readonly FailedAsset[] {
    const failed = new Map(this.failures().map((attempt) => [attempt.key, attempt]));
    return [key, ...this.graph.ancestors(key).toReversed()].flatMap((upstream) => {
      const attempt = failed.get(upstream);
      if (attempt === undefined) return [];
      return [{ key: upstream, runId: attempt.runId, failure: toldFailure(attempt.failure) }];
    });
  }

  /** The type of rule that tells an asset's failure: the one that knows most of it, where the asset has one. */
  tellerOf({ key, failure }: FailedAttempt): AlertRuleType {
    const special = failure === undefined ? undefined : specialRules[failure.reason];
    const isTold = this.#rules.some(({ rule, keys }) => rule.type === special && keys.has(key));
    return special !== undefined && isTold ? special : "asset-failed";
  }
}

const specialRules: Partial<Record<FailureReason, AlertRuleType>> = {
  "access-contract": "breaker",
  "budget-exhausted": "quota",
  "check-failed": "check-failed",
  "org-changed": "breaker",
  breaker: "breaker",
};

/** A failure as an alert carries it: without stack and raw answers, which may hold rows. */
export function toldFailure(failure: FailedAttempt["failure"]): FailedAsset["failure"] {
  if (failure === undefined) return null;
  const { detail: _, ...told } = failure;
  return told;
}
