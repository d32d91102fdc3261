import { join } from "node:path";
import { type AssetKey, splitKey } from "../../definition/asset-key.ts";
import type { AthenaLakehouse as AthenaConfig } from "../../definition/config.ts";
import type { TableDefinition } from "../../definition/table.ts";
import { fail, FailureError } from "../../event/failure.ts";
import { type Clock, systemClock } from "../../util/clock.ts";
import { nearest } from "../../util/nearest.ts";
import { identifierOf } from "../catalog/location.ts";
import { pointAt } from "../catalog/restore.ts";
import type { TableMetadata } from "../catalog/table-metadata.ts";
import { planEvolution, schemaColumns } from "../ddl/evolution.ts";
import { addColumnDdl, createTableDdl } from "../ddl/table-ddl.ts";
import { noSuchKey, suggestion } from "../missing-table.ts";
import { InFlight } from "../in-flight.ts";
import {
  type Draft,
  type Expired,
  type LakeColumn,
  type Lakehouse,
  type LoadResult,
  nothingLoaded,
  type Optimized,
  type QueryCosts,
  type QueryResult,
  rowCountOf,
  type Snapshot,
  type SnapshotsInUse,
  type TableLayout,
  type TableSummary,
} from "../lakehouse.ts";
import { quoteText } from "../ddl/quoting.ts";
import { athenaDialect, queryName } from "./athena-dialect.ts";
import { asAwsFailure } from "./athena-failure.ts";
import { AwsClients } from "./aws-clients.ts";
import { GlueCatalog, type GlueTable } from "./glue-catalog.ts";
import { load } from "./load.ts";
import { QueryRunner } from "./query-runner.ts";
import { expectQuery, withoutLeadingComments } from "./read-only.ts";
import { openResult } from "./results.ts";
import { joinS3 } from "./s3-uri.ts";
import { S3Objects } from "./s3-objects.ts";
import { Spending } from "./spending.ts";
import { Staging } from "./staging.ts";
import { allSnapshots, branchSnapshots, firstEmptySnapshot, tableLayout } from "./table-snapshots.ts";
import { expire, optimize, type UpkeepContext } from "./upkeep.ts";

/** What {@link openAthenaLakehouse} takes. */
export interface AthenaLakehouseOptions extends Omit<AthenaConfig, "type"> {
  /** Folder on this machine for files on their way to S3. */
  readonly workDir: string;
  readonly clock?: Clock;
  /** From 0 up to 1; spreads retries and polling. */
  readonly random?: () => number;
  /** @default none */
  readonly snapshotsInUse?: SnapshotsInUse | undefined;
}

/**
 * Opens the tables of one lake in S3, that Glue's catalog knows and Athena reads and writes. Cheap: the AWS SDK is loaded
 * by the first call, DuckDB, which makes Parquet of what is loaded, by the first load. Metadata is read from Glue and S3,
 * without a query.
 */
export function openAthenaLakehouse(options: AthenaLakehouseOptions): Lakehouse {
  return new AthenaLakehouse(options);
}

const defaultWorkgroup = "primary";
const defaultCatalog = "awsdatacatalog";
/** Tables whose metadata is read at a time. */
const readAtOnce = 8;

class AthenaLakehouse implements Lakehouse {
  readonly name = "athena";
  readonly canRestore = true;
  readonly canDraft = false;
  private readonly options: AthenaLakehouseOptions;
  private readonly clock: Clock;
  private readonly clients: AwsClients;
  private readonly objects: S3Objects;
  private readonly glue: GlueCatalog;
  private readonly spending: Spending;
  private readonly runner: QueryRunner;
  private readonly staging: Staging;
  private hasSwept = false;
  private readonly inFlight = new InFlight();

