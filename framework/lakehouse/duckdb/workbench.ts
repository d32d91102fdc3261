import type { AssetKey } from "../../definition/asset-key.ts";
import { FailureError } from "../../event/failure.ts";
import type { TableDefinition } from "../../definition/table.ts";
import type { Clock } from "../../util/clock.ts";
import type { LakeCatalog } from "../catalog/lake-catalog.ts";
import { identifierOf, type TableIdentifier } from "../catalog/location.ts";
import { type Catalog, serveCatalog } from "../catalog/start-catalog.ts";
import { currentSnapshot, type TableMetadata } from "../catalog/table-metadata.ts";
import { newToken } from "../../util/bearer-token.ts";
import { planEvolution } from "../ddl/evolution.ts";
import { addColumnDdl, createTableDdl } from "../ddl/table-ddl.ts";
import type { Expired, LoadResult, Optimized, QueryResult } from "../lakehouse.ts";
import { quoteName } from "../ddl/quoting.ts";
import { catalogName, duckdbDialect } from "./duckdb-dialect.ts";
import { withDistinctNames } from "./distinct-names.ts";
import { duckdbViews } from "./duckdb-view.ts";
import { Engine } from "./engine.ts";
import { expire, type ExpireRequest } from "./expire.ts";
import { load, type LoadRequest } from "./load.ts";
import { fitProxyEnvironment } from "../../util/proxy-environment.ts";
import { needsCopyOnWrite, optimize } from "./optimize.ts";
import { query, type QueryRequest } from "./query.ts";
import { s3SecretSql } from "./s3-secret.ts";
import type { Session } from "./session.ts";

/** What a {@link Workbench} works with. */
export interface WorkbenchOptions {
  readonly catalog: LakeCatalog;
  readonly clock: Clock;
  readonly extensionDirectory: () => Promise<string>;
}

/**
 * The heavy half of a lakehouse over DuckDB: the catalog's server on loopback and two DuckDBs, one that writes and one that can't.
 * Each is opened when it is first needed. Methods throw whatever went wrong, as it came.
 */
export class Workbench {
  private readonly options: WorkbenchOptions;
  private served: Promise<Catalog> | undefined;
  private readonly underWay = new Set<Piece>();
  private readonly engines = new Map<"read" | "write", Promise<Engine>>();

  constructor(options: WorkbenchOptions) {
    this.options = options;
  }

  /** Makes the table or what it lacks; the caller knows that something is to be done. */
  async ensureTable(table: TableDefinition, signal: AbortSignal | undefined): Promise<void> {
    const identifier = identifierOf(table.key);
    await this.withSession("write", signal, async (session) => {
      await session.run(
        `CREATE SCHEMA IF NOT EXISTS ${quoteName(catalogName)}.${quoteName(identifier.namespace)}`,
      );
      await session.run(createTableDdl(table, duckdbDialect));
      const { addColumns, setProperties } = planEvolution(table, await this.metadata(identifier));
      if (addColumns.length > 0) {
        await session.transaction(async () => {
          for (const name of addColumns) await session.run(addColumnDdl(table, name, duckdbDialect));
        });
      }
      if (Object.keys(setProperties).length === 0) return;
      await this.options.catalog
        .open()
        .commit([
          { identifier, requirements: [], updates: [{ action: "set-properties", updates: setProperties }] },
        ]);
    });
  }

  async load(request: LoadRequest, signal: AbortSignal | undefined): Promise<LoadResult> {
    const identifier = identifierOf(request.table.key);
    const engine = await this.engine("write");
    return this.withSession("write", signal, async (session) => {
      const { rowsRead, change } = await load(engine, session, request, {
        currentSnapshotId: async () => {
          const id = currentSnapshot(await this.metadata(identifier))?.["snapshot-id"];
          return id === undefined ? undefined : String(id);
        },
        needsCopyOnWrite: async () => {
          const metadata = await this.metadata(identifier);
          if (metadata["partition-specs"].length > 1) await this.grantFiles(session, identifier);
          return needsCopyOnWrite({ catalog: this.options.catalog, session }, metadata);
        },
      });
      if (change === "nothing") {
        return { rowsRead, rowsInserted: 0, rowsUpdated: 0, ties: 0, snapshotId: undefined };
      }
      const { found, ...counts } = change;
      return { rowsRead, ...counts, snapshotId: await this.snapshotBeyond(identifier, found) };
    });
  }

  async query(request: QueryRequest): Promise<QueryResult> {
    return this.explaining(async () => {
      const engine = await this.engine(request.readOnly ? "read" : "write");
      return query(await engine.session(request.signal), request);
    });
  }

