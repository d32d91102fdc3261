import type { Table, TableInput } from "@aws-sdk/client-glue";
import { type AssetKey, isAssetKey, splitKey } from "../../definition/asset-key.ts";
import { fail } from "../../event/failure.ts";
import { metadataText, nextMetadataFileName, parseMetadata } from "../catalog/metadata-file.ts";
import type { TableMetadata } from "../catalog/table-metadata.ts";
import { applyUpdates, type Update } from "../catalog/updates.ts";
import type { AwsClients } from "./aws-clients.ts";
import { joinS3 } from "./s3-uri.ts";
import type { S3Objects } from "./s3-objects.ts";

/** An Iceberg table as Glue points to it. */
export interface GlueTable {
  readonly table: Table;
  readonly metadataFile: string;
  readonly metadata: TableMetadata;
}

const pointer = "metadata_location";
const previousPointer = "previous_metadata_location";

/** Metadata documents kept in memory: each URI holds one document for ever. */
const maxCached = 32;

/**
 * Glue's Data Catalog: which metadata document an Iceberg table is. Reading costs a request to Glue and, for a document
 * not seen yet, one to S3, and never a query. Methods throw what the AWS SDK throws, and FailureError `lake-unreadable`.
 */
export class GlueCatalog {
  readonly #clients: AwsClients;
  readonly #objects: S3Objects;
  readonly #documents = new Map<string, TableMetadata>();

  constructor(clients: AwsClients, objects: S3Objects) {
    this.#clients = clients;
    this.#objects = objects;
  }

