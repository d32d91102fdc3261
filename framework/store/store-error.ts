/** Why the store cannot be used; the command line exits with 4. */
export type StoreProblem = "newer" | "not-a-store" | "damaged" | "unwritable" | "full" | "busy";

/** The store cannot be used. Nothing was written. */
export class StoreError extends Error {
  readonly problem: StoreProblem;
  readonly path: string;
  /** What to do. */
  readonly next: string;

  constructor(problem: StoreProblem, path: string, message: string, next: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "StoreError";
    this.problem = problem;
    this.path = path;
    this.next = next;
  }
}

/** Turns SQLite's error into a {@link StoreError} where the person can do something about it; else gives it back. */
export function asStoreError(error: unknown, path: string): unknown {
  const code = error instanceof Error && "code" in error ? String(error.code) : "";
  const explain = (problem: StoreProblem, message: string, next: string) =>
    new StoreError(problem, path, message, next, { cause: error });
  if (code === "SQLITE_NOTADB") {
    return explain(
      "not-a-store",
      "the store is not a SQLite database",
      "move the file away, or restore a backup",
    );
  }
  if (code.startsWith("SQLITE_CORRUPT")) {
    return explain(
      "damaged",
      "the store is damaged",
      "restore a backup, or move the file away to begin a new history",
    );
  }
  if (
    code.startsWith("SQLITE_READONLY") ||
    code.startsWith("SQLITE_CANTOPEN") ||
    code === "SQLITE_PERM" ||
    code === "SQLITE_AUTH"
  ) {
    return explain(
      "unwritable",
      "the store can't be written",
      "give this user write access to the file and its folder",
    );
  }
  if (code === "SQLITE_FULL" || code.startsWith("SQLITE_IOERR")) {
    return explain(
      "full",
      "the disk of the store is full or failing",
      "free space and run the same command again",
    );
  }
  if (code.startsWith("SQLITE_BUSY")) {
    return explain(
      "busy",
      "another process has kept the store locked",
      "find who holds it open, then run the same command again",
    );
  }
  return error;
}
