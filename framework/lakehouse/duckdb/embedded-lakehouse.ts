import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { FailureError } from "../../event/failure.ts";
import type { AssetKey } from "../../definition/asset-key.ts";
import type { TableDefinition } from "../../definition/table.ts";
import { type Clock, systemClock } from "../../util/clock.ts";
import { Attributions } from "../catalog/attributions.ts";
import { CatalogStore, catalogFile } from "../catalog/catalog-store.ts";
import { Drafts } from "../catalog/drafts.ts";
import { identifierOf, type TableIdentifier } from "../catalog/location.ts";
import type { WriteFile } from "../catalog/metadata-file.ts";
import { restore } from "../catalog/restore.ts";
import { currentBranch, currentSnapshot, type TableMetadata } from "../catalog/table-metadata.ts";
import { planEvolution, schemaColumns } from "../ddl/evolution.ts";
import {
  type Draft,
  type LakeColumn,
  type Lakehouse,
  type LoadResult,
  type QueryResult,
  rowCountOf,
  type Snapshot,
  type TableSummary,
} from "../lakehouse.ts";
import { stampOf, type Writer } from "../writer.ts";
import { duckdbTableName } from "./duckdb-dialect.ts";
import { asFailure } from "./failures.ts";
import { noSuchKey, withSuggestion } from "./missing-table.ts";
import { retryConflicts } from "./retry-conflicts.ts";
import { toSnapshot } from "./snapshots.ts";
import type { Workbench } from "./workbench.ts";

/** What {@link openEmbeddedLakehouse} takes. */
export interface EmbeddedLakehouseOptions {
  /** The lake's folder; made when something is first written. */
  readonly dir: string;
  /**
   * A folder with `v<DuckDB's version>/<platform>/{iceberg,avro,httpfs}.duckdb_extension`. Asked for when DuckDB is
   * first needed; when it rejects, DuckDB installs the extensions from its own repository.
   */
  readonly extensionDirectory: () => Promise<string>;
  readonly clock?: Clock;
  /** From 0 up to 1; spreads the retries of colliding commits. */
  readonly random?: () => number;
  /**
   * How old a file must be that no snapshot ever named before `expire` removes it: younger ones may belong to a
   * commit under way.
   *
   * @default one day
   */
  readonly orphanAgeMs?: number;
  /** How metadata files are written. @default durably, see {@link WriteFile} */
  readonly writeFile?: WriteFile;
}

const oneDayMs = 24 * 60 * 60 * 1000;

/**
 * Opens the lake in a folder: Iceberg tables as plain files, DuckDB in process. Cheap: DuckDB and the catalog server
 * start with the first call that needs them; `tables`, `columns`, `exists`, `history`, `currentSnapshot` and `dataVersion` never do.
 */
export function openEmbeddedLakehouse(options: EmbeddedLakehouseOptions): Lakehouse {
  return new EmbeddedLakehouse(options);
}

class EmbeddedLakehouse implements Lakehouse {
  readonly name = "embedded";
  readonly canRestore = true;
  readonly canDraft: boolean;
  private readonly dir: string;
  private readonly options: EmbeddedLakehouseOptions;
  private readonly clock: Clock;
  private readonly attributions: Attributions;
  /** Set in the lake that writers of drafts see. */
  private readonly drafts: Drafts | undefined;
  private draftLake: EmbeddedLakehouse | undefined;
  private opened: CatalogStore | undefined;
  private workbench: Promise<Workbench> | undefined;
  private readonly running = new Set<Promise<unknown>>();

  constructor(
    options: EmbeddedLakehouseOptions,
    shared: { readonly attributions?: Attributions; readonly drafts?: Drafts } = {},
  ) {
    this.dir = resolve(options.dir);
    this.options = options;
    this.clock = options.clock ?? systemClock;
    this.attributions = shared.attributions ?? new Attributions();
    this.drafts = shared.drafts;
    this.canDraft = shared.drafts === undefined;
  }

  tableName(key: AssetKey): string {
    return duckdbTableName(key);
  }

