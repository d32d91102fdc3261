import { chmodSync, closeSync, mkdirSync, openSync } from "node:fs";
import { dirname } from "node:path";

import Database from "better-sqlite3";

import { fail } from "../event/failure.ts";
import { recordId } from "./record-id.ts";
import { isStored, organizationFields, userFields } from "./user-fields.ts";
import type { SandboxField } from "./user-fields.ts";

/** The sandbox's one file, open; several processes may have it open at once. */
export type SandboxDatabase = Database.Database;

/** What a column holds: datetimes are seconds since 1970, booleans 0 or 1. */
export type Cell = string | number | null;

/** Three characters of every id that say which instance of Salesforce made it. */
export const instance = "Qy0";

/** The org's id, and the one it shows after `org-changed`. */
export const organizationId = recordId("00D", instance, 1);
export const changedOrganizationId = recordId("00D", instance, 2);

/** The user that every session belongs to. */
export const integrationUserId = recordId("005", instance, 1);

/** 2026-01-05 18:00 UTC, a Monday evening: where a fresh sandbox's clock stands, so that demos repeat. */
export const defaultNow = Date.UTC(2026, 0, 5, 18) / 1000;

const schemaNumber = 1;

function columnOf(field: SandboxField): string {
  const kind = { boolean: "INTEGER", datetime: "INTEGER", int: "INTEGER", double: "REAL" }[
    field.type as "int"
  ] as string | undefined;
  const name = `"${field.name}" ${kind ?? "TEXT"}`;
  if (field.formula !== undefined) return `${name} GENERATED ALWAYS AS (${field.formula}) VIRTUAL`;
  if (field.defaultValue === null) return name;
  return `${name} DEFAULT ${typeof field.defaultValue === "number" ? field.defaultValue : `'${field.defaultValue}'`}`;
}

function tableOf(name: string, fields: readonly SandboxField[]): string {
  const columns = fields.filter((field) => isStored(field) || field.formula !== undefined).map(columnOf);
  return `CREATE TABLE "${name}" (number INTEGER PRIMARY KEY, ${columns.join(", ")}) STRICT;`;
}

/** Dropped while a million rows are written, made again after: several times faster than keeping them up. */
export const userIndexes = {
  drop: `DROP INDEX IF EXISTS user_id; DROP INDEX IF EXISTS user_username; DROP INDEX IF EXISTS user_stamp;`,
  create: `CREATE UNIQUE INDEX user_id ON "User" (Id);
    CREATE UNIQUE INDEX user_username ON "User" (Username COLLATE NOCASE);
    CREATE INDEX user_stamp ON "User" (SystemModstamp);`,
} as const;

const schema = `
  ${tableOf("User", userFields)}
  ${userIndexes.create}
  ${tableOf("Organization", organizationFields)}
  CREATE TABLE setting (name TEXT PRIMARY KEY, value ANY) STRICT, WITHOUT ROWID;
  CREATE TABLE token (token TEXT PRIMARY KEY, kind TEXT NOT NULL, expires_at INTEGER NOT NULL, redirect_uri TEXT) STRICT;
  CREATE TABLE fault (id INTEGER PRIMARY KEY, kind TEXT NOT NULL, definition TEXT NOT NULL, after INTEGER NOT NULL, times INTEGER, fired INTEGER NOT NULL DEFAULT 0) STRICT;
  CREATE TABLE call (id INTEGER PRIMARY KEY, method TEXT NOT NULL, path TEXT NOT NULL, query TEXT NOT NULL, soql TEXT, status INTEGER, fault TEXT, at INTEGER NOT NULL) STRICT;
  CREATE TABLE api_usage (day TEXT PRIMARY KEY, calls INTEGER NOT NULL, jobs INTEGER NOT NULL) STRICT;
  CREATE TABLE result_set (id TEXT PRIMARY KEY, number INTEGER NOT NULL, object TEXT NOT NULL, fields TEXT NOT NULL, rows BLOB NOT NULL) STRICT;
  CREATE TABLE job (id TEXT PRIMARY KEY, number INTEGER NOT NULL, state TEXT NOT NULL, definition TEXT NOT NULL, error TEXT) STRICT;
  CREATE TABLE server (url TEXT PRIMARY KEY, process_id INTEGER NOT NULL, started_at INTEGER NOT NULL) STRICT;
`;