  /** Undefined when there is no such table. @throws FailureError `query-failed` when it is no Iceberg table */
  async find(key: AssetKey): Promise<GlueTable | undefined> {
    const { namespace, table: name } = splitKey(key);
    const table = await this.findTable(namespace, name);
    if (table === undefined) return undefined;
    const metadataFile = table.Parameters?.[pointer];
    if (metadataFile === undefined) {
      return fail({
        reason: "query-failed",
        message: `${key} is a table in Glue, but not an Iceberg table`,
        expected: `the parameter ${pointer}`,
        got: table.TableType ?? "a table of another kind",
        where: key,
        next: "drop it, or give the asset another key",
        retryable: false,
      });
    }
    return { table, metadataFile, metadata: await this.#document(metadataFile) };
  }

  /** Any table, Iceberg or not. */
  async findTable(database: string, name: string): Promise<Table | undefined> {
    const { GetTableCommand } = await import("../aws-sdk/glue.ts");
    try {
      const glue = await this.#clients.glue();
      return (await glue.send(new GetTableCommand({ DatabaseName: database, Name: name }))).Table;
    } catch (error) {
      if (isMissing(error)) return undefined;
      throw error;
    }
  }

  async ensureDatabase(name: string, location: string): Promise<void> {
    const { GetDatabaseCommand, CreateDatabaseCommand } = await import("../aws-sdk/glue.ts");
    const glue = await this.#clients.glue();
    try {
      await glue.send(new GetDatabaseCommand({ Name: name }));
    } catch (error) {
      if (!isMissing(error)) throw error;
      try {
        await glue.send(new CreateDatabaseCommand({ DatabaseInput: { Name: name, LocationUri: location } }));
      } catch (second) {
        if (!(second instanceof Error && second.name === "AlreadyExistsException")) throw second;
      }
    }
  }

  async databases(): Promise<readonly string[]> {
    const { GetDatabasesCommand } = await import("../aws-sdk/glue.ts");
    const glue = await this.#clients.glue();
    const names: string[] = [];
    let token: string | undefined;
    do {
      const page = await glue.send(new GetDatabasesCommand({ NextToken: token }));
      names.push(...(page.DatabaseList ?? []).map(({ Name }) => Name ?? ""));
      token = page.NextToken;
    } while (token !== undefined);
    return names;
  }

  /** None of a database that this principal may not look into: an account has other people's as well. */
  async tables(database: string): Promise<readonly Table[]> {
    const { GetTablesCommand } = await import("../aws-sdk/glue.ts");
    const glue = await this.#clients.glue();
    const tables: Table[] = [];
    let token: string | undefined;
    try {
      do {
        const page = await glue.send(new GetTablesCommand({ DatabaseName: database, NextToken: token }));
        tables.push(...(page.TableList ?? []));
        token = page.NextToken;
      } while (token !== undefined);
    } catch (error) {
      if (!(error instanceof Error && error.name === "AccessDeniedException")) throw error;
    }
    return tables;
  }

  /** Iceberg tables whose files are below a prefix; those whose name no asset can have are somebody else's. */
  async icebergTables(prefix: string): Promise<readonly AssetKey[]> {
    const keys: AssetKey[] = [];
    for (const database of await this.databases()) {
      for (const { Name, Parameters, StorageDescriptor } of await this.tables(database)) {
        const key = `${database}/${Name ?? ""}`;
        const isOurs = StorageDescriptor?.Location?.startsWith(prefix) === true;
        if (isOurs && Parameters?.[pointer] !== undefined && isAssetKey(key)) keys.push(key);
      }
    }
    return keys;
  }

  async createTable(database: string, table: TableInput): Promise<void> {
    const { CreateTableCommand } = await import("../aws-sdk/glue.ts");
    await (
      await this.#clients.glue()
    ).send(new CreateTableCommand({ DatabaseName: database, TableInput: table }));
  }

  /** Takes a table out of the catalog; its files stay. Does nothing when there is none. */
  async deleteTable(database: string, name: string): Promise<void> {
    const { DeleteTableCommand } = await import("../aws-sdk/glue.ts");
    try {
      await (await this.#clients.glue()).send(new DeleteTableCommand({ DatabaseName: database, Name: name }));
    } catch (error) {
      if (!isMissing(error)) throw error;
    }
  }

  /**
   * Commits changes of metadata without Athena, as every Iceberg client does it on Glue: a new document, then the
   * pointer to it, on condition that nobody has moved it meanwhile (`VersionId`).
   *
   * @throws FailureError `commit-conflict` when somebody has
   */
  async commit(key: AssetKey, base: GlueTable, updates: readonly Update[], now: Date): Promise<void> {
    const metadata = applyUpdates(base.metadata, updates, {
      nowMs: now.getTime(),
      previousFile: base.metadataFile,
    });
    const file = joinS3(base.metadata.location, "metadata", nextMetadataFileName(base.metadataFile));
    await this.#objects.writeText(file, metadataText(metadata));
    try {
      await this.#point(key, base, file);
    } catch (error) {
      // The answer may have been lost after the pointer moved.
      const present = (await this.findTable(splitKey(key).namespace, splitKey(key).table))?.Parameters?.[
        pointer
      ];
      if (present === file) return;
      await this.#objects.delete(file);
      if (error instanceof Error && error.name === "ConcurrentModificationException") {
        fail(
          {
            reason: "commit-conflict",
            message: "another writer committed first",
            where: key,
            retryable: true,
          },
          error,
        );
      }
      throw error;
    }
  }

  async #point(key: AssetKey, { table, metadataFile }: GlueTable, file: string): Promise<void> {
    const { UpdateTableCommand } = await import("../aws-sdk/glue.ts");
    const { Name, Description, Owner, Retention, StorageDescriptor, PartitionKeys, TableType } = table;
    const input: TableInput = {
      Name,
      Description,
      Owner,
      Retention,
      StorageDescriptor,
      PartitionKeys,
      TableType,
      Parameters: { ...table.Parameters, [pointer]: file, [previousPointer]: metadataFile },
    };
    await (
      await this.#clients.glue()
    ).send(
      new UpdateTableCommand({
        DatabaseName: splitKey(key).namespace,
        TableInput: input,
        VersionId: table.VersionId,
        SkipArchive: true,
      }),
    );
  }

  async #document(file: string): Promise<TableMetadata> {
    const known = this.#documents.get(file);
    if (known !== undefined) return known;
    let text: string;
    try {
      text = await this.#objects.readText(file);
    } catch (error) {
      if (!(error instanceof Error && (error.name === "NoSuchKey" || error.name === "NotFound"))) throw error;
      return fail(
        {
          reason: "lake-unreadable",
          message: "a table's metadata file is missing",
          where: file,
          next: "restore it from the bucket's versions or a backup, or drop the table in Glue and materialize it anew",
          retryable: false,
        },
        error,
      );
    }
    const metadata = parseMetadata(text, file);
    if (this.#documents.size >= maxCached) this.#documents.delete(this.#documents.keys().next().value ?? "");
    this.#documents.set(file, metadata);
    return metadata;
  }
}

/** Whether Glue says that a database or table is not there. */
function isMissing(error: unknown): boolean {
  return error instanceof Error && error.name === "EntityNotFoundException";
}
