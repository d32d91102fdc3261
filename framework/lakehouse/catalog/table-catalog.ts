import type { TableIdentifier } from "./location.ts";
import type { CreateTableRequest } from "./protocol.ts";
import type { Requirement } from "./requirements.ts";
import type { TableMetadata } from "./table-metadata.ts";
import type { Update } from "./updates.ts";

/** An answer that a catalog of our own has at once, and a remote one later. */
export type Answer<T> = T | Promise<T>;

/** By what a client reads and writes a table's files; the members of the REST specification's answer. */
export interface FileAccess {
  /** E.g. `s3.endpoint`, `s3.access-key-id`. */
  readonly config?: Readonly<Record<string, string>>;
  readonly "storage-credentials"?: readonly {
    readonly prefix: string;
    readonly config: Readonly<Record<string, string>>;
  }[];
}

/** A table as it stands: its metadata and the file that holds it. */
export interface LoadedTable {
  readonly metadataFile: string;
  readonly metadata: TableMetadata;
  readonly access?: FileAccess;
}

/** A table that a commit with `assert-create` will make. */
export type StagedTable = Pick<LoadedTable, "metadata" | "access">;

/** One table's part of a commit. */
export interface TableChange {
  readonly identifier: TableIdentifier;
  readonly requirements: readonly Requirement[];
  readonly updates: readonly Update[];
  /**
   * An earlier schema that becomes the current one does so under a new id. DuckDB 1.5.5 takes the id after the current
   * schema's to be free, and would add no column any more. Catalogs that are not ours do as they do.
   *
   * @default false, the earlier id
   */
  readonly renewsSchemas?: boolean | undefined;
}

/** A table to be made; without a location it gets a folder of its own. */
export interface NewTable {
  readonly identifier: TableIdentifier;
  readonly request: CreateTableRequest;
  /** What makes the requested table out of nothing. */
  readonly updates: readonly Update[];
}

/**
 * What an Iceberg REST catalog does, without its protocol.
 *
 * Methods throw CatalogError for what the REST specification has an answer to, and FailureError for what else went
 * wrong.
 */
export interface TableCatalog {
  namespaces(): Answer<readonly string[]>;
  namespaceProperties(namespace: string): Answer<Readonly<Record<string, string>>>;
  createNamespace(namespace: string, properties?: Readonly<Record<string, string>>): Answer<void>;
  /** Names which of the removals were there. */
  updateNamespace(
    namespace: string,
    removals: readonly string[],
    updates: Readonly<Record<string, string>>,
  ): Answer<{ readonly removed: readonly string[]; readonly missing: readonly string[] }>;
  dropNamespace(namespace: string): Answer<void>;
  tables(namespace: string): Answer<readonly TableIdentifier[]>;
  exists(identifier: TableIdentifier): Answer<boolean>;
  load(identifier: TableIdentifier): Answer<LoadedTable>;
  /** Metadata for a table that a later commit with `assert-create` will make. */
  stage(table: NewTable): Answer<StagedTable>;
  create(table: NewTable): Answer<LoadedTable>;
  /** Commits to one or more tables, all or none. */
  commit(changes: readonly TableChange[]): Answer<readonly LoadedTable[]>;
  rename(from: TableIdentifier, to: TableIdentifier): Answer<void>;
  register(identifier: TableIdentifier, metadataFile: string, overwrite?: boolean): Answer<LoadedTable>;
  /** Forgets the table; with `purge` its files go as well. */
  drop(identifier: TableIdentifier, purge: boolean): Answer<void>;
}

/** A catalog that is asked for tables which may not exist. */
export interface SearchableCatalog extends TableCatalog {
  /** The table, or undefined when there is none. */
  find(identifier: TableIdentifier): Answer<LoadedTable | undefined>;
}
