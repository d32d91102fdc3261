import { mkdirSync } from "node:fs";
import { dirname } from "node:path";
import Database from "better-sqlite3";
import { FailureError } from "../../event/failure.ts";
import { displayName, type TableIdentifier } from "./location.ts";

/** What is in the way of opening the file; that another process holds it, or that the disk is full, is told elsewhere. */
const unusable = /^(SQLITE_(NOTADB|CORRUPT|CANTOPEN|READONLY|PERM)|E(EXIST|NOTDIR|ACCES|PERM|ROFS)$)/;

function unreadable(path: string, error: unknown): unknown {
  const code = error instanceof Error && "code" in error ? String(error.code) : "";
  if (!unusable.test(code)) return error;
  return new FailureError(
    {
      reason: "lake-unreadable",
      message: "the lake's catalog can't be opened",
      expected: "a SQLite database in a folder that this user can write to",
      got: error instanceof Error ? error.message : String(error),
      where: path,
      next: "restore the lake's folder from a backup; or move it away, and the next run reads everything once more",
      retryable: false,
    },
    { cause: error },
  );
}

/** The tables and names of Iceberg's JDBC catalogs, so that tools which open such a catalog directly read ours as well; and one of our own. */
const schema = `
  CREATE TABLE IF NOT EXISTS iceberg_tables (
    catalog_name VARCHAR(255) NOT NULL,
    table_namespace VARCHAR(255) NOT NULL,
    table_name VARCHAR(255) NOT NULL,
    metadata_location VARCHAR(1000),
    previous_metadata_location VARCHAR(1000),
    iceberg_type VARCHAR(5),
    PRIMARY KEY (catalog_name, table_namespace, table_name)
  );
  CREATE TABLE IF NOT EXISTS iceberg_namespace_properties (
    catalog_name VARCHAR(255) NOT NULL,
    namespace VARCHAR(255) NOT NULL,
    property_key VARCHAR(255),
    property_value VARCHAR(1000),
    PRIMARY KEY (catalog_name, namespace, property_key)
  );
  CREATE TABLE IF NOT EXISTS moraine_lake (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    folder TEXT NOT NULL
  );
`;

const catalogName = "lake";
/** JDBC catalogs keep a namespace as its properties, and this one when it has no other. */
const existsProperty = "exists";
/** How long a commit waits for another process's, milliseconds. */
const busyTimeoutMs = 30_000;

/**
 * Which metadata file is each table's present one: the only mutable thing in the lake. Synchronous; several
 * processes may hold the same file.
 */
export class Pointers {
  private readonly database: Database.Database;
  private readonly statements = new Map<string, Database.Statement>();

  /** Makes the file when it is missing. @throws FailureError `lake-unreadable` when it or its folder is something else */
  constructor(path: string) {
    try {
      mkdirSync(dirname(path), { recursive: true });
      this.database = new Database(path, { timeout: busyTimeoutMs });
    } catch (error) {
      throw unreadable(path, error);
    }
    try {
      this.database.pragma("journal_mode = WAL");
      // A commit that was acknowledged must survive a power cut: the table's history hangs on it.
      this.database.pragma("synchronous = FULL");
      this.database.exec(schema);
    } catch (error) {
      this.database.close();
      throw unreadable(path, error);
    }
  }

  /** Runs `work` as the only writer; all of its changes or none. */
  exclusively<T>(work: () => T): T {
    return this.database.transaction(work).immediate();
  }

  /** The folder in which the lake was made; `ask` tells it where nothing is recorded yet. */
  folder(ask: () => string): string {
    const recorded = () => this.all("SELECT folder FROM moraine_lake")[0]?.["folder"];
    const known = recorded();
    if (known !== undefined) return known;
    return this.exclusively(() => {
      this.run("INSERT INTO moraine_lake VALUES (1, ?) ON CONFLICT DO NOTHING", ask());
      return recorded() ?? "";
    });
  }

  /** The metadata file of every table. */
  metadataFiles(): readonly string[] {
    return this.all("SELECT metadata_location AS file FROM iceberg_tables").map((row) => row["file"] ?? "");
  }

  namespaces(): readonly string[] {
    return this.all(
      `SELECT namespace AS name FROM iceberg_namespace_properties WHERE catalog_name = ?
       UNION SELECT table_namespace FROM iceberg_tables WHERE catalog_name = ? ORDER BY 1`,
      catalogName,
      catalogName,
    ).map((row) => row["name"] ?? "");
  }