  async ensureTable(table: TableDefinition, signal?: AbortSignal): Promise<void> {
    return this.working(table.key, signal, async () => {
      const present = this.metadata(table.key);
      if (present !== undefined && isComplete(table, present)) return;
      await (await this.bench()).ensureTable(table, signal);
    });
  }

  async load(options: Parameters<Lakehouse["load"]>[0]): Promise<LoadResult> {
    const { table, signal } = options;
    return this.working(table.key, signal, async () => {
      this.expectTable(table.key);
      if (options.files.length === 0) return nothingLoaded;
      return (await this.bench()).load(options, signal);
    });
  }

  async query(
    sql: string,
    options: NonNullable<Parameters<Lakehouse["query"]>[1]> = {},
  ): Promise<QueryResult> {
    const { signal, parameters = [], readOnly = true } = options;
    return this.working(undefined, signal, async () => {
      const [namespace] = this.store()?.namespaces() ?? [];
      if (!readOnly && namespace === undefined) throw nothingToWriteTo();
      try {
        return await (await this.bench()).query({ sql, parameters, readOnly, namespace, signal });
      } catch (error) {
        throw this.explained(asFailure(error, { signal }));
      }
    });
  }

  async currentSnapshot(key: AssetKey): Promise<Snapshot | undefined> {
    return this.reading(key, (metadata) => {
      const snapshot = currentSnapshot(metadata);
      return snapshot === undefined ? undefined : toSnapshot(metadata, snapshot);
    });
  }

  async history(key: AssetKey): Promise<readonly Snapshot[]> {
    const read = (metadata: TableMetadata) =>
      currentBranch(metadata).map((snapshot) => toSnapshot(metadata, snapshot));
    return this.reading(key, read) ?? [];
  }

  async snapshots(key: AssetKey): Promise<readonly Snapshot[]> {
    const read = (metadata: TableMetadata) =>
      metadata.snapshots.map((snapshot) => toSnapshot(metadata, snapshot)).toReversed();
    return this.reading(key, read) ?? [];
  }

  async restore(key: AssetKey, change: Parameters<Lakehouse["restore"]>[1]): Promise<void> {
    return this.guarded(key, undefined, () => {
      this.expectTable(key);
      const store = this.store();
      if (store !== undefined) restore(store, identifierOf(key), change);
    });
  }

  async draft(key: AssetKey, signal?: AbortSignal): Promise<Draft> {
    if (!this.canDraft) throw nested(key);
    const { lakehouse, drafts } = this.drafting();
    const identifier = identifierOf(key);
    const store = this.guarded(key, signal, () => this.writableStore());
    const draft = await drafts
      .begin(identifier, () => store.find(identifier)?.metadataFile, signal)
      .catch((error: unknown) => this.rethrow(error, key, signal));
    return {
      lakehouse,
      publish: async () =>
        this.guarded(key, undefined, () => {
          const table = draft.table();
          if (table === undefined) throw new Error(`Internal error: expected the draft of ${key} to be open`);
          store.publish(identifier, table);
          draft.end();
        }),
      discard: async () =>
        this.guarded(key, undefined, () => {
          const table = draft.end();
          if (table !== undefined) store.forget(table);
        }),
    };
  }

  attribute(key: AssetKey, writer: Writer): () => void {
    return this.attributions.hold(identifierOf(key), stampOf(writer));
  }

  async dataVersion(key: AssetKey): Promise<string | undefined> {
    return (await this.currentSnapshot(key))?.contentId;
  }

  async exists(key: AssetKey): Promise<boolean> {
    return this.guarded(key, undefined, () => this.store()?.exists(identifierOf(key)) ?? false);
  }

  async columns(key: AssetKey): Promise<readonly LakeColumn[] | undefined> {
    return this.reading(key, schemaColumns);
  }

