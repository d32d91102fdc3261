import {
  chmodSync,
  closeSync,
  existsSync,
  fsyncSync,
  openSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
} from "node:fs";
import { dirname, resolve } from "node:path";
import Database from "better-sqlite3";
import { connectReader, withConnection } from "../connect.ts";
import { schemaOf } from "../migrate.ts";
import { asStoreError, StoreError } from "../store-error.ts";

/** A finished backup. */
export interface BackupResult {
  readonly path: string;
  readonly bytes: number;
  readonly schema: number;
}

/** 400 kB between two looks at the signal. */
const pagesPerStep = 100;

/**
 * Copies the store to one file while others go on writing: what was committed when it began, nothing of what came
 * later. The copy is verified before it takes its name, so a file of that name is always a whole backup.
 *
 * @param options.replace whether a file at `to` may be replaced
 * @throws StoreError about the store; an error like the file system's about `to` (EEXIST, ENOSPC, EACCES); the signal's
 *   reason when it aborts
 */
export async function backupStore(options: {
  readonly path: string;
  readonly to: string;
  readonly replace?: boolean;
  readonly signal?: AbortSignal;
  readonly onProgress?: (pages: { readonly done: number; readonly total: number }) => void;
}): Promise<BackupResult> {
  const to = resolve(options.to);
  const partial = `${to}.${process.pid}.partial`;
  return withConnection(options.path, connectReader, async (source) => {
    refuseStoreItself(options.path, to);
    if (options.replace !== true) refuseExisting(to);
    // One snapshot for the whole copy; without it, SQLite begins again whenever another process writes.
    source.exec("BEGIN");
    const schema = schemaOf(source);
    try {
      await source.backup(partial, {
        progress: ({ totalPages, remainingPages }) => {
          options.signal?.throwIfAborted();
          options.onProgress?.({ done: totalPages - remainingPages, total: totalPages });
          return pagesPerStep;
        },
      });
      options.signal?.throwIfAborted();
      verify(partial, schema, options.path);
      chmodSync(partial, statSync(options.path).mode & 0o777);
      flush(partial);
      if (options.replace !== true) refuseExisting(to);
      renameSync(partial, to);
      flush(dirname(to));
      return { path: to, bytes: statSync(to).size, schema };
    } catch (error) {
      throw isDamage(error) ? error : aboutCopy(error, to);
    } finally {
      for (const suffix of ["", "-journal", "-wal", "-shm"]) rmSync(`${partial}${suffix}`, { force: true });
    }
  });
}

function refuseStoreItself(path: string, to: string): void {
  const store = realpathSync(path);
  const target = existsSync(to) ? realpathSync(to) : to;
  // Beside it lie the files that SQLite would take for its own.
  if ([store, `${store}-wal`, `${store}-shm`, `${store}-journal`].includes(target))
    throw existing(to, "is the store itself");
}

function refuseExisting(to: string): void {
  if (existsSync(to)) throw existing(to, "exists");
}

function existing(to: string, why: string): Error {
  return fileError("EEXIST", to, `${to} ${why}`);
}

/** What SQLite says of the file that it copies to, told as the file system would: the store itself is well. */
function aboutCopy(error: unknown, to: string): unknown {
  const known = asStoreError(error, to);
  if (!(known instanceof StoreError)) return error;
  return known.problem === "full"
    ? fileError("ENOSPC", to, "ENOSPC: no room for the backup, or its disk is failing")
    : fileError("EACCES", to, "EACCES: the backup can't be written");
}

function fileError(code: string, path: string, message: string): Error {
  return Object.assign(new Error(message), { code, syscall: "backup", path });
}

function verify(partial: string, schema: number, path: string): void {
  const copy = new Database(partial);
  try {
    // A backup is one file that also opens in a read-only folder.
    copy.pragma("journal_mode = DELETE");
    const verdicts = copy.pragma("integrity_check") as readonly { readonly integrity_check: string }[];
    const orphans = copy.pragma("foreign_key_check") as readonly unknown[];
    if (verdicts[0]?.integrity_check === "ok" && orphans.length === 0 && schemaOf(copy) === schema) return;
  } finally {
    copy.close();
  }
  throw new StoreError(
    "damaged",
    path,
    "the copy of the store is not sound, so no backup was made",
    "moraine store check",
  );
}

/** Damage is the store's, whatever else goes wrong the copy's. */
function isDamage(error: unknown): boolean {
  const code = error instanceof Error && "code" in error ? String(error.code) : "";
  return error instanceof StoreError || code.startsWith("SQLITE_CORRUPT") || code === "SQLITE_NOTADB";
}

function flush(path: string): void {
  const file = openSync(path, "r");
  try {
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}
