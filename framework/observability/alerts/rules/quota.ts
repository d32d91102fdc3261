import type { MaterializationRecord } from "../../../store/store.ts";
import type { Found } from "../found.ts";
import { type RuleInForce, type RuleOf, severityOf } from "../rules-in-force.ts";
import { type AlertWorld, toldFailure } from "../world.ts";
import { failedUnits, newest } from "./failures.ts";

/** A source counts calls over this long; what was counted earlier says nothing of now. */
const windowMs = 86_400_000;

/** Assets whose source has few API calls left, or has refused a run for that. */
export function usedUpQuotas(world: AlertWorld, by: RuleInForce, rule: RuleOf<"quota">): readonly Found[] {
  const { share = 0.8 } = rule;
  const refused = failedUnits(world, by, "quota");
  const keys = new Set([...refused.keys(), ...[...world.latest().keys()].filter((key) => by.keys.has(key))]);
  return [...keys].flatMap((key): readonly Found[] => {
    const attempts = refused.get(key);
    const last = world.latest().get(key);
    const usage = usageOf(last, world.now);
    const failed = attempts === undefined ? undefined : newest(attempts);
    const isHigh = usage !== undefined && usage.used >= usage.limit * share;
    if (failed === undefined && !isHigh) return [];
    return [
      {
        by,
        rule: by.name,
        subject: key,
        severity: severityOf(by, failed === undefined ? "warning" : "critical"),
        since: failed?.startedAt ?? last?.finishedAt ?? world.now.toISOString(),
        owners: world.owners([key]),
        facts: {
          type: "quota",
          key,
          runId: failed?.runId ?? last?.runId ?? "",
          used: usage?.used ?? null,
          limit: usage?.limit ?? null,
          failure: toldFailure(failed?.failure),
        },
      },
    ];
  });
}

function usageOf(
  last: MaterializationRecord | undefined,
  now: Date,
): { readonly used: number; readonly limit: number } | undefined {
  if (last === undefined || Date.parse(last.finishedAt) < now.getTime() - windowMs) return undefined;
  const { api_quota_used: used, api_quota_limit: limit } = last.metadata;
  return used?.type === "number" && limit?.type === "number" && limit.value > 0
    ? { used: used.value, limit: limit.value }
    : undefined;
}
