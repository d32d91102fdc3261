import { randomUUID } from "node:crypto";
import { existsSync, readdirSync, rmSync, statSync } from "node:fs";
import { basename, join } from "node:path";
import type { TableDefinition } from "../../definition/table.ts";
import type { Clock } from "../../util/clock.ts";
import { isRunning } from "../../util/process-start.ts";
import type { Disposition, SourceFile } from "../lakehouse.ts";
import { quoteName } from "../ddl/quoting.ts";
import { hiveType } from "./athena-dialect.ts";
import type { GlueCatalog } from "./glue-catalog.ts";
import { sliceColumn } from "./slices.ts";
import { joinS3 } from "./s3-uri.ts";
import type { S3Objects } from "./s3-objects.ts";

/** Rows in S3 that a statement can read. */
export interface Staged {
  /** The name of their table in queries. */
  readonly name: string;
  readonly rowsRead: number;
  readonly bytes: number;
  readonly slices: number;
  /** Removes table and files. */
  discard(): Promise<void>;
}

/** What {@link Staging} works with. */
export interface StagingOptions {
  readonly glue: GlueCatalog;
  readonly objects: S3Objects;
  readonly clock: Clock;
  /** `s3://` prefix, of nothing else. */
  readonly location: string;
  /** Glue database, of nothing else; made when it is missing. */
  readonly database: string;
  /** Folder on this machine for files on their way. */
  readonly workDir: string;
}

/** What a load left that died: older than any load may take. */
const abandonedAfterMs = 24 * 3_600_000;

/** Rows on their way: files on this machine, then Parquet in S3 with a table of their own in Glue, then gone. */
export class Staging {
  readonly #options: StagingOptions;

  constructor(options: StagingOptions) {
    this.#options = options;
  }

  /** Brings the rows of files to S3; undefined when there are none. What fails leaves nothing there. */
  async stage(request: {
    readonly table: TableDefinition;
    readonly files: readonly SourceFile[];
    readonly disposition: Disposition;
    readonly signal?: AbortSignal | undefined;
  }): Promise<Staged | undefined> {
    const { workDir, location, database } = this.#options;
    const { writeParquet } = await import("./parquet-writer.ts");
    removeOfDeadProcesses(workDir);
    const name = this.#newName(request.table);
    const folder = join(workDir, `${process.pid}-${name}`);
    const prefix = `${joinS3(location, name)}/`;
    try {
      const { files, rowsRead, slices } = await writeParquet({ ...request, folder });
      if (rowsRead === 0) return undefined;
      const bytes = await this.#upload(files, prefix, request.signal);
      await this.#createTable(name, request.table, prefix, slices);
      return {
        name: `${quoteName(database)}.${quoteName(name)}`,
        rowsRead,
        bytes,
        slices,
        discard: () => this.#discard(name),
      };
    } catch (error) {
      await this.#discard(name).catch(() => undefined);
      throw error;
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  }

  /** Removes what loads that died have left in S3 and Glue. @returns how many loads */
  async sweep(): Promise<number> {
    const { glue, objects, location, database } = this.#options;
    const before = this.#options.clock.now().getTime() - abandonedAfterMs;
    const names = new Set<string>();
    if ((await glue.databases()).includes(database)) {
      for (const { Name, CreateTime } of await glue.tables(database))
        if (Name !== undefined && (CreateTime?.getTime() ?? 0) < before) names.add(Name);
    }
    const prefix = `${joinS3(location)}/`;
    for await (const { uri, modifiedAt } of objects.list(prefix))
      if (modifiedAt.getTime() < before) names.add(uri.slice(prefix.length).split("/")[0] ?? "");
    names.delete("");
    for (const name of names) await this.#discard(name);
    return names.size;
  }

  #newName({ key }: TableDefinition): string {
    return `${key.replaceAll("/", "__")}__${randomUUID().replaceAll("-", "")}`;
  }

  async #upload(files: readonly string[], prefix: string, signal: AbortSignal | undefined): Promise<number> {
    const { objects } = this.#options;
    for (const file of files) {
      signal?.throwIfAborted();
      await objects.upload(file, prefix + basename(file), signal);
    }
    return files.reduce((sum, file) => sum + statSync(file).size, 0);
  }

  async #createTable(name: string, table: TableDefinition, location: string, slices: number): Promise<void> {
    const { glue, database, location: root } = this.#options;
    await glue.ensureDatabase(database, `${joinS3(root)}/`);
    await glue.createTable(database, {
      Name: name,
      TableType: "EXTERNAL_TABLE",
      Parameters: { EXTERNAL: "TRUE", classification: "parquet" },
      StorageDescriptor: {
        Columns: [
          ...Object.entries(table.columns).map(([column, { type }]) => ({
            Name: column,
            // As text: see `writeParquet`.
            Type: type === "timestamp" ? "string" : hiveType(type),
          })),
          ...(slices > 1 ? [{ Name: sliceColumn, Type: "int" }] : []),
        ],
        Location: location,
        InputFormat: "org.apache.hadoop.hive.ql.io.parquet.MapredParquetInputFormat",
        OutputFormat: "org.apache.hadoop.hive.ql.io.parquet.MapredParquetOutputFormat",
        SerdeInfo: {
          SerializationLibrary: "org.apache.hadoop.hive.ql.io.parquet.serde.ParquetHiveSerDe",
          Parameters: { "serialization.format": "1" },
        },
      },
    });
  }

  async #discard(name: string): Promise<void> {
    const { glue, objects, location, database } = this.#options;
    await glue.deleteTable(database, name);
    await objects.deleteBelow(`${joinS3(location, name)}/`);
  }
}

function removeOfDeadProcesses(workDir: string): void {
  if (!existsSync(workDir)) return;
  for (const entry of readdirSync(workDir)) {
    const pid = Number(entry.split("-")[0]);
    if (Number.isInteger(pid) && !isRunning(pid))
      rmSync(join(workDir, entry), { recursive: true, force: true });
  }
}
