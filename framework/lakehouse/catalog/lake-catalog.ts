import type { Attributions } from "./attributions.ts";
import type { TableIdentifier } from "./location.ts";
import type { Answer, FileAccess, LoadedTable, SearchableCatalog } from "./table-catalog.ts";

/** Files that an expiry may remove, and those that it must not. */
export interface ExpiredFiles {
  /** The table after its snapshots were removed. */
  readonly table: LoadedTable;
  /** Files that kept snapshots need. */
  readonly kept: ReadonlySet<string>;
  /** Files that removed snapshots needed, with their bytes where the manifests say so. */
  readonly former: ReadonlyMap<string, number | undefined>;
  /** Files that no snapshot ever named may go when they were last written before. */
  readonly orphansOlderThan: Date;
}

/** A draft that has begun; see `Draft`. */
export interface CatalogDraft {
  publish(): Answer<void>;
  discard(): Answer<void>;
}

/** A catalog and the files of its tables, as a lakehouse over DuckDB works with them. */
export interface LakeCatalog {
  readonly name: "embedded" | "rest";
  /** File or URL, for messages. */
  readonly where: string;
  /** Folder in which DuckDB may keep what does not fit into memory. */
  readonly spillDirectory: string;
  /** What queries may open: folders, or beginnings of URLs. */
  readonly readable: readonly string[];
  /** Whose the snapshots are that are committed through this catalog. */
  readonly attributions: Attributions;
  /** The catalog; undefined while nothing was ever made in it. Asking makes nothing. */
  present(): SearchableCatalog | undefined;
  /** The catalog, made when it is missing. */
  open(): SearchableCatalog;
  /** One path or URL for each file, however metadata writes it. */
  pathOf(location: string): string;
  /** Whether a file that metadata names is known to be gone. */
  isGone(path: string): boolean;
  /** Tables whose files lie in or around the folder of this one, itself among them. */
  overlapping(table: LoadedTable): Answer<readonly LoadedTable[]>;
  /** By what this process reads a table's files; undefined for plain files. */
  accessOf(table: LoadedTable): Promise<FileAccess["config"]>;
  removeExpired(files: ExpiredFiles): Answer<{ readonly filesRemoved: number; readonly bytesFreed: number }>;
  /** The same catalog as the writers of drafts see it; undefined in that one itself. */
  drafting(): LakeCatalog | undefined;
  /** Whether a table has a draft here. */
  hasDraft(identifier: TableIdentifier): boolean;
  /** Begins a draft in the catalog that {@link drafting} gives. */
  beginDraft(identifier: TableIdentifier, signal?: AbortSignal): Promise<CatalogDraft>;
  close(): void;
}
