import { instance, nextNumber } from "./database.ts";
import type { Cell, SandboxDatabase } from "./database.ts";
import { recordId } from "./record-id.ts";
import { findUserField, organizationFields } from "./user-fields.ts";
import type { SandboxField } from "./user-fields.ts";

const keptResultSets = 50;
// Above every number of a locator's result set, so that those of jobs are never among the oldest and stay with their job.
const jobNumber = Number.MAX_SAFE_INTEGER;

/** The rows of an answer by number, in order, with the fields to show: what a locator or a Bulk job leads to. */
export interface ResultSet {
  readonly object: "User" | "Organization";
  readonly fields: readonly SandboxField[];
  readonly rows: Uint32Array;
}

/** Keeps an answer for the locator that it returns; the newest 50 stay. */
export function keepForLocator(db: SandboxDatabase, results: ResultSet): string {
  const number = nextNumber(db, "result-set-number");
  const id = recordId("01g", instance, number);
  insert(db, id, number, results);
  db.prepare("DELETE FROM result_set WHERE number <= ?").run(number - keptResultSets);
  return id;
}

/** Keeps the answer of a Bulk job for as long as the job. */
export function keepForJob(db: SandboxDatabase, jobId: string, results: ResultSet): void {
  insert(db, jobId, jobNumber, results);
}

function insert(db: SandboxDatabase, id: string, number: number, { object, fields, rows }: ResultSet): void {
  const names = JSON.stringify(fields.map((field) => field.name));
  const bytes = Buffer.from(rows.buffer, rows.byteOffset, rows.byteLength);
  db.prepare("INSERT INTO result_set VALUES (?, ?, ?, ?, ?)").run(id, number, object, names, bytes);
}

/** The answer of a locator or a job; undefined when there is none or no longer. */
export function readResults(db: SandboxDatabase, id: string): ResultSet | undefined {
  const stored = db
    .prepare<[string], { object: ResultSet["object"]; fields: string; rows: Buffer }>(
      "SELECT object, fields, rows FROM result_set WHERE id = ?",
    )
    .get(id);
  if (stored === undefined) return undefined;
  const { object } = stored;
  const fields = (JSON.parse(stored.fields) as string[]).flatMap((name) => {
    const isUser = object === "User";
    return (isUser ? findUserField(name) : organizationFields.find((field) => field.name === name)) ?? [];
  });
  return { object, fields, rows: new Uint32Array(Uint8Array.from(stored.rows).buffer) };
}

/** Forgets the answer of a job. */
export function dropResults(db: SandboxDatabase, id: string): void {
  db.prepare("DELETE FROM result_set WHERE id = ?").run(id);
}

/** How many rows an answer has. */
export function countResults(db: SandboxDatabase, id: string): number {
  const bytes = db.prepare("SELECT length(rows) FROM result_set WHERE id = ?").pluck().get(id) as
    | number
    | undefined;
  return (bytes ?? 0) / Uint32Array.BYTES_PER_ELEMENT;
}

/** The cells of the rows `from` to `to` (exclusive) by field name, as they are now; rows that vanished since are left out. */
export function readRecords(
  db: SandboxDatabase,
  results: ResultSet,
  from: number,
  to: number,
): readonly Readonly<Record<string, Cell>>[] {
  const names = new Set(["Id", ...results.fields.flatMap((field) => columnsOf(field))]);
  const columns = [...names].map((name) => `"${name}"`).join(", ");
  const read = db.prepare<[number], Record<string, Cell>>(
    `SELECT ${columns} FROM "${results.object}" WHERE number = ?`,
  );
  const found: Record<string, Cell>[] = [];
  for (const number of results.rows.subarray(from, to)) {
    const row = read.get(number);
    if (row !== undefined) found.push(row);
  }
  return found;
}

/** The fields that the compound `Address` shows. */
export const addressParts = [
  "Street",
  "City",
  "State",
  "PostalCode",
  "Country",
  "Latitude",
  "Longitude",
  "GeocodeAccuracy",
];

function columnsOf(field: SandboxField): readonly string[] {
  return field.type === "address" ? addressParts : [field.name];
}