  async tables(): Promise<readonly TableSummary[]> {
    return this.guarded(undefined, undefined, () => {
      const store = this.store();
      return this.identifiers().map((identifier) => {
        const metadata = store?.load(identifier).metadata;
        const current = metadata === undefined ? undefined : currentSnapshot(metadata);
        const snapshot =
          metadata === undefined || current === undefined ? undefined : toSnapshot(metadata, current);
        return {
          key: `${identifier.namespace}/${identifier.name}`,
          rows: rowCountOf(snapshot),
          snapshot,
          location: metadata?.location ?? "",
        };
      });
    });
  }

  async optimize(
    key: AssetKey,
    signal?: AbortSignal,
  ): Promise<{ readonly filesBefore: number; readonly filesAfter: number }> {
    return this.working(key, signal, async () => {
      this.expectTable(key);
      return (await this.bench()).optimize(key, signal);
    });
  }

  async expire(key: AssetKey, options: Parameters<Lakehouse["expire"]>[1]): ReturnType<Lakehouse["expire"]> {
    const { olderThanMs, signal } = options;
    return this.working(key, signal, async () => {
      this.expectTable(key);
      if (this.drafts?.find(identifierOf(key)) !== undefined) throw unpublished(key);
      const now = this.clock.now().getTime();
      const orphansOlderThan = new Date(now - (this.options.orphanAgeMs ?? oneDayMs));
      const request = {
        identifier: identifierOf(key),
        olderThan: new Date(now - olderThanMs),
        orphansOlderThan,
      };
      return (await this.bench()).expire(request, signal);
    });
  }

  /** Dropping a table that does not exist does nothing. */
  async drop(key: AssetKey): Promise<void> {
    return this.guarded(key, undefined, () => {
      const store = this.store();
      if (store?.exists(identifierOf(key)) === true) store.drop(identifierOf(key), true);
    });
  }

  /** Of the lake with the drafts: what runs for this process writes drafts as well. */
  async connectionEnvironment(): Promise<Readonly<Record<string, string>>> {
    if (this.drafts === undefined) return this.drafting().lakehouse.connectionEnvironment();
    return this.working(undefined, undefined, async () => {
      const { catalog, extensionDirectory } = await (await this.bench()).connection();
      return {
        MORAINE_CATALOG_URI: catalog.url,
        MORAINE_CATALOG_TOKEN: catalog.token,
        MORAINE_WAREHOUSE: "lake",
        MORAINE_EXTENSION_DIRECTORY: extensionDirectory,
      };
    });
  }

  async close(): Promise<void> {
    await Promise.allSettled(this.running);
    await this.draftLake?.close();
    await (await this.workbench?.catch(() => undefined))?.close();
    this.workbench = undefined;
    this.opened?.close();
    this.opened = undefined;
  }

  /** The pointers; undefined while the lake does not exist. Asking makes nothing. */
  private store(): CatalogStore | undefined {
    if (this.opened === undefined && existsSync(catalogFile(this.dir))) this.opened = this.makeStore();
    return this.opened;
  }

  private writableStore(): CatalogStore {
    this.opened ??= this.makeStore();
    return this.opened;
  }

  private makeStore(): CatalogStore {
    return new CatalogStore({ dir: this.dir, clock: this.clock, drafts: this.drafts, ...this.writing() });
  }

  /** The lake that writers of drafts see: an engine and a catalog of its own, which start when they are needed. */
  private drafting(): { readonly lakehouse: EmbeddedLakehouse; readonly drafts: Drafts } {
    if (this.drafts !== undefined) throw new Error("Internal error: expected no draft within a draft");
    this.draftLake ??= new EmbeddedLakehouse(this.options, {
      attributions: this.attributions,
      drafts: new Drafts(),
    });
    const { drafts } = this.draftLake;
    if (drafts === undefined) throw new Error("Internal error: expected a lake of drafts");
    return { lakehouse: this.draftLake, drafts };
  }

  private writing(): { readonly writeFile?: WriteFile } {
    return this.options.writeFile === undefined ? {} : { writeFile: this.options.writeFile };
  }

