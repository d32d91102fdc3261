import { beforeAll, describe, expect, test } from "vitest";

import { startSandbox } from "../../framework/sandbox/sandbox.ts";
import type { Sandbox } from "../../framework/sandbox/sandbox.ts";
import { connect, control, serve } from "./rig.ts";
import type { Client } from "./rig.ts";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const now = "2026-03-18T12:00:00Z"; // A Wednesday.
const people = [
  {
    LastName: "a",
    Division: "Finance",
    IsActive: true,
    SystemModstamp: "2026-03-18T00:00:00Z",
    NumberOfFailedLogins: 3,
  },
  { LastName: "b", Division: "FINANCE", IsActive: false, SystemModstamp: "2026-03-17T23:59:59Z" },
  { LastName: "c", Division: "Økonomi", IsActive: true, SystemModstamp: "2026-03-15T00:00:00Z" },
  { LastName: "d", Division: null, IsActive: true, SystemModstamp: "2026-03-01T00:00:00Z" },
  { LastName: "e", Division: "", IsActive: true, SystemModstamp: "2026-01-01T00:00:00Z" },
  { LastName: "f", Division: "NA", IsActive: false, SystemModstamp: "2025-12-31T23:59:59Z" },
  { LastName: "g", Division: "50%_o'ff\\", IsActive: true, SystemModstamp: "2025-03-18T12:00:00Z" },
].map((person) => ({
  ...person,
  LastModifiedDate: person.SystemModstamp,
  Username: `${person.LastName}@x.example`,
}));

let sandbox: Sandbox;
let client: Client;
beforeAll(async () => {
  const dir = mkdtempSync(join(tmpdir(), "moraine-soql-"));
  sandbox = await startSandbox({ dbPath: join(dir, "sandbox.db"), users: 0 });
  await control(sandbox, "POST", "records", { records: people });
  await control(sandbox, "POST", "clock", { now });
  client = await connect(sandbox);
  return async () => {
    await sandbox.close();
    rmSync(dir, { recursive: true });
  };
});

const cases: readonly (readonly [string, string])[] = [
  ["Division = 'finance'", "ab"],
  ["Division = 'øKONOMI'", "c"],
  ["Division != 'Finance'", "cdefg"],
  ["Division = null", "de"],
  ["Division = ''", "de"],
  ["Division != null", "abcfg"],
  ["Division IN ('Finance', 'NA')", "abf"],
  ["Division IN ('Finance', null)", "abde"],
  ["Division NOT IN ('Finance', 'NA')", "cdeg"],
  ["NOT Division IN ('Finance', 'NA')", "cdeg"],
  ["Division > 'finance'", "cf"],
  ["Division >= 'FINANCE' AND IsActive = true", "ac"],
  ["(NOT Division > 'finance')", "abdeg"],
  ["Division LIKE 'fin%'", "ab"],
  ["Division LIKE '_A'", "f"],
  [String.raw`Division LIKE '50\%\_%'`, "g"],
  [String.raw`Division = '50%_o\'ff\\'`, "g"],
  [String.raw`Division = '\u00d8konomi'`, "c"],
  ["NOT Division LIKE 'f%'", "cdefg"],
  ["IsActive = false", "bf"],
  ["IsActive != TRUE", "bf"],
  ["(IsActive = true AND Division = null) OR Division = 'NA'", "def"],
  ["IsActive = true AND (Division = null OR Division = 'Finance')", "ade"],
  ["NOT (IsActive = true AND (Division = null OR Division = 'Finance'))", "bcfg"],
  ["(NOT IsActive = true) AND (NOT (Division = 'NA'))", "b"],
  ["NumberOfFailedLogins > 2", "a"],
  ["NumberOfFailedLogins < 2.5", "bcdefg"],
  ["SystemModstamp >= 2026-03-15T00:00:00Z AND SystemModstamp < 2026-03-18T00:00:00.000Z", "bc"],
  ["SystemModstamp = 2026-03-18T01:00:00+01:00", "a"],
  ["SystemModstamp = 2026-03-18T00:00:00.000+0000", "a"],
  ["SystemModstamp = TODAY", "a"],
  ["SystemModstamp < TODAY", "bcdefg"],
  ["SystemModstamp <= YESTERDAY", "bcdefg"],
  ["SystemModstamp > YESTERDAY", "a"],
  ["SystemModstamp >= YESTERDAY", "ab"],
  ["SystemModstamp != TODAY", "bcdefg"],
  ["SystemModstamp = LAST_N_DAYS:1", "ab"],
  ["SystemModstamp = N_DAYS_AGO:3", "c"],
  ["SystemModstamp = THIS_WEEK", "abc"],
  ["SystemModstamp = THIS_MONTH", "abcd"],
  ["SystemModstamp = THIS_QUARTER", "abcde"],
  ["SystemModstamp = LAST_QUARTER", "f"],
  ["SystemModstamp = LAST_YEAR", "fg"],
  ["SystemModstamp = LAST_90_DAYS", "abcdef"],
  ["SystemModstamp = LAST_N_MONTHS:3", "ef"],
  ["SystemModstamp = LAST_FISCAL_YEAR", "fg"],
  ["SystemModstamp = TOMORROW", ""],
  ["Name = 'A'", "a"],
  ["u.LastName = 'a' OR User.LastName = 'b'", "ab"],
];
describe("WHERE", () => {
  test.each(cases)("%s", async (where, expected) => {
    const from = where.includes("u.") ? "User u" : "User";
    const { json } = await client.query(`SELECT LastName FROM ${from} WHERE ${where} ORDER BY LastName`);
    const found = (json.records as { LastName: string }[] | undefined)
      ?.map((record) => record.LastName)
      .join("");
    expect(found ?? json).toBe(expected);
    expect((await client.query(`SELECT COUNT() FROM ${from} WHERE ${where}`)).json.totalSize).toBe(
      expected.length,
    );
  });
});

