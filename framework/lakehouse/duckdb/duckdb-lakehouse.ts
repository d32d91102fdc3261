import type { AssetKey } from "../../definition/asset-key.ts";
import type { TableDefinition } from "../../definition/table.ts";
import type { FailureError } from "../../event/failure.ts";
import { type Clock, systemClock } from "../../util/clock.ts";
import type { LakeCatalog } from "../catalog/lake-catalog.ts";
import { identifierOf, type TableIdentifier } from "../catalog/location.ts";
import { layoutOf } from "../catalog/layout.ts";
import { restore } from "../catalog/restore.ts";
import type { Retention } from "../catalog/retention.ts";
import type { SearchableCatalog } from "../catalog/table-catalog.ts";
import { currentBranch, currentSnapshot, type TableMetadata } from "../catalog/table-metadata.ts";
import { planEvolution, schemaColumns } from "../ddl/evolution.ts";
import { InFlight } from "../in-flight.ts";
import {
  type Draft,
  type Expired,
  type LakeColumn,
  type Lakehouse,
  type LoadResult,
  nothingLoaded,
  type Optimized,
  type QueryResult,
  rowCountOf,
  type Snapshot,
  type SnapshotsInUse,
  type TableLayout,
  type TableSummary,
} from "../lakehouse.ts";
import { stampOf, type Writer } from "../writer.ts";
import { distinctNames } from "./distinct-names.ts";
import { duckdbTableName } from "./duckdb-dialect.ts";
import { asFailure } from "./failures.ts";
import { noSuchKey, withSuggestion } from "../missing-table.ts";
import { nested, nothingToWriteTo, unpublished } from "./refusals.ts";
import { retryConflicts } from "../retry-conflicts.ts";
import { toSnapshot } from "../catalog/snapshots.ts";
import type { Workbench } from "./workbench.ts";

/** What a {@link DuckdbLakehouse} works with. */
export interface DuckdbLakehouseOptions {
  /**
   * A folder with `v<DuckDB's version>/<platform>/{iceberg,avro,httpfs}.duckdb_extension`. Asked for when DuckDB is
   * first needed, and fetched when it is not there.
   */
  readonly extensionDirectory: () => Promise<string>;
  /** Whether the extensions are still to be fetched. @default never */
  readonly lacksExtensions?: () => boolean;
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
  /** @default none */
  readonly snapshotsInUse?: SnapshotsInUse | undefined;
}

const oneDayMs = 24 * 60 * 60 * 1000;

/**
 * Iceberg tables in a catalog, DuckDB in process. Cheap: DuckDB and the server through which it sees the catalog start
 * with the first call that needs them; `tables`, `columns`, `exists`, `history`, `currentSnapshot` and `dataVersion`
 * never do.
 */
export class DuckdbLakehouse implements Lakehouse {
  readonly name: LakeCatalog["name"];
  readonly canRestore = true;
  readonly canDraft: boolean;
  private readonly catalog: LakeCatalog;
  private readonly options: DuckdbLakehouseOptions;
  private readonly clock: Clock;
  private draftLake: DuckdbLakehouse | undefined;
  private workbench: Promise<Workbench> | undefined;
  private readonly inFlight = new InFlight();

  /** @param catalog closed with the lakehouse */
  constructor(catalog: LakeCatalog, options: DuckdbLakehouseOptions) {
    this.catalog = catalog;
    this.name = catalog.name;
    this.options = options;
    this.clock = options.clock ?? systemClock;
    this.canDraft = catalog.drafting() !== undefined;
  }

  lacksEngine(): boolean {
    return this.options.lacksExtensions?.() ?? false;
  }

  async installEngine(): Promise<void> {
    await this.options.extensionDirectory();
  }

  tableName(key: AssetKey): string {
    return duckdbTableName(key);
  }

  async ensureTable(table: TableDefinition, signal?: AbortSignal): Promise<void> {
    return this.working(table.key, signal, async () => {
      const present = await this.metadata(table.key);
      if (present !== undefined && isComplete(table, present)) return;
      await (await this.bench()).ensureTable(table, signal);
    });
  }

