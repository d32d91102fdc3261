import { randomUUID } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, rmSync } from "node:fs";
import { join, resolve } from "node:path";
import type { Clock } from "../../util/clock.ts";
import { isSameButCase } from "../../util/same-but-case.ts";
import { type Attributions, stamped } from "./attributions.ts";
import {
  alreadyExists,
  CatalogError,
  commitFailed,
  nameTaken,
  noSuchNamespace,
  noSuchTable,
} from "./catalog-error.ts";
import { type DraftTable, DraftPointers, type Drafts } from "./drafts.ts";
import { ownFolder } from "./lake-folder.ts";
import { checkName, displayName, localPath, pathInside, type TableIdentifier } from "./location.ts";
import { expectMatchingDeletes } from "./matching-deletes.ts";
import {
  metadataText,
  nextMetadataFileName,
  readMetadataFile,
  writeDurably,
  type WriteFile,
} from "./metadata-file.ts";
import { MetadataCache } from "./metadata-cache.ts";
import { Pointers } from "./pointers.ts";
import { checkRequirement } from "./requirements.ts";
import type { LoadedTable, NewTable, SearchableCatalog, StagedTable, TableChange } from "./table-catalog.ts";
import type { TableMetadata } from "./table-metadata.ts";
import { applyUpdates, type Update } from "./updates.ts";

/**
 * The embedded catalog without its protocol: table pointers in `<dir>/catalog.db`, metadata files beside the data.
 * Synchronous. Several of them, in one or many processes, may work on one folder.
 *
 * Methods throw CatalogError for what the REST specification has an answer to, and FailureError `lake-unreadable`
 * for a metadata file that is missing or damaged.
 */
export class CatalogStore implements SearchableCatalog {
  /** The lake's folder as its files name it, see {@link ownFolder}. */
  readonly dir: string;
  private readonly pointers: Pointers;
  private readonly cache = new MetadataCache(readMetadataFile);
  private readonly clock: Pick<Clock, "now">;
  private readonly writeFile: WriteFile;
  private readonly attributions: Attributions | undefined;

  constructor(options: {
    readonly dir: string;
    readonly clock: Pick<Clock, "now">;
    readonly writeFile?: WriteFile;
    /** Whose the snapshots are that are committed here. @default nobody's */
    readonly attributions?: Attributions;
    /** What is committed to these tables stays between those who hold the same drafts. @default none */
    readonly drafts?: Drafts<string> | undefined;
  }) {
    const folder = resolve(options.dir);
    this.clock = options.clock;
    this.writeFile = options.writeFile ?? writeDurably;
    this.attributions = options.attributions;
    const file = catalogFile(folder);
    this.pointers =
      options.drafts === undefined ? new Pointers(file) : new DraftPointers(file, options.drafts);
    try {
      this.dir = ownFolder(this.pointers, folder);
    } catch (error) {
      this.pointers.close();
      throw error;
    }
  }

  namespaces(): readonly string[] {
    return this.pointers.namespaces();
  }

  namespaceProperties(namespace: string): Readonly<Record<string, string>> {
    this.expectNamespace(namespace);
    return this.pointers.namespaceProperties(namespace);
  }

  createNamespace(namespace: string, properties: Readonly<Record<string, string>> = {}): void {
    checkName("namespace", namespace);
    this.pointers.exclusively(() => {
      const names = this.pointers.namespaces();
      if (names.includes(namespace)) alreadyExists(`Namespace already exists: ${namespace}`);
      const twin = names.find((name) => isSameButCase(name, namespace));
      if (twin !== undefined) nameTaken("Namespace", namespace, twin);
      this.pointers.putNamespace(namespace, properties);
    });
  }

  /** Names which of the removals were there. */
  updateNamespace(
    namespace: string,
    removals: readonly string[],
    updates: Readonly<Record<string, string>>,
  ): { readonly removed: readonly string[]; readonly missing: readonly string[] } {
    return this.pointers.exclusively(() => {
      this.expectNamespace(namespace);
      const present = this.pointers.namespaceProperties(namespace);
      const removed = removals.filter((name) => name in present);
      for (const name of removed) this.pointers.removeNamespaceProperty(namespace, name);
      this.pointers.putNamespace(namespace, updates);
      return { removed, missing: removals.filter((name) => !removed.includes(name)) };
    });
  }

