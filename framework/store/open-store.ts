import { connect, connectReader } from "./connect.ts";
import { SqliteReader } from "./sqlite-reader.ts";
import { SqliteStore } from "./sqlite-store.ts";
import type { Store, StoreReader } from "./store.ts";
import { asStoreError } from "./store-error.ts";

/**
 * Opens the store, makes it when it is missing, and brings its schema up to date.
 *
 * @throws StoreError when it is newer than this moraine, damaged, or can't be written
 */
export function openStore(options: { readonly path: string; readonly target: string }): Store {
  return guarded(options.path, () => new SqliteStore(connect(options.path), options.target));
}

/** Opens a second connection for a reader that stays open for long; it never writes. The store must exist. */
export function openStoreReader(options: { readonly path: string; readonly target: string }): StoreReader {
  return guarded(options.path, () => new SqliteReader(connectReader(options.path), options.target));
}

function guarded<T>(path: string, open: () => T): T {
  try {
    return open();
  } catch (error) {
    throw asStoreError(error, path);
  }
}