  async load(options: Parameters<Lakehouse["load"]>[0]): Promise<LoadResult> {
    const { table, signal } = options;
    return this.working(table.key, signal, async () => {
      await this.expectTable(table.key);
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
      const [namespace] = distinctNames((await this.catalog.present()?.namespaces()) ?? []);
      if (!readOnly && namespace === undefined) throw nothingToWriteTo();
      try {
        return await (await this.bench()).query({ sql, parameters, readOnly, namespace, signal });
      } catch (error) {
        throw await this.explained(asFailure(error, { signal }));
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
    return (await this.reading(key, read)) ?? [];
  }

  async snapshots(key: AssetKey): Promise<readonly Snapshot[]> {
    const read = (metadata: TableMetadata) =>
      metadata.snapshots.map((snapshot) => toSnapshot(metadata, snapshot)).toReversed();
    return (await this.reading(key, read)) ?? [];
  }

  async restore(key: AssetKey, change: Parameters<Lakehouse["restore"]>[1]): Promise<void> {
    return this.guarded(key, undefined, async () => {
      await restore(await this.expectTable(key), identifierOf(key), change);
    });
  }

  async draft(key: AssetKey, signal?: AbortSignal): Promise<Draft> {
    const lakehouse = this.drafting();
    if (lakehouse === undefined) throw nested(key);
    const begin = async () => this.catalog.beginDraft(identifierOf(key), signal);
    const draft = await this.guarded(key, signal, begin);
    return {
      lakehouse,
      publish: () => this.guarded(key, undefined, async () => draft.publish()),
      discard: () => this.guarded(key, undefined, async () => draft.discard()),
    };
  }

  attribute(key: AssetKey, writer: Writer): () => void {
    return this.catalog.attributions.hold(identifierOf(key), stampOf(writer));
  }

  async dataVersion(key: AssetKey): Promise<string | undefined> {
    return (await this.currentSnapshot(key))?.contentId;
  }

  async exists(key: AssetKey): Promise<boolean> {
    const exists = async () => (await this.catalog.present()?.exists(identifierOf(key))) ?? false;
    return this.guarded(key, undefined, exists);
  }

  async columns(key: AssetKey): Promise<readonly LakeColumn[] | undefined> {
    return this.reading(key, schemaColumns);
  }

  async tables(): Promise<readonly TableSummary[]> {
    return this.guarded(undefined, undefined, async () => {
      const store = this.catalog.present();
      const summaries: TableSummary[] = [];
      for (const { namespace, name } of await this.identifiers()) {
        const table = await store?.find({ namespace, name });
        // Undefined when it was dropped since it was listed.
        if (table !== undefined) summaries.push(summaryOf(`${namespace}/${name}`, table.metadata));
      }
      return summaries;
    });
  }

  async layout(key: AssetKey): Promise<TableLayout | undefined> {
    return this.reading(key, (metadata) => layoutOf(metadata, this.retained(key)));
  }

  async optimize(key: AssetKey, signal?: AbortSignal): Promise<Optimized> {
    return this.working(key, signal, async () => {
      await this.expectTable(key);
      return (await this.bench()).optimize(key, signal);
    });
  }

  async expire(key: AssetKey, options: Parameters<Lakehouse["expire"]>[1]): Promise<Expired> {
    const { olderThanMs, signal } = options;
    return this.working(key, signal, async () => {
      await this.expectTable(key);
      if (this.catalog.hasDraft(identifierOf(key))) throw unpublished(key);
      const retention = { ...this.retained(key), olderThanMs };
      const orphansOlderThan = new Date(retention.nowMs - (this.options.orphanAgeMs ?? oneDayMs));
      const request = { identifier: identifierOf(key), retention, orphansOlderThan };
      return (await this.bench()).expire(request, signal);
    });
  }

  /** Dropping a table that does not exist does nothing. */
  async drop(key: AssetKey): Promise<void> {
    return this.guarded(key, undefined, async () => {
      const store = this.catalog.present();
      if ((await store?.exists(identifierOf(key))) === true) await store?.drop(identifierOf(key), true);
    });
  }

  /** Of the lake with the drafts: what runs for this process writes drafts as well. */
  async connectionEnvironment(): Promise<Readonly<Record<string, string>>> {
    const drafting = this.drafting();
    if (drafting !== undefined) return drafting.connectionEnvironment();
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
    await this.inFlight.settled();
    await this.draftLake?.close();
    await (await this.workbench?.catch(() => undefined))?.close();
    this.workbench = undefined;
    this.catalog.close();
  }

  /** The lake that writers of drafts see: an engine and a server of its own, which start when they are needed. */
  private drafting(): DuckdbLakehouse | undefined {
    const catalog = this.catalog.drafting();
    if (catalog !== undefined) this.draftLake ??= new DuckdbLakehouse(catalog, this.options);
    return this.draftLake;
  }

  private retained(key: AssetKey): Pick<Retention, "nowMs" | "inUse"> {
    return { nowMs: this.clock.now().getTime(), inUse: this.options.snapshotsInUse?.(key) ?? [] };
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
    const { catalog, clock } = this;
    catalog.open();
    const { Workbench: Bench } = await import("./workbench.ts");
    return new Bench({ catalog, clock, extensionDirectory: this.options.extensionDirectory });
  }

  private async metadata(key: AssetKey): Promise<TableMetadata | undefined> {
    return (await this.catalog.present()?.find(identifierOf(key)))?.metadata;
  }

  private async reading<T>(key: AssetKey, read: (metadata: TableMetadata) => T): Promise<T | undefined> {
    return this.guarded(key, undefined, async () => {
      const metadata = await this.metadata(key);
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
    return this.inFlight.track(
      retryConflicts(attempt, options).catch((error: unknown) => this.rethrow(error, key, signal)),
    );
  }

  private async guarded<T>(
    key: AssetKey | undefined,
    signal: AbortSignal | undefined,
    work: () => Promise<T>,
  ): Promise<T> {
    return work().catch((error: unknown) => this.rethrow(error, key, signal));
  }

  private rethrow(error: unknown, key: AssetKey | undefined, signal: AbortSignal | undefined): never {
    throw asFailure(error, { signal, where: key ?? this.catalog.where });
  }

  /** Says what DuckDB can't: what is wrong with the catalog, which tables have a name like the one that is missing. */
  private async explained(error: FailureError): Promise<FailureError> {
    const tables = await this.identifiers();
    // DuckDB keeps the catalog's explanation to itself; loading the tables here throws it.
    if (error.failure.reason === "lake-unreadable") {
      for (const table of tables) await this.catalog.present()?.load(table);
    }
    return withSuggestion(error, tables);
  }

  private async expectTable(key: AssetKey): Promise<SearchableCatalog> {
    const store = this.catalog.present();
    if (store === undefined || (await this.metadata(key)) === undefined)
      throw noSuchKey(key, await this.identifiers());
    return store;
  }

  private async identifiers(): Promise<readonly TableIdentifier[]> {
    const store = this.catalog.present();
    const found: TableIdentifier[] = [];
    for (const namespace of (await store?.namespaces()) ?? []) {
      found.push(...((await store?.tables(namespace)) ?? []));
    }
    return found;
  }
}

function summaryOf(key: string, metadata: TableMetadata): TableSummary {
  const current = currentSnapshot(metadata);
  const snapshot = current === undefined ? undefined : toSnapshot(metadata, current);
  return { key, rows: rowCountOf(snapshot), snapshot, location: metadata.location };
}

function isComplete(table: TableDefinition, metadata: TableMetadata): boolean {
  const { addColumns, setProperties } = planEvolution(table, metadata);
  return addColumns.length === 0 && Object.keys(setProperties).length === 0;
}
