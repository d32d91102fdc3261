import { unreachable } from "../../util/unreachable.ts";
import type { Found } from "./found.ts";
import { type AnomalyMemo, unusualVersions, unusualVolumes } from "./rules/anomalies.ts";
import { brokenRuns } from "./rules/broken-runs.ts";
import { failedChecks } from "./rules/failed-checks.ts";
import { failedAssets, refusedAssets } from "./rules/failures.ts";
import { missingSuccess, overdueAssets } from "./rules/lateness.ts";
import { usedUpQuotas } from "./rules/quota.ts";
import type { RuleInForce } from "./rules-in-force.ts";
import type { AlertWorld } from "./world.ts";

/** Everything that is wrong now by the rules, each thing once, in the order of the rules. */
export function judge(
  world: AlertWorld,
  rules: readonly RuleInForce[],
  memo?: AnomalyMemo,
): readonly Found[] {
  return rules.flatMap((rule) => foundBy(world, rule, memo));
}

function foundBy(world: AlertWorld, by: RuleInForce, memo: AnomalyMemo | undefined): readonly Found[] {
  const { rule } = by;
  switch (rule.type) {
    case "run-failed":
      return brokenRuns(world, by);
    case "breaker":
      return refusedAssets(world, by);
    case "quota":
      return usedUpQuotas(world, by, rule);
    case "asset-failed":
      return failedAssets(world, by);
    case "check-failed":
      return failedChecks(world, by, rule);
    case "overdue":
      return overdueAssets(world, by);
    case "no-success":
      return missingSuccess(world, by, rule);
    case "volume-anomaly":
      return unusualVolumes(world, by, rule, memo);
    case "scd-anomaly":
      return unusualVersions(world, by, rule, memo);
    default:
      return unreachable(rule);
  }
}