  dropNamespace(namespace: string): void {
    this.pointers.exclusively(() => {
      this.expectNamespace(namespace);
      const [table] = this.pointers.tables(namespace);
      if (table !== undefined) {
        throw new CatalogError(
          409,
          "NamespaceNotEmptyException",
          `Namespace ${namespace} is not empty: it holds ${displayName(table)}`,
        );
      }
      this.pointers.removeNamespace(namespace);
    });
  }

  tables(namespace: string): readonly TableIdentifier[] {
    this.expectNamespace(namespace);
    return this.pointers.tables(namespace);
  }

  exists(identifier: TableIdentifier): boolean {
    return this.pointers.metadataFile(identifier) !== undefined;
  }

  load(identifier: TableIdentifier): LoadedTable {
    return this.find(identifier) ?? noSuchTable(displayName(identifier));
  }

  /** The table, or undefined when there is none. */
  find(identifier: TableIdentifier): LoadedTable | undefined {
    const metadataFile = this.pointers.metadataFile(identifier);
    return metadataFile === undefined ? undefined : { metadataFile, metadata: this.cache.read(metadataFile) };
  }

  /** Metadata and folder for a table that a later commit with `assert-create` will make. */
  stage(table: NewTable): StagedTable {
    this.expectFree(table.identifier);
    const location = this.newLocation(table);
    const updates = [...newTableUpdates(location), ...table.updates];
    const metadata = applyUpdates(undefined, updates, this.now());
    makeMetadataFolder(metadata.location);
    return { metadata };
  }

  create(table: NewTable): LoadedTable {
    return this.pointers.exclusively(() => {
      const { metadata } = this.stage(table);
      const metadataFile = this.write(metadata, undefined);
      this.pointers.addTable(table.identifier, metadataFile);
      return { metadataFile, metadata };
    });
  }

  /**
   * Commits to one or more tables, all or none. The new metadata files are on disk before the first pointer moves, and
   * pointers move in one transaction that began before the tables were read: two writers never overwrite each other.
   */
  commit(changes: readonly TableChange[]): readonly LoadedTable[] {
    const written: string[] = [];
    try {
      return this.pointers.exclusively(() => changes.map((change) => this.commitOne(change, written)));
    } catch (error) {
      for (const file of written) rmSync(localPath(file), { force: true });
      throw error;
    }
  }

  rename(from: TableIdentifier, to: TableIdentifier): void {
    checkName("table", to.name);
    this.pointers.exclusively(() => {
      if (!this.exists(from)) noSuchTable(displayName(from));
      this.expectFree(to, from);
      this.pointers.renameTable(from, to);
    });
  }

  /** Takes in a table whose metadata file lies in the lake's folder, e.g. one dropped without purge. */
  register(identifier: TableIdentifier, metadataFile: string, overwrite = false): LoadedTable {
    pathInside(this.dir, metadataFile);
    const metadata = readMetadataFile(metadataFile);
    pathInside(this.dir, metadata.location);
    return this.pointers.exclusively(() => {
      if (overwrite && this.exists(identifier)) this.pointers.removeTable(identifier);
      this.expectFree(identifier);
      this.pointers.addTable(identifier, metadataFile);
      return { metadataFile, metadata };
    });
  }

  /** Forgets the table; with `purge` its files go as well, after the pointer: a crash between leaves only litter. */
  drop(identifier: TableIdentifier, purge: boolean): void {
    const file = this.pointers.exclusively(() => {
      const present = this.pointers.metadataFile(identifier) ?? noSuchTable(displayName(identifier));
      this.pointers.removeTable(identifier);
      return present;
    });
    if (!purge) return;
    this.removeFiles(file);
  }

  /** Makes a draft the table that everybody sees. @throws CatalogError 409 when the table is not where the draft began */
  publish(identifier: TableIdentifier, { base, newest }: DraftTable<string>): void {
    this.pointers.exclusively(() => {
      if (this.pointers.metadataFile(identifier) !== base) {
        commitFailed(`${displayName(identifier)} has changed since it began to be written`);
      }
      if (newest === base || newest === undefined) return;
      if (base === undefined) this.pointers.addTable(identifier, newest);
      else this.pointers.moveTable(identifier, base, newest);
    });
  }

