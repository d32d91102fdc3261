import type { AssetKey } from "../definition/asset-key.ts";
import type { Check } from "../definition/check.ts";

/** Whether a check that did not pass keeps this direct downstream of its asset from running. */
export function holdsBack(check: Pick<Check, "blocking" | "holds">, downstream: AssetKey): boolean {
  return check.blocking && (check.holds === undefined || check.holds.includes(downstream));
}

/** Whether any of an asset's failed checks, given by name, does. */
export function anyHoldsBack(
  checks: readonly Check[],
  failed: readonly string[],
  downstream: AssetKey,
): boolean {
  return checks.some((check) => failed.includes(check.name) && holdsBack(check, downstream));
}
