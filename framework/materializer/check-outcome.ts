import type { Check } from "../definition/check.ts";
import type { CheckOutcome } from "../event/event.ts";
import type { Failure } from "../event/failure.ts";
import { describeValue, toPlain } from "../util/plain-json.ts";
import { keptMetadata } from "./body-result.ts";

/** What came of a check. */
export interface CheckAnswer {
  readonly result: CheckOutcome;
  /** The check could not be run; it counts as not passed. */
  readonly failure?: Failure;
}

/** Rows that are kept of a result; a check that gives thousands must not fill the store. */
const maxSamples = 100;

/**
 * Takes what foreign code gave as a check's result, as it can be stored. Silence or anything else than a result never
 * counts as passed: it is the check's failure, `check-failed`.
 */
export function checkOutcomeOf(check: Pick<Check, "asset" | "name">, given: unknown): CheckAnswer {
  const plain = toPlain(given);
  if (!isOutcome(plain)) {
    return {
      result: { passed: false },
      failure: {
        reason: "check-failed",
        message: `check ${check.name} on ${check.asset} gave no result`,
        retryable: false,
        expected: "{ passed: true or false, value?, expected?, samples?: [rows], metadata? }",
        got: describeValue(given),
      },
    };
  }
  const kept = keptMetadata((given as CheckOutcome).metadata);
  if ("problem" in kept) {
    const { path, expected, got } = kept.problem;
    return {
      result: { passed: false },
      failure: {
        reason: "check-failed",
        message: `check ${check.name} on ${check.asset} gave a wrong ${path}`,
        retryable: false,
        expected,
        got: describeValue(got),
      },
    };
  }
  const { passed, value, expected, samples } = plain;
  const count = value === undefined && samples !== undefined ? samples.length : undefined;
  return {
    result: {
      passed,
      ...(value === undefined ? {} : { value }),
      ...(count === undefined || count <= maxSamples ? {} : { value: count }),
      ...(expected === undefined ? {} : { expected }),
      ...(samples === undefined ? {} : { samples: samples.slice(0, maxSamples) }),
      ...(kept.metadata === undefined ? {} : { metadata: kept.metadata }),
    },
  };
}

function isOutcome(plain: unknown): plain is CheckOutcome {
  if (!isRecord(plain) || typeof plain["passed"] !== "boolean") return false;
  const { samples } = plain;
  return samples === undefined || (Array.isArray(samples) && samples.every(isRecord));
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