const orders: readonly (readonly [string, string])[] = [
  ["ORDER BY SystemModstamp", "gfedcba"],
  ["ORDER BY SystemModstamp DESC LIMIT 3", "abc"],
  ["ORDER BY SystemModstamp ASC LIMIT 2 OFFSET 1", "fe"],
  ["ORDER BY Division, LastName", "degabfc"],
  ["ORDER BY Division DESC NULLS LAST, LastName DESC", "cfbaged"],
  ["ORDER BY IsActive DESC, SystemModstamp", "gedcafb"],
];
test.each(orders)("%s", async (order, expected) => {
  expect((await client.ids(order)).join("")).toBe(expected);
});

test("counts and other aggregates have Salesforce's shapes", async () => {
  expect((await client.query("SELECT COUNT() FROM User")).json).toEqual({
    totalSize: 7,
    done: true,
    records: [],
  });
  const total = await client.query("SELECT COUNT(Id), COUNT(Division) filled, MAX(SystemModstamp) FROM User");
  expect(total.json.records).toEqual([
    { attributes: { type: "AggregateResult" }, expr0: 7, filled: 5, expr1: "2026-03-18T00:00:00.000+0000" },
  ]);
  const grouped = await client.query("SELECT IsActive, COUNT(Id) n FROM User GROUP BY IsActive");
  expect(grouped.json.records.map((row: { IsActive: boolean; n: number }) => [row.IsActive, row.n])).toEqual([
    [false, 2],
    [true, 5],
  ]);
});

test("a record carries its type, its address and values as REST writes them", async () => {
  const { json } = await client.query(
    "SELECT Id, name, Division, IsActive, NumberOfFailedLogins, SystemModstamp, Address FROM User WHERE LastName IN ('a', 'e') ORDER BY LastName",
  );
  const [a, e] = json.records;
  expect(a).toEqual({
    attributes: { type: "User", url: `/services/data/v60.0/sobjects/User/${a.Id}` },
    Id: a.Id,
    Name: "a",
    Division: "Finance",
    IsActive: true,
    NumberOfFailedLogins: 3,
    SystemModstamp: "2026-03-18T00:00:00.000+0000",
    Address: null,
  });
  expect(e.Division).toBe("");
});

const noColumn = (name: string): string =>
  `No such column '${name}' on entity 'User'. If you are attempting to use a custom field, be sure to append the '__c' after the custom field name. Please reference your WSDL or the describe call for the appropriate names.`;
