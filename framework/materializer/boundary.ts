import { type Unit, unitId } from "../definition/unit.ts";
import { type Failure, FailureError } from "../event/failure.ts";
import { StoreError } from "../store/store-error.ts";
import type { CheckResultRecord } from "../store/store.ts";
import { thrownText } from "../util/plain-json.ts";

/**
 * Turns whatever foreign code threw into a {@link Failure}. A connector's own failure passes unchanged; anything else
 * is `asset-error`, not retryable, because we cannot know that trying again is safe or useful.
 *
 * @throws StoreError what was thrown, when it is one: the store failed us, not the asset, and the run can't go on
 */
export function failureOf(
  error: unknown,
  at: {
    readonly unit: Unit;
    readonly runId: string;
    /** What threw. @default the unit */
    readonly subject?: string;
  },
): Failure {
  if (error instanceof StoreError) throw error;
  if (error instanceof FailureError) return error.failure;
  return {
    reason: "asset-error",
    message: `${at.subject ?? unitId(at.unit)} threw: ${thrownText(error)}`,
    retryable: false,
    next: `moraine logs ${at.runId} ${at.unit.key}`,
    ...(error instanceof Error && typeof error.stack === "string" ? { detail: error.stack } : {}),
  };
}

/** The failure of an asset whose blocking checks did not pass. */
export function blockedBy({ key }: Unit, checks: readonly string[]): Failure {
  return {
    reason: "check-failed",
    message: `${checks.length === 1 ? "a blocking check" : `${checks.length} blocking checks`} failed: ${checks.join(", ")}`,
    retryable: false,
    next: `moraine check ${key} --rows ${checks[0] ?? ""}`,
  };
}

/** The failure of a unit whose draft did not pass the checks that hold back everything downstream. */
export function notPublished(unit: Unit, results: readonly CheckResultRecord[]): Failure {
  const names = results.map(({ check }) => check);
  return {
    reason: "check-failed",
    message: `${unitId(unit)} was not published: ${names.join(", ")} failed`,
    retryable: false,
    got: results.map((result) => `${result.check}: ${foundBy(result)}`).join("\n"),
    next: `moraine check ${unit.key} --rows ${names[0] ?? ""}`,
  };
}

/** The draft is gone: what its check found has to say what was wrong with it. */
function foundBy({ result, failure }: CheckResultRecord): string {
  if (failure !== undefined) return failure.message;
  const { value, expected, samples = [] } = result;
  const facts = [
    ...(value === undefined ? [] : [JSON.stringify(value)]),
    ...(expected === undefined ? [] : [`expected ${JSON.stringify(expected)}`]),
  ];
  const rows = samples.slice(0, 3).map((row) => JSON.stringify(row));
  return [facts.length === 0 ? "not passed" : facts.join(", "), ...rows].join("; ");
}

/** The failure of a unit that another run has taken over meanwhile. */
export function leaseLost(unit: Unit): Failure {
  return {
    reason: "locked",
    message: `another run took over ${unitId(unit)} while this one did not answer; nothing was recorded`,
    retryable: false,
    next: "moraine runs",
  };
}
