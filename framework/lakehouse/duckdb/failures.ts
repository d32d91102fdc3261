import { FailureError } from "../../event/failure.ts";
import { CatalogError, nameTakenType } from "../catalog/catalog-error.ts";
import { diskFull, isDiskFull } from "../disk-full.ts";

/** Whatever went wrong in the lake, as a failure. `where`: the table, for messages. */
export function asFailure(
  error: unknown,
  context: { readonly where?: string; readonly signal?: AbortSignal | undefined },
): FailureError {
  if (error instanceof FailureError) return error;
  const words = withoutPrefix(error instanceof Error ? error.message : String(error));
  const where = context.where === undefined ? {} : { where: context.where };
  const make = (failure: Omit<FailureError["failure"], "got">) =>
    new FailureError({ ...failure, got: words, ...where, ...failure }, { cause: error });
  if (context.signal?.aborted === true || words.startsWith("INTERRUPT Error")) {
    return new FailureError(
      { reason: "cancelled", message: "cancelled", retryable: false, ...where },
      { cause: error },
    );
  }
  if (isDiskFull(error)) return make(diskFull);
  if (isConflict(error, words)) {
    return make({ reason: "commit-conflict", message: "another writer committed first", retryable: true });
  }
  if (/\b503\b|ServiceUnavailable|SQLITE_BUSY|database is locked/.test(words) || isBusy(error)) {
    return make({
      reason: "locked",
      message: "another process has kept the lake's catalog locked",
      retryable: true,
    });
  }
  if (
    /^(IO|HTTP|Serialization) Error|SQLITE_(CORRUPT|NOTADB|CANTOPEN|IOERR|READONLY)|file is not a database|malformed|EACCES|EROFS/.test(
      words,
    )
  ) {
    return make({
      reason: "lake-unreadable",
      message: "the lake's files can't be read or written",
      next: "check the folder or bucket that holds them; files that vanished come back from a backup only",
      retryable: false,
    });
  }
  return make({ reason: "query-failed", message: "the engine refused the statement", retryable: false });
}

function isConflict(error: unknown, words: string): boolean {
  if (words.includes(nameTakenType)) return false;
  if (error instanceof CatalogError) return error.status === 409 && error.type !== nameTakenType;
  return /CommitFailedException|AlreadyExistsException|Conflict_409|HTTP 409/.test(words);
}

function isBusy(error: unknown): boolean {
  return error instanceof Error && "code" in error && String(error.code).startsWith("SQLITE_BUSY");
}

function withoutPrefix(message: string): string {
  return message.replace(/^Error: /, "").trim();
}