const refused: readonly (readonly [string, string, string])[] = [
  [
    "SELECT Id, IsDeleted FROM User",
    "INVALID_FIELD",
    `\nSELECT Id, IsDeleted FROM User\n           ^\nERROR at Row:1:Column:12\n${noColumn("IsDeleted")}`,
  ],
  ["SELECT Id FROM User WHERE Nope = 1", "INVALID_FIELD", noColumn("Nope")],
  ["SELECT Id FROM User ORDER BY Nope", "INVALID_FIELD", noColumn("Nope")],
  [
    "SELECT Id, Manager.Name FROM User",
    "INVALID_FIELD",
    "Didn't understand relationship 'Manager' in field path.",
  ],
  ["SELECT Id FROM Nope", "INVALID_TYPE", "sObject type 'Nope' is not supported."],
  [
    "SELECT Id FROM User WHERE Division = 3",
    "INVALID_FIELD",
    "must be of type string and should be enclosed in quotes",
  ],
  ["SELECT Id FROM User WHERE IsActive = 'true'", "INVALID_FIELD", "must be of type boolean"],
  ["SELECT Id FROM User WHERE CreatedDate > '2026'", "INVALID_FIELD", "must be of type dateTime"],
  ["SELECT Id FROM User WHERE CreatedDate > 2026-01-01", "INVALID_FIELD", "must be of type dateTime"],
  ["SELECT Id FROM User WHERE IsActive > true", "INVALID_QUERY_FILTER_OPERATOR", "invalid operator"],
  ["SELECT Id FROM User WHERE IsActive LIKE 'a'", "INVALID_QUERY_FILTER_OPERATOR", "invalid operator"],
  ["SELECT Id FROM User WHERE Id = 'short'", "INVALID_QUERY_FILTER_OPERATOR", "invalid ID field: short"],
  [
    "SELECT Id FROM User WHERE Address = 'x'",
    "INVALID_FIELD",
    "field 'Address' can not be filtered in a query call",
  ],
  ["SELECT Id FRM User", "MALFORMED_QUERY", "unexpected token"],
  ["SELECT Id FROM User WHERE", "MALFORMED_QUERY", "unexpected token"],
  ["SELECT Id, Id FROM User", "MALFORMED_QUERY", "duplicate field selected: Id"],
  [
    "SELECT Id FROM User WHERE IsActive = true AND Division = 'a' OR Division = 'b'",
    "MALFORMED_QUERY",
    "unexpected token: 'OR'",
  ],
  ["SELECT FIELDS(ALL) FROM User", "MALFORMED_QUERY", "LIMIT of at most 200"],
  ["SELECT Id FROM User OFFSET 2001", "NUMBER_OUTSIDE_VALID_RANGE", "Maximum SOQL offset allowed is 2000"],
];
test.each(refused)("%s is refused", async (soql, errorCode, message) => {
  const { status, json } = await client.query(soql);
  expect([status, json[0].errorCode]).toEqual([400, errorCode]);
  expect(json[0].message).toContain(message);
});

test("an address longer than 16,384 bytes is refused with 414", async () => {
  const ids = Array.from({ length: 800 }, () => "'005Qy0000000001IAA'").join(",");
  expect((await client.query(`SELECT Id FROM User WHERE Id IN (${ids})`)).status).toBe(414);
});

test("15-character ids find the same users as their long forms", async () => {
  const [id = ""] = ((await client.query("SELECT Id FROM User")).json.records as { Id: string }[]).map(
    (user) => user.Id,
  );
  const { json } = await client.query(`SELECT Id FROM User WHERE Id = '${id.slice(0, 15)}'`);
  expect(json.records[0].Id).toBe(id);
});

test("text in a query never becomes SQL", async () => {
  const other = await connect(await serve({ users: 3 }));
  const { json } = await other.query(
    String.raw`SELECT Id FROM User WHERE LastName = '\'; DROP TABLE "User"; --'`,
  );
  expect(json.totalSize).toBe(0);
  expect((await other.query("SELECT COUNT() FROM User")).json.totalSize).toBe(3);
});
