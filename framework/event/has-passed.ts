import type { CheckOutcome } from "./event.ts";
import type { Failure } from "./failure.ts";

/** Whether a check passed; one that could not be run did not. */
export function hasPassed(check: {
  readonly result: CheckOutcome;
  readonly failure?: Failure | undefined;
}): boolean {
  return check.result.passed && check.failure === undefined;
}
