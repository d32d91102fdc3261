import type { FailureReason } from "../event/failure.ts";
import { unreachable } from "../util/unreachable.ts";

/** What the process returns; a contract with scripts and monitors. */
export const exitCode = {
  done: 0,
  workFailed: 1,
  wrongUsage: 2,
  /** `--exit-code`, `--status` or `--check` found something stale, overdue, dead or outdated. */
  notCurrent: 3,
  storeUnusable: 4,
  credentialsRefused: 5,
  refusedByGuard: 6,
  ourBug: 70,
  interrupted: 130,
  terminated: 143,
} as const;

/** The exit code that a failure's reason asks for. */
export function exitCodeOf(reason: FailureReason): number {
  switch (reason) {
    case "credentials-refused":
    case "missing-secret":
      return exitCode.credentialsRefused;
    case "access-contract":
    case "breaker":
    case "budget-exhausted":
    case "lake-moved":
    case "locked":
    case "org-changed":
      return exitCode.refusedByGuard;
    case "cancelled":
      return exitCode.interrupted;
    case "asset-error":
    case "bad-response":
    case "check-failed":
    case "commit-conflict":
    case "dbt-failed":
    case "disk-full":
    case "lake-unreadable":
    case "port-taken":
    case "proof-failed":
    case "python-unavailable":
    case "query-failed":
    case "rate-limited":
    case "schema-mismatch":
    case "timeout":
    case "unreachable":
      return exitCode.workFailed;
    default:
      return unreachable(reason);
  }
}

/** The most telling code for several failures: a guard before credentials before plain failure. */
export function worstExitCode(reasons: readonly FailureReason[]): number {
  return reasons.reduce<number>((worst, reason) => Math.max(worst, exitCodeOf(reason)), exitCode.workFailed);
}
