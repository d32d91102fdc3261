import { Hono } from "hono";
import type { Context } from "hono";

import { countUsage } from "../calls.ts";
import { describe, describeObject } from "../describe.ts";
import { runQuery, runQueryMore } from "../query.ts";
import { longId } from "../record-id.ts";
import { malformed, notFound, SalesforceError } from "../salesforce-error.ts";
import { userFields } from "../user-fields.ts";
import { apiVersions } from "./context.ts";
import type { Org, SandboxApp, SandboxEnv } from "./context.ts";
import { requireSession } from "./guard.ts";

const largestBatch = 2000;
const smallestBatch = 200;
const dailyBulkJobs = 10_000;
const objectNames = ["User", "Organization"] as const;

/** `/services/data`: versions, limits, describe, queries. */
export function dataRoutes(org: Org): SandboxApp {
  const app: SandboxApp = new Hono<SandboxEnv>();
  app.get("/services/data", (context) =>
    context.json(
      apiVersions.map(({ label, path, number }) => ({
        label,
        url: `/services/data/${path}`,
        version: `${number}.0`,
      })),
    ),
  );
  app.use("/services/data/:version/*", requireSession(org));
  app.use("/services/data/:version", requireSession(org));
  app.get("/services/data/:version", (context) => {
    const base = `/services/data/${context.req.param("version")}`;
    const names = ["sobjects", "query", "queryAll", "limits", "jobs"];
    return context.json(Object.fromEntries(names.map((name) => [name, `${base}/${name}`])));
  });
  app.get("/services/data/:version/limits", (context) => context.json(limits(org)));
  app.get("/services/data/:version/sobjects", (context) =>
    context.json({
      encoding: "UTF-8",
      maxBatchSize: 200,
      sobjects: objectNames.map((name) => describeObject(name, context.req.param("version"))),
    }),
  );
  app.get("/services/data/:version/sobjects/:object", (context) => {
    const name = objectNamed(context.req.param("object"));
    return context.json({
      objectDescribe: describeObject(name, context.req.param("version")),
      recentItems: [],
    });
  });
  app.get("/services/data/:version/sobjects/:object/describe", (context) => {
    const name = objectNamed(context.req.param("object"));
    return context.json(describe(name, context.req.param("version"), context.get("visibility").hiddenFields));
  });
  app.get("/services/data/:version/sobjects/:object/:id", (context) => retrieve(org, context));
  for (const resource of ["query", "queryAll"]) {
    app.get(`/services/data/:version/${resource}`, async (context) => {
      const soql = context.get("soql");
      if (soql === undefined) throw malformed("SOQL query cannot be empty: the parameter q is missing");
      if (context.get("fault")?.kind === "query-timeout") throw queryTimeout();
      return context.json(await runQuery(org.db, soql, context.get("visibility"), pageOptions(context)));
    });
    app.get(`/services/data/:version/${resource}/:locator`, (context) =>
      context.json(
        runQueryMore(org.db, context.req.param("locator"), context.get("visibility"), pageOptions(context)),
      ),
    );
  }
  return app;
}

/** The answer to a query that Salesforce gives up on. */
export function queryTimeout(): SalesforceError {
  return new SalesforceError(400, "QUERY_TIMEOUT", "Your query request was running for too long.");
}

function objectNamed(name: string): (typeof objectNames)[number] {
  const found = objectNames.find((known) => known.toLowerCase() === name.toLowerCase());
  if (found === undefined) throw notFound();
  return found;
}

function pageOptions(context: Context<SandboxEnv>) {
  const wanted = /batchSize\s*=\s*(\d+)/i.exec(context.req.header("sforce-query-options") ?? "")?.[1];
  const batchSize = Math.min(largestBatch, Math.max(smallestBatch, Number(wanted ?? largestBatch)));
  return { version: context.req.param("version") ?? "", batchSize };
}

async function retrieve(org: Org, context: Context<SandboxEnv>) {
  const name = objectNamed(context.req.param("object") ?? "");
  const id = longId(context.req.param("id") ?? "");
  const { hiddenFields } = context.get("visibility");
  const all =
    name === "User" ? userFields.filter((field) => !hiddenFields.has(field.name.toLowerCase())) : [];
  const fields = context.req.query("fields") ?? (all.map((field) => field.name).join(", ") || "Id, Name");
  if (id === undefined) throw notFound();
  const soql = `SELECT ${fields} FROM ${name} WHERE Id = '${id}'`;
  const { records } = await runQuery(org.db, soql, context.get("visibility"), pageOptions(context));
  const [record] = records;
  if (record === undefined) throw notFound();
  return context.json(record);
}

function limits(org: Org) {
  const usage = countUsage(org.db, { calls: 0, jobs: 0 });
  const limit = (max: number, used: number) => ({ Max: max, Remaining: Math.max(0, max - used) });
  return {
    DailyApiRequests: limit(usage.max, usage.calls),
    DailyBulkApiBatches: limit(15_000, 0),
    DailyBulkV2QueryFileStorageMB: limit(976_562, 0),
    DailyBulkV2QueryJobs: limit(dailyBulkJobs, usage.jobs),
    ConcurrentSyncReportRuns: limit(20, 0),
    DataStorageMB: limit(5, 1),
  };
}
