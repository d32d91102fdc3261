import type { Check } from "../definition/check.ts";
import type { CheckResultRecord, MaterializationRecord } from "../store/store.ts";

/**
 * The checks that gave no result for what their asset holds now: they were declared, or renamed, after its last
 * materialization. A check that only the asset's body finds is left out: nothing but materializing gives its result.
 *
 * @param last undefined: never materialized, so there is nothing to check
 * @param results the newest of each check
 */
export function uncheckedOf(
  checks: readonly Check[],
  last: MaterializationRecord | undefined,
  results: readonly CheckResultRecord[],
): readonly Check[] {
  if (last === undefined) return [];
  const isCurrent = (result: CheckResultRecord) => result.runId === last.runId || result.at >= last.startedAt;
  return checks.filter(
    (check) =>
      check.source.type !== "report" &&
      !results.some((result) => result.check === check.name && isCurrent(result)),
  );
}
