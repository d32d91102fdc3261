import jsforce from "jsforce";
import { expect, test } from "vitest";

import type { FaultInput } from "../../framework/sandbox/sandbox.ts";
import type { Sandbox } from "../../framework/sandbox/sandbox.ts";
import { connect, control, jsforceConnection, requestToken, serve } from "./rig.ts";

const arm = async (sandbox: Sandbox, fault: FaultInput) => {
  const { status, json } = await control(sandbox, "POST", "faults", fault);
  expect([status, json]).toMatchObject([200, { kind: fault.kind }]);
};
const all = "SELECT COUNT() FROM User";

const answers: readonly (readonly [FaultInput["kind"], number, string, string])[] = [
  ["401", 401, "INVALID_SESSION_ID", "Session expired or invalid"],
  [
    "403-concurrent",
    403,
    "REQUEST_LIMIT_EXCEEDED",
    "ConcurrentRequests (Concurrent API Requests) Limit exceeded.",
  ],
  ["403-total", 403, "REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded."],
  ["420", 420, "REQUEST_THROTTLED", "Enhance your calm"],
  ["429", 429, "TOO_MANY_REQUESTS", "Too many requests"],
  ["500", 500, "UNKNOWN_EXCEPTION", "An unexpected error occurred."],
  ["503", 503, "SERVER_UNAVAILABLE", "Server Unavailable."],
  ["query-timeout", 400, "QUERY_TIMEOUT", "Your query request was running for too long."],
];
test.each(answers)(
  "%s answers once with Salesforce's body, then the org is itself again",
  async (kind, status, errorCode, message) => {
    const sandbox = await serve();
    const client = await connect(sandbox);
    await arm(sandbox, { kind, retryAfter: 7 });
    const refused = await client.query(all);
    expect([refused.status, refused.json[0].errorCode]).toEqual([status, errorCode]);
    expect(refused.json[0].message).toContain(message);
    expect(refused.headers.get("retry-after")).toBe(kind === "429" || kind === "503" ? "7" : null);
    expect((await (await connect(sandbox)).query(all)).json.totalSize).toBe(50);
  },
);

test("the session that got a 401 is gone for good, as it is in Salesforce", async () => {
  const sandbox = await serve();
  const client = await connect(sandbox);
  await arm(sandbox, { kind: "401" });
  expect([(await client.query(all)).status, (await client.query(all)).status]).toEqual([401, 401]);
});

test("jsforce with a refresh function gets over a 401", async () => {
  const sandbox = await serve();
  const conn = await jsforceConnection(sandbox);
  const refreshed = new jsforce.Connection({
    instanceUrl: sandbox.url,
    accessToken: conn.accessToken ?? "",
    refreshFn: (_, callback) => {
      void (async () => callback(null, (await jsforceConnection(sandbox)).accessToken ?? ""))();
    },
  });
  await arm(sandbox, { kind: "401" });
  expect((await refreshed.query(all)).totalSize).toBe(50);
});

test("reset breaks the connection, and slow only delays", async () => {
  const sandbox = await serve();
  const client = await connect(sandbox);
  await arm(sandbox, { kind: "reset" });
  await expect(client.query(all)).rejects.toThrow("fetch failed");
  await arm(sandbox, { kind: "slow", ms: 1 });
  expect((await client.query(all)).json.totalSize).toBe(50);
  const calls = (await control(sandbox, "GET", "calls")).json as {
    fault: string | null;
    status: number | null;
  }[];
  expect(calls.slice(-2).map(({ fault, status }) => [fault, status])).toEqual([
    ["reset", null],
    ["slow", 200],
  ]);
});

test("a slow call ends when the server closes", async () => {
  const sandbox = await serve();
  const client = await connect(sandbox);
  await arm(sandbox, { kind: "slow", ms: 3_600_000 });
  const pending = client.query(all).catch((error: unknown) => (error as Error).message);
  while (((await control(sandbox, "GET", "faults")).json[0] as { fired: number }).fired === 0);
  await sandbox.close();
  expect(await pending).toBe("fetch failed");
});

test("truncated cuts the body: with a broken connection, or so that only the content shows it", async () => {
  const sandbox = await serve();
  const client = await connect(sandbox);
  const soql = "SELECT Id FROM User";
  const whole = (await client.query(soql)).text;
  await arm(sandbox, { kind: "truncated" });
  await expect(client.query(soql)).rejects.toThrow("terminated");

  const { json } = await client.call("/services/data/v60.0/jobs/query", {
    method: "POST",
    body: JSON.stringify({ operation: "query", query: soql }),
  });
  await client.call(`/services/data/v60.0/jobs/query/${json.id}`);
  await arm(sandbox, { kind: "truncated", clean: true, match: "/results" });
  const cut = await client.call(`/services/data/v60.0/jobs/query/${json.id}/results`);
  expect([cut.status, cut.headers.get("sforce-numberofrecords")]).toEqual([200, "50"]);
  expect(cut.text.split("\n").length).toBeLessThan(30);
  expect((await client.query(soql)).text).toBe(whole);
});

