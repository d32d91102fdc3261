import { expect, it } from "vitest";
import { parsePage } from "../../framework/salesforce/bulk-query.ts";
import { responseError } from "../../framework/salesforce/response-failure.ts";
import { retryAfterMs } from "../../framework/util/retry-after.ts";
import type { SalesforceOrg } from "../../framework/salesforce/salesforce-org.ts";
import { FailureError } from "../../framework/event/failure.ts";
import { control, serveOrg, signIn } from "./rig.ts";

const everything = {
  object: "User",
  fields: ["Id", "SystemModstamp", "Division"],
  cursorField: "SystemModstamp",
  lo: undefined,
  hi: undefined,
};

async function opened(users: number) {
  const sandbox = await serveOrg(users);
  const { org, logs } = await signIn({ given: [{ ...sandbox.credentials() }] });
  if (org === undefined) throw new Error("expected to be signed in");
  return { sandbox, org, logs };
}

async function idsOf(org: SalesforceOrg, method: "auto" | "rest" | "bulk", count: number): Promise<string[]> {
  const ids: string[] = [];
  for await (const page of org.read(everything, { method, count }))
    ids.push(...page.map((record) => String(record["Id"])));
  return ids;
}

it("reads every page to the end, by REST and by Bulk the same users in the same order", async () => {
  const { org } = await opened(4_100);
  const byRest = await idsOf(org, "rest", 0);
  expect(new Set(byRest).size).toBe(4_100);
  expect(await idsOf(org, "bulk", 0)).toEqual(byRest);
});

it("takes REST below 10,000 rows and Bulk from there on, and says so", async () => {
  const { org, logs } = await opened(5);
  await idsOf(org, "auto", 9_999);
  await idsOf(org, "auto", 10_000);
  expect(logs).toEqual([
    "debug: reading by REST: 9999 rows by COUNT()",
    "debug: reading by Bulk 2.0: 10000 rows by COUNT()",
  ]);
});

it("deletes the Bulk job, also when the reader stops early", async () => {
  const { sandbox, org } = await opened(5);
  for await (const page of org.read(everything, { method: "bulk", count: 0 })) if (page.length > 0) break;
  const calls = (await (await fetch(`${sandbox.url}/sandbox/calls`)).json()) as {
    method: string;
    path: string;
  }[];
  expect(calls.filter((call) => call.method === "DELETE" && call.path.includes("jobs/query"))).toHaveLength(
    1,
  );
});

it("refuses pages that hold fewer records than announced", async () => {
  const { sandbox, org } = await opened(20);
  await control(sandbox, "POST", "faults", {
    kind: "truncated",
    match: "ORDER BY",
    times: null,
    clean: true,
  });
  await expect(idsOf(org, "rest", 0)).rejects.toMatchObject({
    failure: { reason: "bad-response", retryable: true },
  });
});

it("signs in again when the session ends in the middle", async () => {
  const { sandbox, org } = await opened(20);
  await control(sandbox, "POST", "faults", { kind: "401" });
  expect(await idsOf(org, "rest", 0)).toHaveLength(20);
});

it("asks a POST once: a Bulk job whose answer was lost is not created twice", async () => {
  const { sandbox, org } = await opened(5);
  await control(sandbox, "POST", "faults", { kind: "503", match: "POST /services/data" });
  await expect(idsOf(org, "bulk", 0)).rejects.toMatchObject({ failure: { reason: "rate-limited" } });
});

it("knows the used share of the day's calls", async () => {
  const { org } = await opened(5);
  expect(org.usage()?.used).toBeGreaterThan(0);
  expect(org.usage()?.limit).toBeGreaterThan(1_000);
});

it("reads CSV with quotes, line breaks and empty values", () => {
  expect(parsePage('"Id","Name"\n"1","a ""b""\nc"\n"2",""\n', "x")).toEqual([
    { Id: "1", Name: 'a "b"\nc' },
    { Id: "2", Name: null },
  ]);
  expect(() => parsePage('"Id","Name"\n"1","a', "x")).toThrow("can't be read as CSV");
});

it.each([
  ["5", 5_000],
  ["0", 0],
  ["Mon, 05 Jan 2026 12:00:10 GMT", 10_000],
  ["Mon, 05 Jan 2026 11:00:00 GMT", 0],
  ["soon", undefined],
  ["", undefined],
  [undefined, undefined],
])("reads Retry-After %s", (header, ms) => {
  expect(retryAfterMs(header, new Date("2026-01-05T12:00:00Z"))).toBe(ms);
});

it.each([
  [
    403,
    "REQUEST_LIMIT_EXCEEDED",
    "ConcurrentRequests (Concurrent API Requests) Limit exceeded.",
    "rate-limited",
    true,
  ],
  [403, "REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded.", "budget-exhausted", false],
  [400, "LIMIT_EXCEEDED", "Max number of Bulk jobs", "budget-exhausted", false],
  [400, "INVALID_FIELD", "No such column 'X'", "access-contract", false],
  [400, "MALFORMED_QUERY", "unexpected token", "query-failed", false],
  [403, "API_DISABLED_FOR_ORG", "The REST API is not enabled", "credentials-refused", false],
  [502, "", "bad gateway", "unreachable", true],
])("takes HTTP %i %s (%s) for %s", (statusCode, errorCode, message, reason, retryable) => {
  const error = responseError(
    { statusCode, headers: {}, body: JSON.stringify([{ errorCode, message }]) },
    "x",
  );
  expect(error instanceof FailureError ? error.failure : error).toMatchObject({ reason, retryable });
});