  hasNamespace(namespace: string): boolean {
    return this.namespaces().includes(namespace);
  }

  namespaceProperties(namespace: string): Readonly<Record<string, string>> {
    const rows = this.all(
      `SELECT property_key AS key, property_value AS value FROM iceberg_namespace_properties
       WHERE catalog_name = ? AND namespace = ? AND property_key <> ? ORDER BY 1`,
      catalogName,
      namespace,
      existsProperty,
    );
    return Object.fromEntries(rows.map((row) => [row["key"] ?? "", row["value"] ?? ""]));
  }

  /** Makes the namespace when it is missing; keeps the properties that are not named. */
  putNamespace(namespace: string, properties: Readonly<Record<string, string>>): void {
    for (const [key, value] of [[existsProperty, "true"], ...Object.entries(properties)]) {
      this.run(
        `INSERT INTO iceberg_namespace_properties VALUES (?, ?, ?, ?)
         ON CONFLICT DO UPDATE SET property_value = excluded.property_value`,
        catalogName,
        namespace,
        key,
        value,
      );
    }
  }

  removeNamespaceProperty(namespace: string, property: string): void {
    this.run(
      "DELETE FROM iceberg_namespace_properties WHERE catalog_name = ? AND namespace = ? AND property_key = ?",
      catalogName,
      namespace,
      property,
    );
  }

  removeNamespace(namespace: string): void {
    this.run(
      "DELETE FROM iceberg_namespace_properties WHERE catalog_name = ? AND namespace = ?",
      catalogName,
      namespace,
    );
  }

  /** In order of their names. */
  tables(namespace: string): readonly TableIdentifier[] {
    return this.all(
      "SELECT table_name AS name FROM iceberg_tables WHERE catalog_name = ? AND table_namespace = ? ORDER BY 1",
      catalogName,
      namespace,
    ).map((row) => ({ namespace, name: row["name"] ?? "" }));
  }

  /** The table's metadata file; undefined when there is no such table. */
  metadataFile(table: TableIdentifier): string | undefined {
    return this.all(
      `SELECT metadata_location AS location FROM iceberg_tables
       WHERE catalog_name = ? AND table_namespace = ? AND table_name = ?`,
      catalogName,
      table.namespace,
      table.name,
    )[0]?.["location"];
  }

  addTable(table: TableIdentifier, metadataFile: string): void {
    this.run(
      `INSERT INTO iceberg_tables (catalog_name, table_namespace, table_name, metadata_location, iceberg_type)
       VALUES (?, ?, ?, ?, 'TABLE')`,
      catalogName,
      table.namespace,
      table.name,
      metadataFile,
    );
  }

  /** Moves the pointer; `from` must be where it is. */
  moveTable(table: TableIdentifier, from: string, to: string): void {
    const changed = this.run(
      `UPDATE iceberg_tables SET metadata_location = ?, previous_metadata_location = ?
       WHERE catalog_name = ? AND table_namespace = ? AND table_name = ? AND metadata_location = ?`,
      to,
      from,
      catalogName,
      table.namespace,
      table.name,
      from,
    );
    if (changed !== 1) {
      throw new Error(
        `Internal error: expected ${displayName(table)} at ${from}, got ${this.metadataFile(table)}`,
      );
    }
  }

  renameTable(from: TableIdentifier, to: TableIdentifier): void {
    this.run(
      `UPDATE iceberg_tables SET table_namespace = ?, table_name = ?
       WHERE catalog_name = ? AND table_namespace = ? AND table_name = ?`,
      to.namespace,
      to.name,
      catalogName,
      from.namespace,
      from.name,
    );
  }

  removeTable(table: TableIdentifier): void {
    this.run(
      "DELETE FROM iceberg_tables WHERE catalog_name = ? AND table_namespace = ? AND table_name = ?",
      catalogName,
      table.namespace,
      table.name,
    );
  }

  close(): void {
    this.database.close();
  }

  /** All queries select text columns only. */
  private all(sql: string, ...values: readonly string[]): readonly Record<string, string>[] {
    return this.prepared(sql).all(...values) as Record<string, string>[];
  }

  private run(sql: string, ...values: readonly (string | undefined)[]): number {
    return this.prepared(sql).run(...values).changes;
  }

  private prepared(sql: string): Database.Statement {
    const known = this.statements.get(sql);
    if (known !== undefined) return known;
    const statement = this.database.prepare(sql);
    this.statements.set(sql, statement);
    return statement;
  }
}
