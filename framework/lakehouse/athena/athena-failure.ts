import type { AthenaError } from "@aws-sdk/client-athena";
import { FailureError } from "../../event/failure.ts";
import { awsProblem } from "../../util/aws-problem.ts";
import { diskFull, isDiskFull } from "../disk-full.ts";

/** Where something went wrong, for messages. */
export interface FailureContext {
  /** That requests were made with; what helps names it. @default `AWS_PROFILE` */
  readonly profile?: string | undefined;
  readonly where?: string | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** Athena's category of errors that are its own. */
const systemError = 1;

/** What a request to Athena, Glue or S3 threw, as a failure. */
export function asAwsFailure(error: unknown, { where, profile, signal }: FailureContext): FailureError {
  if (error instanceof FailureError) return error;
  const at = where === undefined ? {} : { where };
  const problem = awsProblem(error, profile);
  const make = (failure: Omit<FailureError["failure"], "got">) =>
    new FailureError({ got: problem.text, ...at, ...failure }, { cause: error });
  if (signal?.aborted === true || (error instanceof Error && error.name === "AbortError"))
    return new FailureError(
      { reason: "cancelled", message: "cancelled", retryable: false, ...at },
      { cause: error },
    );
  if (isDiskFull(error)) return make(diskFull);
  const { reason = "query-failed", summary, retryable, help } = problem;
  return make({ reason, message: summary, retryable, ...help });
}

/** What a query that ended as FAILED means. `id`: its execution, which the console of Athena finds. */
export function queryFailure(
  query: {
    readonly id: string;
    readonly reason: string | undefined;
    readonly error: AthenaError | undefined;
  },
  where: string | undefined,
): FailureError {
  const got = query.reason ?? query.error?.ErrorMessage ?? "no reason given";
  return new FailureError({
    ...classify(got, query.error),
    got,
    where: where === undefined ? `query ${query.id}` : `${where}, query ${query.id}`,
  });
}

/** Whether a query was ended by its work group's limit of bytes scanned, which Athena calls a cancellation. */
export function isScanLimit(words: string | undefined): boolean {
  return words !== undefined && /bytes scanned limit/i.test(words);
}

function classify(
  words: string,
  error: AthenaError | undefined,
): Pick<FailureError["failure"], "reason" | "message" | "retryable" | "next"> {
  if (/ICEBERG_COMMIT_ERROR|Failed to commit Iceberg|concurrent (update|modification)/i.test(words))
    return { reason: "commit-conflict", message: "another writer committed first", retryable: true };
  if (isScanLimit(words)) {
    return {
      reason: "budget-exhausted",
      message: "the workgroup's limit of bytes scanned by one query was reached",
      retryable: false,
      next: "raise the workgroup's cut-off, or scan less: moraine lake optimize",
    };
  }
  if (/Access ?Denied|not authorized|HIVE_METASTORE_ERROR.*denied|Insufficient permissions/i.test(words)) {
    return {
      reason: "credentials-refused",
      message: "the query may not read or write what it needs",
      retryable: false,
      next: "compare the role's policy with deploy/terraform's",
    };
  }
  if (/ICEBERG_(BAD_DATA|INVALID_METADATA|FILESYSTEM_ERROR|MISSING_METADATA|CANNOT_OPEN_SPLIT)/.test(words)) {
    return {
      reason: "lake-unreadable",
      message: "the table's files can't be read or written",
      retryable: false,
      next: "files of a bucket come back from its versions or a backup only",
    };
  }
  if (/resources exhausted|Query exhausted resources|INTERNAL_ERROR_QUERY_ENGINE/i.test(words))
    return { reason: "query-failed", message: "Athena ran out of resources for the query", retryable: true };
  const isTransient = error?.Retryable ?? error?.ErrorCategory === systemError;
  return { reason: "query-failed", message: "Athena refused the statement", retryable: isTransient };
}