  constructor(options: AthenaLakehouseOptions) {
    this.options = options;
    this.clock = options.clock ?? systemClock;
    this.clients = new AwsClients(options);
    this.objects = new S3Objects(this.clients);
    this.glue = new GlueCatalog(this.clients, this.objects);
    this.spending = new Spending({
      maxBytes: options.maxBytesPerRun,
      pricePerTerabyte: options.pricePerTerabyte,
    });
    this.runner = new QueryRunner({
      clients: this.clients,
      clock: this.clock,
      random: options.random ?? Math.random,
      spending: this.spending,
      workgroup: options.workgroup ?? defaultWorkgroup,
      catalog: options.catalog ?? defaultCatalog,
      results: options.results,
    });
    this.staging = new Staging({
      glue: this.glue,
      objects: this.objects,
      clock: this.clock,
      location: options.staging ?? joinS3(options.location, "_staging"),
      database: options.stagingDatabase ?? "moraine_staging",
      workDir: join(options.workDir, "staging"),
    });
  }

  tableName(key: AssetKey): string {
    return queryName(key);
  }

  async ensureTable(table: TableDefinition, signal?: AbortSignal): Promise<void> {
    return this.working(table.key, signal, async () => {
      const { namespace } = splitKey(table.key);
      const dialect = athenaDialect(this.options.location);
      const run = (sql: string) => this.runner.run({ sql, table: table.key, signal });
      const present = await this.glue.find(table.key);
      if (present === undefined) {
        await this.glue.ensureDatabase(namespace, `${joinS3(this.options.location, namespace)}/`);
        await run(createTableDdl(table, dialect));
        return;
      }
      const { addColumns } = planEvolution(table, present.metadata);
      for (const name of addColumns) await run(addColumnDdl(table, name, dialect));
    });
  }

  async load(options: Parameters<Lakehouse["load"]>[0]): Promise<LoadResult> {
    const { table, signal } = options;
    return this.working(table.key, signal, async () => {
      await this.expectTable(table.key);
      if (options.files.length === 0) return nothingLoaded;
      await this.sweepOnce();
      const staged = await this.staging.stage(options);
      if (staged === undefined) return nothingLoaded;
      try {
        return await this.loadStaged(options, staged);
      } finally {
        await staged.discard();
      }
    });
  }

