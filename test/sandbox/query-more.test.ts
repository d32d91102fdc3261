import { expect, test } from "vitest";

import { connect, jsforceConnection, serve } from "./rig.ts";

test("jsforce reads every user page by page and their number is totalSize", async () => {
  const sandbox = await serve({ users: 4_500 });
  const conn = await jsforceConnection(sandbox);
  const pages: number[] = [];
  let page = await conn.query<{ Id: string }>("SELECT Id FROM User ORDER BY SystemModstamp, Id");
  const ids = new Set<string>();
  for (;;) {
    pages.push(page.records.length);
    for (const record of page.records) ids.add(record.Id);
    expect(page.totalSize).toBe(4_500);
    if (page.done || page.nextRecordsUrl === undefined) break;
    page = await conn.queryMore(page.nextRecordsUrl);
  }
  expect(pages).toEqual([2000, 2000, 500]);
  expect(ids.size).toBe(4_500);
  expect(conn.limitInfo.apiUsage?.limit).toBe(100_000);
});

test("Sforce-Query-Options sets the page size between 200 and 2000", async () => {
  const sandbox = await serve({ users: 500 });
  const client = await connect(sandbox);
  const sizes = await Promise.all(
    ["batchSize=1", "batchSize=300", "batchSize=9999"].map(async (options) => {
      const { json } = await client.query("SELECT Id FROM User", { "Sforce-Query-Options": options });
      return (json.records as unknown[]).length;
    }),
  );
  expect(sizes).toEqual([200, 300, 500]);
});

test("a locator that leads nowhere is refused as Salesforce refuses it", async () => {
  const client = await connect(await serve());
  const { status, json } = await client.call("/services/data/v60.0/query/01gQy0000000009AAA-2000");
  expect([status, json]).toEqual([
    400,
    [{ message: "invalid query locator", errorCode: "INVALID_QUERY_LOCATOR" }],
  ]);
});

test("a page keeps the rows and the order that the query found, whatever happens in between", async () => {
  const sandbox = await serve({ users: 450 });
  const client = await connect(sandbox);
  const soql = "SELECT Id FROM User ORDER BY LastModifiedDate DESC";
  const whole = (await client.query(soql)).json.records as { Id: string }[];
  const first = (await client.query(soql, { "Sforce-Query-Options": "batchSize=200" })).json;
  sandbox.advance(5);
  const second = (
    await client.call(first.nextRecordsUrl as string, {
      headers: { "Sforce-Query-Options": "batchSize=2000" },
    })
  ).json;
  const ids = [...first.records, ...second.records].map((record: { Id: string }) => record.Id);
  expect(ids).toEqual(whole.map((record) => record.Id));
  expect(second.done).toBe(true);
});
