import type { CheckOutcome, Severity } from "../../event/event.ts";
import type { Failure } from "../../event/failure.ts";
import { hasPassed } from "../../event/has-passed.ts";
import type { SignName, Signs } from "./signs.ts";
import { formatCount } from "./numbers.ts";
import { cleanText } from "./text.ts";

/** What is needed of a check's result to put it in words. */
export interface CheckFacts {
  readonly severity: Severity;
  readonly blocking: boolean;
  readonly result: CheckOutcome;
  readonly failure?: Failure | undefined;
}

/** The sign of a result: passed, warned, or failed. */
export function checkSign(facts: CheckFacts): SignName {
  if (hasPassed(facts)) return "materialized";
  return facts.severity === "warn" ? "warned" : "failed";
}

/** Results that {@link checkSigns} has room for. */
export const signedResults = 10;

/** The last ten results of a check, given newest first, as one sign each: `✓✓✓✗✓`, newest last. */
export function checkSigns(results: readonly CheckFacts[], signs: Signs): string {
  return results
    .slice(0, signedResults)
    .toReversed()
    .map((result) => signs.sign[checkSign(result)])
    .join("");
}

/** `error blocking`, `warn`; with the downstreams that it holds back, where these are named: `error blocking mart/users`. */
export function severityText(
  facts: Pick<CheckFacts, "severity" | "blocking"> & { readonly holds?: readonly string[] | undefined },
): string {
  const { severity, blocking, holds = [] } = facts;
  return blocking ? [`${severity} blocking`, holds.join(", ")].join(" ").trimEnd() : severity;
}

/** What it found: `12, expected 0`; `[query-failed] ...` when it could not be run; `passed` when there is no more to say. */
export function checkText(facts: CheckFacts): string {
  if (facts.failure !== undefined) return `[${facts.failure.reason}] ${cleanText(facts.failure.message)}`;
  const { result } = facts;
  const value = result.value === undefined || result.value === null ? "" : valueText(result.value);
  if (result.passed) return value === "" ? "passed" : value;
  const expected = result.expected === undefined ? "" : `expected ${valueText(result.expected)}`;
  return [value, expected].filter((part) => part !== "").join(", ") || "failed";
}

/** The same of a result in the store; a draft's says so. */
export function resultText(facts: CheckFacts & { readonly isUnpublished: boolean }): string {
  return `${checkText(facts)}${facts.isUnpublished ? "; not published" : ""}`;
}

/** Any value as one line; numbers with thousands separators, lists by commas. */
export function valueText(value: unknown): string {
  if (Array.isArray(value)) return value.map(valueText).join(", ");
  if (typeof value === "number") return formatCount(value);
  if (typeof value === "bigint") return value.toString();
  return cleanText(typeof value === "string" ? value : (JSON.stringify(value) ?? "nothing"));
}
