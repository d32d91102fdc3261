import { expect, test } from "vitest";

import { connect, control, serve } from "./rig.ts";

test("records are added and changed by id or by username, stamps included", async () => {
  const sandbox = await serve({ users: 3 });
  const client = await connect(sandbox);
  const record = {
    Username: "ann@x.example",
    FirstName: "Ann",
    LastName: "Lee",
    Division: "IT",
    IsActive: false,
    LastModifiedDate: "2025-05-05T05:05:05.000+0000",
    SystemModstamp: "2026-01-01T00:00:00Z",
  };
  const { ids } = (await control(sandbox, "POST", "records", { records: [record] })).json as {
    ids: [string];
  };
  const read = async () =>
    (
      await client.call(
        `/services/data/v60.0/sobjects/User/${ids[0]}?fields=Name,Division,IsActive,LastModifiedDate,SystemModstamp`,
      )
    ).json;
  expect(await read()).toMatchObject({
    Name: "Ann Lee",
    Division: "IT",
    IsActive: false,
    LastModifiedDate: "2025-05-05T05:05:05.000+0000",
    SystemModstamp: "2026-01-01T00:00:00.000+0000",
  });

  const again = await control(sandbox, "POST", "records", {
    records: [{ Username: "ANN@x.example", LastName: "Fox" }],
  });
  expect(again.json.ids).toEqual(ids);
  await control(sandbox, "POST", "records", { records: [{ Id: ids[0].slice(0, 15), Division: null }] });
  expect(await read()).toMatchObject({
    Name: "Ann Fox",
    Division: null,
    SystemModstamp: "2026-01-05T18:00:01.000+0000",
  });

  expect((await control(sandbox, "DELETE", `records/${ids[0]}`)).status).toBe(200);
  expect((await control(sandbox, "DELETE", `records/${ids[0]}`)).status).toBe(404);
  expect((await client.query("SELECT COUNT() FROM User")).json.totalSize).toBe(3);
});

test("a record as a query gave it can be sent back", async () => {
  const sandbox = await serve({ users: 3 });
  const client = await connect(sandbox);
  const soql = "SELECT FIELDS(ALL) FROM User LIMIT 1";
  const [record] = (await client.query(soql)).json.records;
  const { Name: _name, Address: _address, Division_Code__c: _code, ...writable } = record;
  expect((await control(sandbox, "POST", "records", { records: [writable] })).json.ids).toEqual([record.Id]);
  expect((await client.query(soql)).json.records[0]).toEqual(record);
});

test("the clock stands still but for a second after a write that was stamped with it", async () => {
  const sandbox = await serve({ users: 3 });
  const client = await connect(sandbox);
  const date = async () => (await client.query("SELECT COUNT() FROM User")).headers.get("date");
  expect(await date()).toBe("Mon, 05 Jan 2026 18:00:00 GMT");
  await control(sandbox, "POST", "records", {
    records: [{ Username: "a@x.example", SystemModstamp: "2026-01-01T00:00:00Z" }],
  });
  expect(await date()).toBe("Mon, 05 Jan 2026 18:00:00 GMT");
  await control(sandbox, "POST", "records", {
    records: [{ Username: "a@x.example" }, { Username: "b@x.example" }],
  });
  expect(await date()).toBe("Mon, 05 Jan 2026 18:00:01 GMT");
  await control(sandbox, "POST", "clock", { now: "2024-02-29T12:00:00+02:00" });
  expect(await date()).toBe("Thu, 29 Feb 2024 10:00:00 GMT");
  await control(sandbox, "POST", "advance", { days: 2 });
  expect(await date()).toBe("Sat, 02 Mar 2024 10:00:00 GMT");
});

test("every answer carries the sandbox's clock, errors and sign-in as well", async () => {
  const sandbox = await serve({ users: 3 });
  const client = await connect(sandbox);
  await control(sandbox, "POST", "faults", { kind: "503", match: "limits" });
  const answers = [
    await client.query("SELECT Nope FROM User"),
    await client.query("x".repeat(17_000)),
    await client.call("/services/data/v60.0/nowhere"),
    await client.call("/services/data/v60.0/limits"),
    await client.call("/services/oauth2/token", { method: "POST" }),
    await client.call("/services/data", { headers: { Authorization: "" } }),
  ];
  expect(answers.map(({ status }) => status)).toEqual([400, 414, 404, 503, 400, 200]);
  const dates = new Set(answers.map(({ headers }) => headers.get("date")));
  expect(dates).toEqual(new Set(["Mon, 05 Jan 2026 18:00:00 GMT"]));
  expect(answers[0]?.headers.get("sforce-limit-info")).toBe("api-usage=1/100000");
});

