import type { Failure } from "../event/failure.ts";

/** What it means for a write to a lake. */
export const diskFull: Failure = {
  reason: "disk-full",
  message: "the disk is full; nothing was committed",
  next: "free space and run the same command again",
  retryable: false,
};

/** Whether an error of Node, SQLite or DuckDB says that the disk or the user's quota is full. */
export function isDiskFull(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const code = "code" in error ? String(error.code) : "";
  return (
    code === "ENOSPC" ||
    code === "EDQUOT" ||
    // What SQLite says when it can't lengthen its journal, or the memory that its processes share.
    /^SQLITE_(FULL|IOERR_(WRITE|SHMSIZE))$/.test(code) ||
    /no space left on device|disk quota exceeded/i.test(error.message)
  );
}