/** What can be worked out again; made in files that have none. */
const cacheSchema = `
  CREATE TABLE IF NOT EXISTS parsed_query (form TEXT PRIMARY KEY, parser TEXT NOT NULL, query TEXT NOT NULL) STRICT;
`;

/**
 * Opens the sandbox's file and makes it on first use, readable by its owner alone because it holds the private key.
 *
 * @throws FailureError `lake-unreadable` when the file is not a sandbox of this program.
 */
export function openDatabase(path: string): SandboxDatabase {
  mkdirSync(dirname(path), { recursive: true });
  closeSync(openSync(path, "a", 0o600));
  chmodSync(path, 0o600);
  const db = new Database(path, { timeout: 30_000 });
  try {
    db.pragma("journal_mode = WAL");
    db.pragma("synchronous = NORMAL");
    db.function("fold", { deterministic: true }, (text: unknown) =>
      typeof text === "string" ? text.toLowerCase() : text,
    );
    // Looked at again under the lock: two processes may both have found an empty file.
    if (readSchemaNumber(db) !== schemaNumber) db.transaction(() => prepareSchema(db, path)).immediate();
    db.exec(cacheSchema);
    return db;
  } catch (error) {
    db.close();
    if (error instanceof Database.SqliteError && /NOTADB|CORRUPT/.test(error.code))
      refuse(path, error.message);
    throw error;
  }
}

const readSchemaNumber = (db: SandboxDatabase): number =>
  db.pragma("user_version", { simple: true }) as number;

function prepareSchema(db: SandboxDatabase, path: string): void {
  const found = readSchemaNumber(db);
  if (found === schemaNumber) return;
  if (found !== 0) refuse(path, `a file of schema ${found}`);
  db.exec(schema);
  db.prepare(
    `INSERT INTO "Organization" (Id, Name, InstanceName, OrganizationType, IsSandbox, CreatedDate, LastModifiedDate, SystemModstamp)
     VALUES (?, 'Moraine Audit', 'LOCAL', 'Developer Edition', 1, ?, ?, ?)`,
  ).run(organizationId, defaultNow, defaultNow, defaultNow);
  writeSetting(db, "now", defaultNow);
  db.pragma(`user_version = ${schemaNumber}`);
}

function refuse(path: string, got: string): never {
  return fail({
    reason: "lake-unreadable",
    message: "The sandbox's file cannot be read",
    retryable: false,
    expected: `a sandbox database of schema ${schemaNumber}`,
    got,
    where: path,
    next: "Delete that file; the next start makes a new org",
  });
}

/** One of the values that stand alone: clock, seed, credentials, counters. */
export function readSetting(db: SandboxDatabase, name: string): Cell | undefined {
  return db.prepare("SELECT value FROM setting WHERE name = ?").pluck().get(name) as Cell | undefined;
}

/** Sets such a value. */
export function writeSetting(db: SandboxDatabase, name: string, value: Cell): void {
  db.prepare("INSERT INTO setting VALUES (?, ?) ON CONFLICT DO UPDATE SET value = excluded.value").run(
    name,
    value,
  );
}

/** Counts one up from 1 under a name; never gives a number twice. */
export function nextNumber(db: SandboxDatabase, name: string): number {
  return db
    .prepare("INSERT INTO setting VALUES (?, 1) ON CONFLICT DO UPDATE SET value = value + 1 RETURNING value")
    .pluck()
    .get(name) as number;
}

/** The sandbox's own time, seconds since 1970. */
export function readNow(db: SandboxDatabase): number {
  return readSetting(db, "now") as number;
}

/** Puts the sandbox's clock somewhere, also back. */
export function writeNow(db: SandboxDatabase, seconds: number): void {
  writeSetting(db, "now", seconds);
}