  async query(
    sql: string,
    options: NonNullable<Parameters<Lakehouse["query"]>[1]> = {},
  ): Promise<QueryResult> {
    const { signal, parameters = [], readOnly = true } = options;
    return this.working(undefined, signal, async () => {
      if (readOnly) expectQuery(sql);
      const { id, bytesScanned, location } = await this.runner
        .run({ sql, parameters: parameters.map(literal), signal })
        .catch((error: unknown) => this.rethrowExplained(error));
      const hasHeader = /^[\s(]*(select|with|values|table)\b/i.test(withoutLeadingComments(sql));
      const result = await openResult(
        { clients: this.clients, objects: this.objects },
        { id, hasHeader, location, signal },
      );
      return { ...result, costs: this.spending.of(bytesScanned) };
    });
  }

  async currentSnapshot(key: AssetKey): Promise<Snapshot | undefined> {
    return this.reading(key, (metadata) => branchSnapshots(metadata)[0]);
  }

  async history(key: AssetKey): Promise<readonly Snapshot[]> {
    return (await this.reading(key, branchSnapshots)) ?? [];
  }

  async snapshots(key: AssetKey): Promise<readonly Snapshot[]> {
    return (await this.reading(key, allSnapshots)) ?? [];
  }

  /** A commit of our own to Glue: Athena has no statement for it. */
  async restore(key: AssetKey, { from, to }: Parameters<Lakehouse["restore"]>[1]): Promise<void> {
    return this.working(key, undefined, async () => {
      const table = await this.expectTable(key);
      const current = branchSnapshots(table.metadata)[0]?.id;
      if (current !== from) {
        fail({
          reason: "commit-conflict",
          message: "another writer committed first",
          expected: `the current snapshot ${from ?? "none"}`,
          got: current ?? "none",
          where: key,
          retryable: false,
        });
      }
      const empty = firstEmptySnapshot(table.metadata);
      const known = { ...table.metadata, snapshots: table.metadata.snapshots.filter((one) => one !== empty) };
      // A table that was only made is what "no snapshot" means.
      const update =
        to === undefined && empty !== undefined
          ? pointAt(table.metadata, String(empty["snapshot-id"]), identifierOf(key))
          : pointAt(known, to, identifierOf(key));
      if (from !== to) await this.glue.commit(key, table, [update], this.clock.now());
    });
  }

  draft(key: AssetKey): Promise<Draft> {
    return fail({
      reason: "query-failed",
      message: "Athena keeps no draft of a table beside it",
      where: key,
      next: 'say `publish: "at-once"`',
      retryable: false,
    });
  }

  /** Athena gives snapshots no properties of ours. */
  attribute(): () => void {
    return () => {};
  }

  async dataVersion(key: AssetKey): Promise<string | undefined> {
    return (await this.currentSnapshot(key))?.contentId;
  }

  async exists(key: AssetKey): Promise<boolean> {
    const { namespace, table } = splitKey(key);
    return this.guarded(key, async () => (await this.glue.findTable(namespace, table)) !== undefined);
  }

  async columns(key: AssetKey): Promise<readonly LakeColumn[] | undefined> {
    return this.reading(key, schemaColumns);
  }

  /** Iceberg tables in Glue whose files are below the lake's location. */
  async tables(): Promise<readonly TableSummary[]> {
    return this.guarded(undefined, async () => {
      const keys = await this.glue.icebergTables(`${joinS3(this.options.location)}/`);
      const summaries: TableSummary[] = [];
      for (let from = 0; from < keys.length; from += readAtOnce)
        summaries.push(
          ...(await Promise.all(keys.slice(from, from + readAtOnce).map((key) => this.summary(key)))).flat(),
        );
      return summaries;
    });
  }

  async layout(key: AssetKey): Promise<TableLayout | undefined> {
    const { clock, options } = this;
    const inUse = options.snapshotsInUse?.(key) ?? [];
    return this.reading(key, (metadata) => tableLayout(metadata, { nowMs: clock.now().getTime(), inUse }));
  }

  async optimize(key: AssetKey, signal?: AbortSignal): Promise<Optimized> {
    return this.working(key, signal, () => optimize(this.upkeep(key, signal)));
  }

  async expire(key: AssetKey, { olderThanMs, signal }: Parameters<Lakehouse["expire"]>[1]): Promise<Expired> {
    return this.working(key, signal, () => expire(this.upkeep(key, signal), olderThanMs));
  }

  /** Dropping a table that does not exist does nothing. Athena deletes the files of an Iceberg table with it. */
  async drop(key: AssetKey): Promise<void> {
    return this.working(key, undefined, async () => {
      if ((await this.glue.find(key)) === undefined) return;
      const name = athenaDialect(this.options.location).tableName(key);
      await this.runner.run({ sql: `DROP TABLE IF EXISTS ${name}`, table: key });
    });
  }

  takeCosts(key: AssetKey): QueryCosts | undefined {
    return this.spending.take(key);
  }

  addCosts(key: AssetKey, bytesScanned: number): void {
    this.spending.add(bytesScanned, key);
  }

  /** Credentials, and endpoints other than AWS's own, the other process finds as this one does. */
  async connectionEnvironment(): Promise<Readonly<Record<string, string>>> {
    const { location, results, workgroup, catalog, profile } = this.options;
    // Nothing of what it will scan can be known; nothing may be left to scan already.
    this.spending.expect();
    return this.guarded(undefined, async () => ({
      AWS_REGION: await this.clients.region(),
      ...(profile === undefined ? {} : { AWS_PROFILE: profile }),
      MORAINE_ATHENA_CATALOG: catalog ?? defaultCatalog,
      MORAINE_ATHENA_WORK_GROUP: workgroup ?? defaultWorkgroup,
      MORAINE_ATHENA_RESULTS: results ?? `${joinS3(location, "_results")}/`,
      MORAINE_ATHENA_DATA: `${joinS3(location)}/`,
    }));
  }

  async close(): Promise<void> {
    await this.inFlight.settled();
    await this.clients.close();
  }

  private async loadStaged(
    { table, disposition, signal }: Parameters<Lakehouse["load"]>[0],
    staged: Parameters<typeof load>[0]["staged"],
  ): Promise<LoadResult> {
    return load({
      table,
      disposition,
      staged,
      signal,
      runner: this.runner,
      clients: this.clients,
      objects: this.objects,
      read: async () => (await this.expectTable(table.key)).metadata,
      restore: (change) => this.restore(table.key, change),
    });
  }

  private upkeep(key: AssetKey, signal: AbortSignal | undefined): UpkeepContext {
    const { runner, objects } = this;
    const { location: lake, snapshotsInUse } = this.options;
    return {
      key,
      lake,
      runner,
      objects,
      signal,
      read: () => this.expectTable(key),
      retained: () => ({ nowMs: this.clock.now().getTime(), inUse: snapshotsInUse?.(key) ?? [] }),
    };
  }

  private async summary(key: AssetKey): Promise<readonly TableSummary[]> {
    const found = await this.glue.find(key);
    if (found === undefined) return [];
    const [snapshot] = branchSnapshots(found.metadata);
    return [{ key, rows: rowCountOf(snapshot), snapshot, location: found.metadata.location }];
  }

  /** Once in a process: what loads left behind that died. It must not keep a load from its work. */
  private async sweepOnce(): Promise<void> {
    if (this.hasSwept) return;
    this.hasSwept = true;
    await this.staging.sweep().catch(() => 0);
  }

  private async expectTable(key: AssetKey): Promise<GlueTable> {
    const found = await this.glue.find(key);
    if (found !== undefined) return found;
    const { namespace } = splitKey(key);
    const isThere = (await this.glue.databases()).includes(namespace);
    const near = isThere ? await this.glue.tables(namespace) : [];
    throw noSuchKey(
      key,
      near.map(({ Name }) => ({ namespace, name: Name ?? "" })),
    );
  }

  /** Names the tables most like one that the engine did not find. */
  private async rethrowExplained(error: unknown): Promise<never> {
    if (!(error instanceof FailureError)) throw error;
    const [, missing] =
      /Table '(?:[^'.]+\.)?([^'.]+\.[^'.]+)' does not exist/.exec(error.failure.got ?? "") ?? [];
    if (missing === undefined) throw error;
    const keys = (await this.tables()).map(({ key }) => key.replace("/", "."));
    throw new FailureError(
      {
        ...error.failure,
        message: `there is no table ${missing}`,
        next: suggestion(nearest(missing, keys), keys.length),
      },
      { cause: error.cause },
    );
  }

  private async reading<T>(key: AssetKey, read: (metadata: TableMetadata) => T): Promise<T | undefined> {
    return this.guarded(key, async () => {
      const found = await this.glue.find(key);
      return found === undefined ? undefined : read(found.metadata);
    });
  }

  /** Runs something that writes or needs a query; closing waits for it. */
  private async working<T>(
    key: AssetKey | undefined,
    signal: AbortSignal | undefined,
    work: () => Promise<T>,
  ): Promise<T> {
    return this.inFlight.track(this.guarded(key, work, signal));
  }

  private async guarded<T>(
    key: AssetKey | undefined,
    work: () => Promise<T>,
    signal?: AbortSignal,
  ): Promise<T> {
    try {
      return await work();
    } catch (error) {
      throw asAwsFailure(error, { where: key, profile: this.options.profile, signal });
    }
  }
}

/** A parameter as a literal of SQL, which is what Athena takes. */
function literal(value: string | number | boolean | null): string {
  return typeof value === "string" ? quoteText(value) : String(value);
}
