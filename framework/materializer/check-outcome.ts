import type { Check } from "../definition/check.ts";
import type { CheckOutcome } from "../event/event.ts";
import type { Failure } from "../event/failure.ts";

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
        got: describe(given),
      },
    };
  }
  const { passed, value, expected, samples, metadata } = plain;
  const count = value === undefined && samples !== undefined ? samples.length : undefined;
  return {
    result: {
      passed,
      ...(value === undefined ? {} : { value }),
      ...(count === undefined || count <= maxSamples ? {} : { value: count }),
      ...(expected === undefined ? {} : { expected }),
      ...(samples === undefined ? {} : { samples: samples.slice(0, maxSamples) }),
      ...(metadata === undefined ? {} : { metadata }),
    },
  };
}

/** Through JSON and back, with integers that JSON does not know (what DuckDB counts) as numbers, or text beyond 2^53. */
function toPlain(given: unknown): unknown {
  try {
    const text = JSON.stringify(given, (_, value: unknown) => {
      if (typeof value !== "bigint") return value;
      const number = Number(value);
      return Number.isSafeInteger(number) ? number : value.toString();
    }) as string | undefined;
    return text === undefined ? undefined : JSON.parse(text);
  } catch {
    // A circle, or a `toJSON` that throws: as little a result as nothing at all.
    return undefined;
  }
}

function isOutcome(plain: unknown): plain is CheckOutcome {
  if (!isRecord(plain) || typeof plain["passed"] !== "boolean") return false;
  const { samples, metadata } = plain;
  const areRows = samples === undefined || (Array.isArray(samples) && samples.every(isRecord));
  const isMetadata =
    metadata === undefined ||
    (isRecord(metadata) &&
      Object.values(metadata).every((value) => isRecord(value) && typeof value["type"] === "string"));
  return areRows && isMetadata;
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function describe(given: unknown): string {
  const plain = toPlain(given);
  if (given !== undefined && plain === undefined) return "what JSON can't hold";
  const text = plain === undefined ? "undefined" : JSON.stringify(plain);
  return text.length <= 200 ? text : `${text.slice(0, 200)}...`;
}
