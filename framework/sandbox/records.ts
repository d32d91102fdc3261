import { ControlError } from "./control-error.ts";
import { readNow, writeNow } from "./database.ts";
import type { Cell, SandboxDatabase } from "./database.ts";
import { userIdOf } from "./people.ts";
import { longId } from "./record-id.ts";
import { nextUserNumber } from "./seed.ts";
import { parseDatetime } from "./soql/date-literals.ts";
import { findUserField, isStored } from "./user-fields.ts";
import type { SandboxField } from "./user-fields.ts";

type Row = Record<string, Cell>;

/**
 * Writes users by `Id`, or by `Username` when there is none: known ones change in the named fields, others are added with
 * plausible values for the rest. Stamps may be given; those that are not are the sandbox's now, and having used it the clock
 * moves on by a second, so that no two writes share a stamp. All or nothing.
 *
 * @returns the ids, in the order of the records.
 * @throws ControlError for an unknown field, a value of the wrong type, or a Username that another user has.
 */
export function upsertRecords(
  db: SandboxDatabase,
  records: readonly Readonly<Record<string, unknown>>[],
): string[] {
  const rows = records.map((record, index) => readRecord(record, index));
  return db
    .transaction(() => {
      const now = readNow(db);
      const ids = rows.map((row) => upsertOne(db, row, now));
      if (rows.some((row) => row["SystemModstamp"] === undefined)) writeNow(db, now + 1);
      return ids;
    })
    .immediate();
}

/** Takes a user out of every query, as no Salesforce does with users but sharing rules and mistakes do. */
export function deleteRecord(db: SandboxDatabase, id: string): boolean {
  return db.prepare(`DELETE FROM "User" WHERE Id = ?`).run(longId(id) ?? id).changes === 1;
}

function readRecord(record: Readonly<Record<string, unknown>>, index: number): Row {
  const row: Row = {};
  for (const [name, value] of Object.entries(record)) {
    if (name === "attributes") continue; // A record as a query gave it may be sent back.
    const field = findUserField(name);
    if (field === undefined || !isStored(field)) {
      const why = field === undefined ? "no field of User" : "made from other fields and cannot be written";
      throw new ControlError(`records[${index}]: "${name}" is ${why}`);
    }
    row[field.name] = readCell(field, value, `records[${index}].${field.name}`);
  }
  return row;
}

function readCell(field: SandboxField, value: unknown, where: string): Cell {
  const expected = (what: string): never => {
    throw new ControlError(`${where}: expected ${what}, got ${JSON.stringify(value)}`);
  };
  if (value === null) return field.nillable ? null : expected("a value, the field is not nillable");
  if (field.type === "boolean") return typeof value === "boolean" ? Number(value) : expected("true or false");
  if (field.type === "int" || field.type === "double")
    return typeof value === "number" ? value : expected("a number");
  if (typeof value !== "string") return expected("text");
  if (field.type === "datetime") {
    const seconds = parseDatetime(value);
    return seconds === undefined ? expected("a datetime such as 2026-01-02T03:04:05Z") : Math.floor(seconds);
  }
  if (field.type === "id" || field.type === "reference") {
    return longId(value) ?? expected("a record id of 15 or 18 characters");
  }
  return value.length <= field.length ? value : expected(`at most ${field.length} characters`);
}

function upsertOne(db: SandboxDatabase, row: Row, now: number): string {
  const known = findKnown(db, row);
  const written = { ...stamps(row, now), ...(known === undefined ? newcomer(db, row, now) : {}), ...row };
  if (row["Name"] === undefined && (known === undefined || "FirstName" in row || "LastName" in row)) {
    const parts = { ...known, ...written };
    written["Name"] = [parts["FirstName"], parts["LastName"]].filter(Boolean).join(" ");
  }
  refuseTakenUsername(db, row["Username"], String(known?.["Id"] ?? written["Id"]));
  const names = Object.keys(written);
  const values = Object.values(written);
  if (known === undefined) {
    const marks = names.map(() => "?").join(", ");
    db.prepare(`INSERT INTO "User" (${names.map(quote).join(", ")}) VALUES (${marks})`).run(...values);
  } else {
    const assignments = names.map((name) => `${quote(name)} = ?`).join(", ");
    db.prepare(`UPDATE "User" SET ${assignments} WHERE Id = ?`).run(...values, known["Id"] ?? null);
  }
  return String(written["Id"] ?? known?.["Id"]);
}

function refuseTakenUsername(db: SandboxDatabase, username: Cell | undefined, id: string): void {
  if (username === undefined) return;
  const owner = findKnown(db, { Username: username })?.["Id"];
  if (owner !== undefined && owner !== id) {
    throw new ControlError(
      `the Username ${JSON.stringify(username)} belongs to ${owner}, a user's Username is unique`,
    );
  }
}

const quote = (name: string): string => `"${name}"`;

function findKnown(db: SandboxDatabase, row: Row): Row | undefined {
  const column = row["Id"] === undefined ? "Username" : "Id";
  return db
    .prepare<[Cell], Row>(
      `SELECT Id, FirstName, LastName FROM "User" WHERE ${column} = ? COLLATE ${column === "Id" ? "BINARY" : "NOCASE"}`,
    )
    .get(row[column] ?? null);
}

/** LastModifiedDate never lies after SystemModstamp unless the caller insists. */
function stamps(row: Row, now: number): Row {
  const modified = row["LastModifiedDate"] as number | undefined;
  const stamp = (row["SystemModstamp"] as number | undefined) ?? Math.max(now, modified ?? now);
  return { LastModifiedDate: modified ?? Math.min(now, stamp), SystemModstamp: stamp };
}

function newcomer(db: SandboxDatabase, row: Row, now: number): Row {
  const number = nextUserNumber(db);
  const username = String(row["Username"] ?? `user.${number.toString(36)}@moraine.example`);
  const nickname = username.split("@")[0] ?? username;
  return {
    Id: userIdOf(number),
    Username: username,
    LastName: nickname,
    Email: username,
    Alias: nickname.slice(0, 8),
    CommunityNickname: nickname.slice(0, 40),
    EmployeeNumber: `E${String(number).padStart(8, "0")}`,
    CreatedDate: Math.min(
      now,
      ...["LastModifiedDate", "SystemModstamp"].map((name) => Number(row[name] ?? now)),
    ),
  };
}
