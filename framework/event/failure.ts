/**
 * Why work failed. The string is stored and shown in brackets, so it is chosen once.
 *
 * `credentials-refused`, `missing-secret` exit with 5; `breaker`, `access-contract`, `org-changed`,
 * `budget-exhausted`, `lake-moved`, `locked` with 6; the rest with 1.
 */
export type FailureReason =
  | "access-contract" // a declared field or visible users vanished at the source
  | "asset-error" // the asset's own function threw
  | "bad-response" // a server answered with something that its protocol does not allow
  | "breaker" // too many keys would be retired, or the source is empty
  | "budget-exhausted" // the day's API calls or the run's budget are used up
  | "cancelled"
  | "check-failed"
  | "commit-conflict" // another writer committed first
  | "credentials-refused"
  | "dbt-failed"
  | "disk-full"
  | "lake-moved" // the lake's files name each other in another folder
  | "lake-unreadable"
  | "locked" // another process holds what this one needs
  | "missing-secret"
  | "org-changed"
  | "port-taken"
  | "proof-failed" // the source's COUNT() differs from the rows landed
  | "python-unavailable"
  | "query-failed"
  | "rate-limited"
  | "schema-mismatch" // rows in the lake do not fit the schema that their asset declares
  | "timeout"
  | "unreachable";

/** One failed piece of work, in fields; the printers make the sentence. */
export interface Failure {
  readonly reason: FailureReason;
  /** One line, no trailing full stop, secrets already redacted. */
  readonly message: string;
  /** Whether trying the same again may succeed; decided by the connector that knows. */
  readonly retryable: boolean;
  readonly expected?: string;
  readonly got?: string;
  /** File and line, URL or table. */
  readonly where?: string;
  /** The command or action that helps. */
  readonly next?: string;
  /** The server's `Retry-After`, milliseconds. */
  readonly retryAfterMs?: number;
  /** Stack or raw answer; shown with `-v` only. */
  readonly detail?: string;
}

/**
 * The one throwable that carries a {@link Failure}. Connectors throw it, asset bodies let it pass, and the
 * materializer's boundary turns it back into a value, so that bodies read as plain code.
 */
export class FailureError extends Error {
  readonly failure: Failure;

  constructor(failure: Failure, options?: ErrorOptions) {
    super(failure.message, options);
    this.name = "FailureError";
    this.failure = failure;
  }
}

/** Throws a {@link FailureError}; `cause` is the error that it replaces. */
export function fail(failure: Failure, cause?: unknown): never {
  throw new FailureError(failure, cause === undefined ? undefined : { cause });
}