  /** Removes the files of a table that was made in a draft and never published. */
  forget({ base, newest }: DraftTable<string>): void {
    if (base === undefined && newest !== undefined) this.removeFiles(newest);
  }

  /** Tables whose files lie in or around this folder. */
  overlapping(location: string): readonly LoadedTable[] {
    const path = `${localPath(location)}/`;
    return this.namespaces()
      .flatMap((namespace) => this.pointers.tables(namespace))
      .map((identifier) => this.load(identifier))
      .filter(({ metadata }) => {
        const other = `${localPath(metadata.location)}/`;
        return other.startsWith(path) || path.startsWith(other);
      });
  }

  close(): void {
    this.pointers.close();
  }

  /** Removes the folder of a table that no pointer leads to, unless another table has files there. */
  private removeFiles(metadataFile: string): void {
    const { location } = this.cache.read(metadataFile);
    if (this.overlapping(location).length > 0) return;
    rmSync(pathInside(this.dir, location), { recursive: true, force: true });
  }

  private commitOne(change: TableChange, written: string[]): LoadedTable {
    const { identifier, requirements, updates } = change;
    const base = this.find(identifier);
    for (const requirement of requirements) checkRequirement(requirement, base?.metadata);
    const creates = requirements.some((requirement) => requirement.type === "assert-create");
    if (base === undefined) {
      if (!creates) noSuchTable(displayName(identifier));
      this.expectFree(identifier);
    }
    const stamp = this.attributions?.stamp(identifier) ?? {};
    const metadata = applyUpdates(base?.metadata, stamped(updates, stamp), {
      ...this.now(),
      renewsSchemas: change.renewsSchemas,
      previousFile: base?.metadataFile,
    });
    expectMatchingDeletes(identifier, base?.metadata, metadata);
    if (metadata.location !== base?.metadata.location) pathInside(this.dir, metadata.location);
    const metadataFile = this.write(metadata, base?.metadataFile);
    written.push(metadataFile);
    if (base === undefined) this.pointers.addTable(identifier, metadataFile);
    else this.pointers.moveTable(identifier, base.metadataFile, metadataFile);
    return { metadataFile, metadata };
  }

  private write(metadata: TableMetadata, previousFile: string | undefined): string {
    makeMetadataFolder(metadata.location);
    const file = `${metadata.location}/metadata/${nextMetadataFileName(previousFile)}`;
    this.writeFile(localPath(file), metadataText(metadata));
    return file;
  }

  /** `<dir>/<namespace>/<table>`, or a folder beside it when a dropped or renamed table still has its files there. */
  private newLocation({ identifier, request: { location } }: NewTable): string {
    if (location !== undefined && location !== null) {
      pathInside(this.dir, location);
      return location;
    }
    const plain = join(this.dir, identifier.namespace, identifier.name);
    const metadata = join(plain, "metadata");
    const isUsed = existsSync(metadata) && readdirSync(metadata).length > 0;
    return isUsed ? `${plain}-${randomUUID().slice(0, 8)}` : plain;
  }

  private expectNamespace(namespace: string): void {
    if (!this.pointers.hasNamespace(namespace)) noSuchNamespace(namespace);
  }

  /** @param leaving a table that gives its own name up */
  private expectFree(identifier: TableIdentifier, leaving?: TableIdentifier): void {
    checkName("table", identifier.name);
    this.expectNamespace(identifier.namespace);
    if (this.exists(identifier)) alreadyExists(`Table already exists: ${displayName(identifier)}`);
    const twin = this.pointers
      .tables(identifier.namespace)
      .find((other) => isSameButCase(other.name, identifier.name));
    if (twin === undefined || (leaving !== undefined && displayName(twin) === displayName(leaving))) return;
    nameTaken("Table", displayName(identifier), displayName(twin));
  }

  private now(): { readonly nowMs: number } {
    return { nowMs: this.clock.now().getTime() };
  }
}

/** Where the lake in `dir` keeps its pointers. */
export function catalogFile(dir: string): string {
  return join(dir, "catalog.db");
}

function newTableUpdates(location: string): readonly Update[] {
  return [
    { action: "assign-uuid", uuid: randomUUID() },
    { action: "set-location", location },
  ];
}

/** DuckDB writes manifests of a staged table before its first commit and makes no folders. */
function makeMetadataFolder(location: string): void {
  mkdirSync(join(localPath(location), "metadata"), { recursive: true });
}
