import { DuckDBInstance } from "@duckdb/node-api";
import type { WholeTableOperation } from "../catalog/whole-table-view.ts";
import { quoteName, quoteText } from "../ddl/quoting.ts";
import { catalogName } from "./duckdb-dialect.ts";
import { loadExtensions } from "./extensions/load-extensions.ts";
import { fitProxyEnvironment } from "../../util/proxy-environment.ts";
import { Session } from "./session.ts";

/** What an {@link Engine} works with. */
export interface EngineOptions {
  /** Folder for what does not fit into memory. */
  readonly spillDirectory: string;
  readonly catalog: { readonly url: string; readonly token: string };
  /** DuckDB's `extension_directory`. */
  readonly extensionDirectory: string;
  /**
   * `read`: nothing can be written and no file but the lake's can be read, whatever the statement. DuckDB can't
   * take this back, so writing has an engine of its own.
   */
  readonly access: "read" | "write";
  /** The lake's files: folders, or beginnings of URLs. */
  readonly readable: readonly string[];
}

/** A DuckDB in memory with the lake attached. */
export class Engine {
  private readonly instance: DuckDBInstance;
  private readonly options: EngineOptions;
  private readonly sessions = new Set<Session>();
  private attached = 0;

  private constructor(instance: DuckDBInstance, options: EngineOptions) {
    this.instance = instance;
    this.options = options;
  }

  static async open(options: EngineOptions): Promise<Engine> {
    fitProxyEnvironment();
    const instance = await DuckDBInstance.create(":memory:", {
      autoinstall_known_extensions: "false",
      temp_directory: options.spillDirectory,
      extension_directory: options.extensionDirectory,
    });
    const connection = await instance.connect();
    try {
      await loadExtensions(connection, options.extensionDirectory);
      await connection.run("SET GLOBAL TimeZone = 'UTC'");
      // The property is for other writers as well; without this DuckDB refuses to write tables that have it.
      await connection.run("SET GLOBAL ignore_target_file_size_for_partitioned_tables = true");
      await connection.run(
        `CREATE SECRET lake_token (TYPE iceberg, TOKEN ${quoteText(options.catalog.token)})`,
      );
      const mode = options.access === "read" ? ", READ_ONLY" : "";
      await connection.run(attachSql(catalogName, options.catalog.url, mode));
      if (options.access === "read") {
        await connection.run(`SET allowed_directories = [${options.readable.map(quoteText).join(", ")}]`);
        await connection.run("SET enable_external_access = false");
      }
    } catch (error) {
      connection.disconnectSync();
      instance.closeSync();
      throw error;
    }
    connection.disconnectSync();
    return new Engine(instance, options);
  }

  /** A connection of its own; whoever opens it closes it. */
  async session(signal?: AbortSignal): Promise<Session> {
    const session: Session = new Session(await this.instance.connect(), signal, () =>
      this.sessions.delete(session),
    );
    this.sessions.add(session);
    return session;
  }

  /**
   * Runs `work` with a second catalog attached, in which an append to a table becomes the whole of its content, on
   * top of the snapshot `base`. See `wholeTableView`.
   */
  async withWholeTables<T>(
    session: Session,
    operation: WholeTableOperation,
    base: string,
    work: (catalog: string) => Promise<T>,
  ): Promise<T> {
    this.attached += 1;
    const name = `whole_${this.attached}`;
    await session.run(attachSql(name, `${this.options.catalog.url}/whole-table/${operation}/${base}`, ""));
    try {
      return await work(name);
    } finally {
      await session.runAlways(`DETACH ${quoteName(name)}`);
    }
  }

  async close(): Promise<void> {
    await Promise.all([...this.sessions].map((session) => session.close()));
    this.instance.closeSync();
  }
}

function attachSql(name: string, url: string, mode: string): string {
  return `ATTACH 'lake' AS ${quoteName(name)} (TYPE iceberg, ENDPOINT ${quoteText(url)}, SECRET lake_token${mode})`;
}
