import { expect, onTestFinished, test } from "vitest";

import { openDatabase } from "../../framework/sandbox/database.ts";
import { advanceDays } from "../../framework/sandbox/advance.ts";
import { seedUsers } from "../../framework/sandbox/seed.ts";
import { upsertRecords } from "../../framework/sandbox/records.ts";
import { auditPhases, divisions } from "../../framework/sandbox/sandbox.ts";
import { withChecksum } from "../../framework/sandbox/record-id.ts";
import { hashJson } from "../../framework/util/hash.ts";
import type { Json } from "../../framework/util/hash.ts";
import { temporaryFile } from "./rig.ts";

type Row = Record<string, string | number | null>;

function organization(options: { readonly users?: number; readonly seed?: number } = {}) {
  const db = openDatabase(temporaryFile());
  onTestFinished(() => void db.close());
  seedUsers(db, options);
  const rows = (): Row[] => db.prepare<[], Row>(`SELECT * FROM "User" ORDER BY number`).all();
  return { db, rows, byId: () => new Map(rows().map((row) => [String(row["Id"]), row])) };
}

test("the same seed makes the same people on every machine", () => {
  const { rows } = organization();
  expect(rows()[0]).toMatchObject({ Id: "005Qy0000000MEQIA2" });
  expect(hashJson(rows() as Json)).toBe("6009a26d6dba894d83ccbb26fab98fbb9b3d0555eab0aaf38d5bd95fc8535c77");
  expect(organization({ seed: 7 }).rows()[0]?.["Id"]).not.toBe(rows()[0]?.["Id"]);
});

test("2,000 people are plausible, and the awkward ones are among them", () => {
  const rows = organization().rows();
  const count = (isCounted: (row: Row) => boolean): number => rows.filter(isCounted).length;
  expect(rows).toHaveLength(2_000);
  for (const unique of ["Id", "Username", "Email", "EmployeeNumber", "CommunityNickname"]) {
    expect([unique, new Set(rows.map((row) => row[unique])).size]).toEqual([unique, 2_000]);
  }
  for (const division of [...divisions, "N/A", null, ""]) {
    expect([division, count((row) => row["Division"] === division) >= 5]).toEqual([division, true]);
  }
  expect(count((row) => !divisions.some((each) => each === row["Division"]))).toBeLessThan(80);
  for (const phase of [...auditPhases, null])
    expect(count((row) => row["Audit_Phase__c"] === phase)).toBeGreaterThan(100);
  expect(count((row) => row["IsActive"] === 0)).toBeGreaterThan(40);
  expect(count((row) => /[\u0370-\uffff]/.test(String(row["Name"])))).toBeGreaterThan(100);
  const ids = new Set(rows.map((row) => String(row["Id"])));
  for (const row of rows) {
    const [created, modified, stamp] = [
      row["CreatedDate"],
      row["LastModifiedDate"],
      row["SystemModstamp"],
    ].map(Number);
    expect(created).toBeLessThanOrEqual(modified ?? 0);
    expect(modified).toBeLessThanOrEqual(stamp ?? 0);
    expect(withChecksum(String(row["Id"]).slice(0, 15))).toBe(row["Id"]);
    expect(row["ManagerId"] === null || ids.has(String(row["ManagerId"]))).toBe(true);
    expect(String(row["Username"])).toMatch(/^[a-z]+\.[a-z]+\.[a-z0-9]+@moraine\.example$/);
  }
});

test("the checksum of an id is Salesforce's", () => {
  expect(withChecksum("001A0000006Vm9r")).toBe("001A0000006Vm9rIAC");
});

test("a small org has its awkward divisions as well, and an empty one can be seeded", () => {
  const found = organization({ users: 150 })
    .rows()
    .map((row) => row["Division"]);
  expect(found).toEqual(expect.arrayContaining(["N/A", null, ""]));
  expect(organization({ users: 0 }).rows()).toEqual([]);
});

test("a day changes about one user in a hundred, each once, and says how many", () => {
  const { db, byId } = organization();
  const before = byId();
  const counts = advanceDays(db, 1);
  const after = byId();
  const changed = (name: string): number =>
    [...before].filter(([id, row]) => row[name] !== after.get(id)?.[name]).length;
  const now = Date.UTC(2026, 0, 6, 18) / 1000;
  const touched = [...after.values()].filter((row) => Number(row["SystemModstamp"]) > now - 86_400);

  expect(counts).toMatchObject({ days: 1, now: "2026-01-06T18:00:00.000Z", moves: changed("Division") });
  expect(counts.phases).toBe(changed("Audit_Phase__c"));
  expect(counts.titles).toBe(changed("Title"));
  expect(counts.names).toBe(changed("LastName"));
  expect(counts.deactivations + counts.reactivations).toBe(changed("IsActive"));
  expect(counts.hires).toBe(after.size - before.size);
  const { days: _days, now: _now, ...kinds } = counts;
  expect(Object.values(kinds).every((count) => count > 0)).toBe(true);
  expect(touched).toHaveLength(Object.values(kinds).reduce((sum, count) => sum + count, 0));
  expect(touched.length).toBeGreaterThan(15);
  expect(touched.length).toBeLessThan(40);
  for (const row of touched) {
    const hour = (Number(row["SystemModstamp"]) % 86_400) / 3600;
    expect(hour >= 8 && hour <= 17).toBe(true);
    expect(row["LastModifiedDate"]).toBe(row["SystemModstamp"]);
  }
});

test("days depend on seed and date alone, taken one by one or together", () => {
  const [a, b, c] = [organization(), organization(), organization({ seed: 43 })];
  const together = advanceDays(a.db, 3);
  const moves = [1, 2, 3].map(() => advanceDays(b.db, 1).moves);
  expect(a.rows()).toEqual(b.rows());
  expect(together.moves).toBe(moves.reduce((sum, count) => sum + count, 0));
  advanceDays(c.db, 3);
  expect(c.rows()).not.toEqual(a.rows());
  expect(hashJson(a.rows() as Json)).toBe("697012915fb778fe6eb1dbb617010c3eb23914b802f67f91fb715f672f97c660");
});

test.each([
  "2026-03-01T00:00:00Z",
  "2026-03-01T03:30:00Z",
  "2026-03-01T08:05:00Z",
  "2026-03-01T12:00:00Z",
  "2026-03-01T23:59:59Z",
])("from %s every stamp of a day lies after the old now and ten minutes before the new", (start) => {
  const db = openDatabase(temporaryFile());
  onTestFinished(() => void db.close());
  const now = Date.parse(start) / 1000;
  seedUsers(db, { users: 300, now });
  advanceDays(db, 1);
  const stamps = db
    .prepare(`SELECT SystemModstamp FROM "User" WHERE SystemModstamp > ?`)
    .pluck()
    .all(now) as number[];
  expect(stamps.length).toBeGreaterThan(5);
  expect(Math.max(...stamps)).toBeLessThanOrEqual(now + 86_400 - 600);
  const { older } = db
    .prepare(`SELECT max(SystemModstamp) AS older FROM "User" WHERE SystemModstamp <= ?`)
    .get(now) as { older: number };
  expect(older).toBeLessThanOrEqual(now - 600);
});

test("a day passes in an org that is nearly empty", () => {
  const { db, rows } = organization({ users: 0 });
  expect(advanceDays(db, 1)).toMatchObject({ hires: 1, moves: 0, reactivations: 0 });
  upsertRecords(db, [{ Username: "gone@x.example", IsActive: false }]);
  advanceDays(db, 30);
  expect(rows().length).toBeGreaterThan(20);
});
