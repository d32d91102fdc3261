import type { AssetKey } from "../../../definition/asset-key.ts";
import type { FailedAttempt } from "../../../store/alerts/alert-records.ts";
import { groupBy } from "../../../util/group-by.ts";
import type { Found } from "../found.ts";
import { type RuleInForce, severityOf } from "../rules-in-force.ts";
import { type AlertWorld, toldFailure } from "../world.ts";

/** Assets whose last attempt failed, for a reason that no other rule tells better. */
export function failedAssets(world: AlertWorld, by: RuleInForce): readonly Found[] {
  return [...failedUnits(world, by, "asset-failed")].map(([key, attempts]) =>
    foundFailure(world, by, { type: "asset-failed", key, attempts }),
  );
}

/** Assets that a guard refused to write. */
export function refusedAssets(world: AlertWorld, by: RuleInForce): readonly Found[] {
  return [...failedUnits(world, by, "breaker")].map(([key, attempts]) =>
    foundFailure(world, by, { type: "breaker", key, attempts }),
  );
}

/** What is told of an asset's failed attempts: the newest, and since when there is one. */
export function foundFailure(
  world: AlertWorld,
  by: RuleInForce,
  failed: {
    readonly type: "asset-failed" | "breaker";
    readonly key: AssetKey;
    /** At least one. */
    readonly attempts: readonly FailedAttempt[];
  },
): Found {
  const { type, key, attempts } = failed;
  const { runId, attempt, failure } = newest(attempts);
  return {
    by,
    rule: by.name,
    subject: key,
    severity: severityOf(by, "critical"),
    since: attempts.map(({ startedAt }) => startedAt).sort()[0] ?? world.now.toISOString(),
    owners: world.owners([key]),
    facts: {
      type,
      key,
      partitions: attempts.map(({ partition }) => partition).filter((partition) => partition !== ""),
      runId,
      attempts: attempt,
      failure: toldFailure(failure),
    },
  };
}

/** The failures that a rule tells, by asset. */
export function failedUnits(
  world: AlertWorld,
  by: RuleInForce,
  type: ReturnType<AlertWorld["tellerOf"]>,
): ReadonlyMap<AssetKey, readonly FailedAttempt[]> {
  const told = world
    .failures()
    .filter((attempt) => by.keys.has(attempt.key) && world.tellerOf(attempt) === type);
  return groupBy(told, ({ key }) => key);
}

/** @param attempts at least one */
export function newest(attempts: readonly FailedAttempt[]): FailedAttempt {
  return attempts.reduce((last, attempt) => (attempt.startedAt > last.startedAt ? attempt : last));
}