  private bench(): Promise<Workbench> {
    this.workbench ??= this.openWorkbench().catch((error: unknown) => {
      // The next caller tries again.
      this.workbench = undefined;
      throw error;
    });
    return this.workbench;
  }

  private async openWorkbench(): Promise<Workbench> {
    const store = this.writableStore();
    const { extensionDirectory } = this.options;
    const { Workbench: Bench } = await import("./workbench.ts");
    return new Bench({
      store,
      clock: this.clock,
      attributions: this.attributions,
      drafts: this.drafts,
      extensionDirectory,
      ...this.writing(),
    });
  }

  private metadata(key: AssetKey): TableMetadata | undefined {
    return this.store()?.find(identifierOf(key))?.metadata;
  }

  private reading<T>(key: AssetKey, read: (metadata: TableMetadata) => T): T | undefined {
    return this.guarded(key, undefined, () => {
      const metadata = this.metadata(key);
      return metadata === undefined ? undefined : read(metadata);
    });
  }

  /** Runs something that writes or needs the engine; again when another writer committed first. */
  private async working<T>(
    key: AssetKey | undefined,
    signal: AbortSignal | undefined,
    work: () => Promise<T>,
  ): Promise<T> {
    const attempt = () => work().catch((error: unknown) => this.rethrow(error, key, signal));
    const options = { clock: this.clock, random: this.options.random ?? Math.random, signal };
    const running = retryConflicts(attempt, options).catch((error: unknown) =>
      this.rethrow(error, key, signal),
    );
    this.running.add(running);
    try {
      return await running;
    } finally {
      this.running.delete(running);
    }
  }

  private guarded<T>(key: AssetKey | undefined, signal: AbortSignal | undefined, work: () => T): T {
    try {
      return work();
    } catch (error) {
      return this.rethrow(error, key, signal);
    }
  }

  private rethrow(error: unknown, key: AssetKey | undefined, signal: AbortSignal | undefined): never {
    throw asFailure(error, { signal, where: key ?? catalogFile(this.dir) });
  }

  /** Says what DuckDB can't: which metadata file is broken, which tables have a name like the one that is missing. */
  private explained(error: FailureError): FailureError {
    const tables = this.identifiers();
    // DuckDB keeps the catalog's explanation to itself; loading the tables here throws it.
    if (error.failure.reason === "lake-unreadable") for (const table of tables) this.store()?.load(table);
    return withSuggestion(error, tables);
  }

  private expectTable(key: AssetKey): void {
    if (this.metadata(key) === undefined) throw noSuchKey(key, this.identifiers());
  }

  private identifiers(): readonly TableIdentifier[] {
    const store = this.store();
    return store?.namespaces().flatMap((namespace) => store.tables(namespace)) ?? [];
  }
}

/** A draft has files in common with the published table, which nobody may remove on its behalf. */
function unpublished(key: AssetKey): FailureError {
  return new FailureError({
    reason: "query-failed",
    message: `${key} can't be expired before what was written to it is published`,
    where: key,
    retryable: false,
  });
}

/** Outside a namespace of the lake DuckDB would write to its memory, and say that all is well. */
function nothingToWriteTo(): FailureError {
  return new FailureError({
    reason: "query-failed",
    message: "the lake has no table yet, and a statement can't make the first one",
    retryable: false,
    next: "declare a table by defineTable: it is made before the body runs, or by ensureTable",
  });
}

function nested(key: AssetKey): FailureError {
  return new FailureError({
    reason: "query-failed",
    message: `no draft of ${key} within a draft`,
    where: key,
    retryable: false,
    next: "take the draft from the lakehouse itself, beside the other one",
  });
}

const nothingLoaded: LoadResult = {
  rowsRead: 0,
  rowsInserted: 0,
  rowsUpdated: 0,
  ties: 0,
  snapshotId: undefined,
};

function isComplete(table: TableDefinition, metadata: TableMetadata): boolean {
  const { addColumns, setProperties } = planEvolution(table, metadata);
  return addColumns.length === 0 && Object.keys(setProperties).length === 0;
}