test("LastModifiedDate defaults to no later than SystemModstamp", async () => {
  const sandbox = await serve({ users: 0 });
  const client = await connect(sandbox);
  await control(sandbox, "POST", "records", {
    records: [
      { Username: "a@x.example", SystemModstamp: "2025-01-01T00:00:00Z" },
      { Username: "b@x.example", LastModifiedDate: "2027-01-01T00:00:00Z" },
    ],
  });
  const { json } = await client.query("SELECT LastModifiedDate, SystemModstamp FROM User ORDER BY Username");
  expect(
    json.records.map((row: Record<string, string>) => [row["LastModifiedDate"], row["SystemModstamp"]]),
  ).toEqual([
    ["2025-01-01T00:00:00.000+0000", "2025-01-01T00:00:00.000+0000"],
    ["2027-01-01T00:00:00.000+0000", "2027-01-01T00:00:00.000+0000"],
  ]);
});

test("seed empties and refills, keeping the clock", async () => {
  const sandbox = await serve({ users: 3 });
  const client = await connect(sandbox);
  await control(sandbox, "POST", "advance", { days: 1 });
  const filled = await control(sandbox, "POST", "seed", { users: 10, seed: 5 });
  expect(filled.json).toEqual({ users: 10, seed: 5, now: "2026-01-06T18:00:00.000Z" });
  expect((await client.query("SELECT COUNT() FROM User")).json.totalSize).toBe(10);
});

test("calls are listed with method, path, query, SOQL and status", async () => {
  const sandbox = await serve();
  const client = await connect(sandbox);
  await client.query("SELECT COUNT() FROM User WHERE Division = 'a b'");
  const { json } = await control(sandbox, "GET", "calls");
  expect(json).toMatchObject([
    { method: "POST", path: "/services/oauth2/token", soql: null, status: 200, fault: null },
    {
      method: "GET",
      path: "/services/data/v60.0/query",
      query: "q=SELECT COUNT() FROM User WHERE Division = 'a b'",
      soql: "SELECT COUNT() FROM User WHERE Division = 'a b'",
      status: 200,
    },
  ]);
  expect(Number.isNaN(Date.parse(json[0].at as string))).toBe(false);
  await control(sandbox, "DELETE", "calls");
  expect((await control(sandbox, "GET", "calls")).json).toEqual([]);
});

const wrong: readonly (readonly [string, unknown, string])[] = [
  ["records", { records: [{ Nope: 1 }] }, 'records[0]: "Nope" is no field of User'],
  [
    "records",
    { records: [{ Address: {} }] },
    'records[0]: "Address" is made from other fields and cannot be written',
  ],
  ["records", { records: [{ IsActive: "yes" }] }, 'records[0].IsActive: expected true or false, got "yes"'],
  [
    "records",
    { records: [{ SystemModstamp: "yesterday" }] },
    "expected a datetime such as 2026-01-02T03:04:05Z",
  ],
  ["records", { records: [{ Id: "1" }] }, "records[0].Id: expected a record id of 15 or 18 characters"],
  ["records", { records: [{ Username: null }] }, "records[0].Username: expected a value"],
  ["records", [], "expected object, received array"],
  ["clock", { now: "noon" }, "Invalid ISO datetime"],
  ["clock", "{", "expected a JSON body"],
  ["advance", { days: -1 }, "days: expected a whole number from 0 to 3660, got -1"],
  ["seed", { users: 2_000_000 }, "users: expected a whole number from 0 to 1000000, got 2000000"],
  ["faults", { kind: "418" }, "expected one of"],
  ["faults", { kind: "500", often: 3 }, "often"],
];
test.each(wrong)("a wrong body of %s is refused: %j", async (path, body, message) => {
  const sandbox = await serve({ users: 0 });
  const { status, json } = await control(sandbox, "POST", path, body);
  expect(status).toBe(400);
  expect(json.error).toContain(message);
});

test("records are written all or none", async () => {
  const sandbox = await serve({ users: 0 });
  const client = await connect(sandbox);
  const records = [{ Username: "a@x.example" }, { Id: "005Qy0000000009AAA", Username: "A@x.example" }];
  const { status, json } = await control(sandbox, "POST", "records", { records });
  expect([status, json.error]).toEqual([400, expect.stringContaining("Username") as string]);
  expect((await client.query("SELECT COUNT() FROM User")).json.totalSize).toBe(0);
});

test("an unknown control address says so", async () => {
  const { status, json } = await control(await serve(), "GET", "nope");
  expect([status, json.error]).toEqual([404, "no such control address: GET /sandbox/nope"]);
});