test("after lets calls pass, times counts, match picks by method, path, query or SOQL", async () => {
  const sandbox = await serve();
  const client = await connect(sandbox);
  await arm(sandbox, {
    kind: "500",
    match: "GET /services/data/v60.0/query?q=SELECT COUNT()",
    after: 1,
    times: 2,
  });
  const statuses: number[] = [];
  for (let call = 0; call < 5; call += 1) {
    statuses.push((await client.query(all)).status);
    expect((await client.query("SELECT Id FROM User LIMIT 1")).status).toBe(200);
  }
  expect(statuses).toEqual([200, 500, 500, 200, 200]);
  await arm(sandbox, { kind: "503", match: "limits$" });
  expect((await client.call("/services/data/v60.0/limits")).status).toBe(503);
  expect((await control(sandbox, "DELETE", "faults")).json).toEqual({ cleared: 2 });
});

test("a fault can be aimed at sign-in", async () => {
  const sandbox = await serve();
  await arm(sandbox, { kind: "503", match: "/oauth2/token" });
  await arm(sandbox, { kind: "401", match: "/oauth2/token" });
  expect((await requestToken(sandbox, {})).status).toBe(503);
  expect((await requestToken(sandbox, {})).json).toEqual({
    error: "invalid_grant",
    error_description: "authentication failure",
  });
});

test("invalid-query-locator hits the next page only, of a query and of a Bulk job", async () => {
  const sandbox = await serve({ users: 300 });
  const client = await connect(sandbox);
  await arm(sandbox, { kind: "invalid-query-locator" });
  const { json } = await client.query("SELECT Id FROM User", { "Sforce-Query-Options": "batchSize=200" });
  expect(json.done).toBe(false);
  expect((await client.call(json.nextRecordsUrl as string)).json[0].errorCode).toBe("INVALID_QUERY_LOCATOR");
  expect((await client.call(json.nextRecordsUrl as string)).json.done).toBe(true);
});

test("query-timeout lets a Bulk job fail", async () => {
  const sandbox = await serve();
  const client = await connect(sandbox);
  await arm(sandbox, { kind: "query-timeout" });
  const { json } = await client.call("/services/data/v60.0/jobs/query", {
    method: "POST",
    body: JSON.stringify({ operation: "query", query: "SELECT Id FROM User" }),
  });
  const job = await client.call(`/services/data/v60.0/jobs/query/${json.id}`);
  expect([job.json.state, job.json.errorMessage]).toEqual([
    "Failed",
    "QUERY_TIMEOUT: Your query request was running for too long.",
  ]);
});

test("late-visible keeps the newest changes back for so many reads", async () => {
  const sandbox = await serve();
  const client = await connect(sandbox);
  const { ids } = (await control(sandbox, "POST", "records", { records: [{ Username: "late@x.example" }] }))
    .json;
  await arm(sandbox, { kind: "late-visible", times: 2 });
  await client.query("SELECT Id FROM Organization");
  const counts: number[] = [];
  for (let read = 0; read < 3; read += 1) counts.push((await client.query(all)).json.totalSize as number);
  expect([ids.length, counts]).toEqual([1, [50, 50, 51]]);
});

test("hidden-field is absent from describe and unknown to SOQL until cleared", async () => {
  const sandbox = await serve();
  const client = await connect(sandbox);
  for (const fault of [{ field: "Audit_Phase__c" }, { match: "Audit_Phase__c" }]) {
    await arm(sandbox, { kind: "hidden-field", ...fault });
    const { json } = await client.call("/services/data/v60.0/sobjects/User/describe");
    expect(json.fields.map((field: { name: string }) => field.name)).not.toContain("Audit_Phase__c");
    expect((await client.query("SELECT Audit_Phase__c FROM User")).json[0].errorCode).toBe("INVALID_FIELD");
    expect((await client.query("SELECT Division FROM User")).status).toBe(200);
    await control(sandbox, "DELETE", "faults");
    expect((await client.query("SELECT Audit_Phase__c FROM User")).status).toBe(200);
  }
});

test("reduced-visibility returns fewer users and no error, the same ones every time", async () => {
  const sandbox = await serve({ users: 1000 });
  const client = await connect(sandbox);
  await arm(sandbox, { kind: "reduced-visibility", share: 0.3 });
  const first = await client.ids("ORDER BY Id");
  expect(first).toHaveLength(700);
  expect(await client.ids("ORDER BY Id")).toEqual(first);
  expect((await client.query(all)).json.totalSize).toBe(700);
});

test("org-changed shows another organization at sign-in and in queries", async () => {
  const sandbox = await serve();
  const before = await jsforceConnection(sandbox);
  await arm(sandbox, { kind: "org-changed" });
  const after = await jsforceConnection(sandbox);
  expect(after.userInfo?.organizationId).not.toBe(before.userInfo?.organizationId);
  const { records } = await after.query("SELECT Id FROM Organization");
  expect(records[0]?.["Id"]).toBe(after.userInfo?.organizationId);
});

test("the day's calls run out as TotalRequests and come back the next day", async () => {
  const sandbox = await serve();
  const client = await connect(sandbox);
  await control(sandbox, "POST", "limits", { max: 10, calls: 9 });
  const last = await client.query(all);
  expect([last.status, last.headers.get("sforce-limit-info")]).toEqual([200, "api-usage=10/10"]);
  expect((await client.query(all)).json[0].message).toBe("TotalRequests Limit exceeded.");
  sandbox.advance(1);
  expect((await client.query(all)).status).toBe(200);
});