  async optimize(key: AssetKey, signal: AbortSignal | undefined): Promise<Optimized> {
    const engine = await this.engine("write");
    const { catalog } = this.options;
    return this.withSession("write", signal, async (session) => {
      await this.grantFiles(session, identifierOf(key));
      return optimize(engine, { catalog, session }, key, () => this.metadata(identifierOf(key)));
    });
  }

  async expire(request: ExpireRequest, signal: AbortSignal | undefined): Promise<Expired> {
    return this.withSession("write", signal, async (session) => {
      await this.grantFiles(session, request.identifier);
      return expire(this.options.catalog, session, request);
    });
  }

  /** What another process needs to open the lake; the catalog is served from now on. */
  async connection(): Promise<{ readonly catalog: Catalog; readonly extensionDirectory: string }> {
    fitProxyEnvironment();
    const [catalog, extensionDirectory] = await Promise.all([
      this.servedCatalog(),
      this.options.extensionDirectory(),
    ]);
    return { catalog, extensionDirectory };
  }

  async close(): Promise<void> {
    for (const engine of this.engines.values()) await (await engine.catch(() => undefined))?.close();
    await (await this.served?.catch(() => undefined))?.close();
  }

  /**
   * The snapshot that a commit made current which found only these: the log has one entry per commit, and whoever
   * came between would have had it refused.
   */
  private async snapshotBeyond(
    identifier: TableIdentifier,
    found: ReadonlySet<string>,
  ): Promise<string | undefined> {
    const log = (await this.metadata(identifier))["snapshot-log"];
    return log.map((entry) => String(entry["snapshot-id"])).find((id) => !found.has(id));
  }

  private async withSession<T>(
    access: "read" | "write",
    signal: AbortSignal | undefined,
    work: (session: Session) => Promise<T>,
  ): Promise<T> {
    return this.explaining(async () => {
      const session = await (await this.engine(access)).session(signal);
      try {
        return await work(session);
      } finally {
        await session.close();
      }
    });
  }

  /** Of work that failed of what the catalog's server told meanwhile, says that. */
  private async explaining<T>(work: () => Promise<T>): Promise<T> {
    const piece: Piece = { told: [], isAlone: this.underWay.size === 0 };
    for (const other of this.underWay) other.isAlone = false;
    this.underWay.add(piece);
    try {
      return await work();
    } catch (error) {
      throw (error instanceof FailureError ? undefined : explanationOf(error, piece)) ?? error;
    } finally {
      this.underWay.delete(piece);
    }
  }

  private engine(access: "read" | "write"): Promise<Engine> {
    const known = this.engines.get(access);
    if (known !== undefined) return known;
    const opening = this.openEngine(access);
    this.engines.set(access, opening);
    // The next caller tries again.
    opening.catch(() => this.engines.delete(access));
    return opening;
  }

  private async openEngine(access: "read" | "write"): Promise<Engine> {
    const { spillDirectory, readable } = this.options.catalog;
    const [catalog, extensionDirectory] = await Promise.all([
      this.servedCatalog(),
      this.options.extensionDirectory(),
    ]);
    const seen = access === "read" ? { ...catalog, url: `${catalog.url}/view/read` } : catalog;
    return Engine.open({ spillDirectory, readable, catalog: seen, extensionDirectory, access });
  }

  private async metadata(identifier: TableIdentifier): Promise<TableMetadata> {
    return (await this.options.catalog.open().load(identifier)).metadata;
  }

  /** Lets a session read a table's files by their paths. */
  private async grantFiles(session: Session, identifier: TableIdentifier): Promise<void> {
    const { catalog } = this.options;
    const table = await catalog.open().load(identifier);
    const access = await catalog.accessOf(table);
    if (access !== undefined) await session.run(s3SecretSql(table.metadata.location, access));
  }

  private servedCatalog(): Promise<Catalog> {
    const { catalog, clock } = this.options;
    const onFailure = (failure: FailureError): void => {
      for (const { told } of this.underWay) told.push(failure);
    };
    const { write, read } = duckdbViews(clock);
    const options = { port: 0, token: newToken(), view: write, views: { read }, onFailure };
    this.served ??= serveCatalog(withDistinctNames(catalog.open()), options);
    return this.served;
  }
}

/** Something that is being done on the engines. */
interface Piece {
  /** What the catalog's server had to tell DuckDB meanwhile and could only in part, oldest first. */
  readonly told: FailureError[];
  /** Nothing else was being done at any time of it. */
  isAlone: boolean;
}

/** What DuckDB was told and failed of: by its words, for which request was whose the server can't know. */
function explanationOf(error: unknown, { told, isAlone }: Piece): FailureError | undefined {
  const words = String(error);
  return told.findLast(({ failure }) => isAlone || words.includes(failure.message));
}
