import { parse } from "csv-parse/sync";
import { expect, test } from "vitest";

import { connect, control, jsforceConnection, serve } from "./rig.ts";
import type { Client } from "./rig.ts";

const jobs = "/services/data/v60.0/jobs/query";

async function createJob(client: Client, query: string, more: object = {}) {
  const body = JSON.stringify({ operation: "query", query, ...more });
  return client.call(jobs, { method: "POST", body, headers: { "Content-Type": "application/json" } });
}

async function finishedJob(client: Client, query: string, more: object = {}): Promise<string> {
  const { json } = await createJob(client, query, more);
  const status = await client.call(`${jobs}/${json.id}`);
  expect([json.state, status.json.state]).toEqual(["UploadComplete", "JobComplete"]);
  return json.id as string;
}

test("jsforce runs a query job from creation to its records", async () => {
  const conn = await jsforceConnection(await serve({ users: 2_100 }));
  const stream = await conn.bulk2.query("SELECT Id, Division FROM User ORDER BY Id");
  const records = await stream.toArray();
  expect(records).toHaveLength(2_100);
  expect(records[0]).toEqual({
    Id: expect.stringMatching(/^005/) as string,
    Division: expect.any(String) as string,
  });
});

test("results come in pages, each with its header, until the locator is null", async () => {
  const client = await connect(await serve({ users: 25 }));
  const id = await finishedJob(client, "SELECT Id FROM User ORDER BY Id");
  const pages: string[][] = [];
  let locator = "";
  while (locator !== "null") {
    const next = locator === "" ? "" : `&locator=${locator}`;
    const { headers, text } = await client.call(`${jobs}/${id}/results?maxRecords=10${next}`);
    const lines = text.trimEnd().split("\n");
    expect(lines[0]).toBe('"Id"');
    expect(headers.get("sforce-numberofrecords")).toBe(String(lines.length - 1));
    expect(headers.get("content-type")).toContain("text/csv");
    pages.push(lines.slice(1));
    locator = headers.get("sforce-locator") ?? "";
  }
  expect(pages.map((page) => page.length)).toEqual([10, 10, 5]);
  expect(new Set(pages.flat()).size).toBe(25);
  expect((await client.call(`${jobs}/${id}`)).json.numberRecordsProcessed).toBe(25);
  expect((await client.call(`${jobs}/${id}/results?locator=x!`)).json[0].errorCode).toBe("INVALIDLOCATOR");
});

test("CSV writes null and '' alike, keeps NA, quotes what needs it, and fractions whole numbers", async () => {
  const sandbox = await serve({ users: 0 });
  const stamp = "2026-01-02T03:04:05Z";
  const common = { SystemModstamp: stamp, LastModifiedDate: stamp, NumberOfFailedLogins: 3 };
  const divisions = [null, "", "NA", 'a "b", c\nd', "Økonomi"];
  await control(sandbox, "POST", "records", {
    records: divisions.map((Division, index) => ({ ...common, Division, Username: `u${index}@x.example` })),
  });
  const client = await connect(sandbox);
  const soql = "SELECT Division, IsActive, NumberOfFailedLogins, SystemModstamp FROM User ORDER BY Username";
  const id = await finishedJob(client, soql, { columnDelimiter: "SEMICOLON", lineEnding: "CRLF" });
  const { text } = await client.call(`${jobs}/${id}/results`);
  expect(text.startsWith('"Division";"IsActive"')).toBe(true);
  const rows = parse(text, { delimiter: ";", record_delimiter: "\r\n", from: 2 });
  const rest = ["true", "3.0", "2026-01-02T03:04:05.000Z"];
  expect(rows).toEqual(["", "", "NA", 'a "b", c\nd', "Økonomi"].map((division) => [division, ...rest]));
});

test("a job that finds nothing gives the header alone", async () => {
  const client = await connect(await serve());
  const id = await finishedJob(client, "SELECT Id, Name FROM User WHERE Division = 'nowhere'");
  const { text, headers } = await client.call(`${jobs}/${id}/results`);
  expect([text, headers.get("sforce-locator"), headers.get("sforce-numberofrecords")]).toEqual([
    '"Id","Name"\n',
    "null",
    "0",
  ]);
});

test("what Bulk cannot do is refused at creation", async () => {
  const client = await connect(await serve());
  const codes: string[] = [];
  for (const soql of [
    "SELECT Id, Address FROM User",
    "SELECT COUNT() FROM User",
    "SELECT Division, COUNT(Id) FROM User GROUP BY Division",
    "SELECT Id FROM User LIMIT 5 OFFSET 5",
    "SELECT FIELDS(STANDARD) FROM User",
    "SELECT Nope FROM User",
  ]) {
    const { status, json } = await createJob(client, soql);
    codes.push(`${status} ${json[0].errorCode}`);
  }
  expect(codes).toEqual([
    "400 FUNCTIONALITY_NOT_ENABLED",
    "400 MALFORMED_QUERY",
    "400 MALFORMED_QUERY",
    "400 MALFORMED_QUERY",
    "400 MALFORMED_QUERY",
    "400 INVALID_FIELD",
  ]);
  expect((await createJob(client, "SELECT Id FROM User", { columnDelimiter: "DOT" })).json[0].errorCode).toBe(
    "INVALIDJOB",
  );
});

test("a job can be aborted, listed and deleted, and has no results before it is complete", async () => {
  const client = await connect(await serve());
  const { id } = (await createJob(client, "SELECT Id FROM User")).json;
  expect((await client.call(`${jobs}/${id}/results`)).json[0].errorCode).toBe("INVALIDJOBSTATE");
  const aborted = await client.call(`${jobs}/${id}`, {
    method: "PATCH",
    body: JSON.stringify({ state: "Aborted" }),
  });
  expect(aborted.json.state).toBe("Aborted");
  expect((await client.call(jobs)).json.records.map((job: { id: string }) => job.id)).toEqual([id]);
  expect((await client.call(`${jobs}/${id}`, { method: "DELETE" })).status).toBe(204);
  expect((await client.call(`${jobs}/${id}`)).status).toBe(404);
  expect((await client.call("/services/data/v60.0/limits")).json.DailyBulkV2QueryJobs.Remaining).toBe(9_999);
});
