import { Hono } from "hono";

import {
  abortJob,
  createJob,
  deleteJob,
  listJobs,
  pollJob,
  readJobRequest,
  readResultPage,
} from "../bulk-jobs.ts";
import { SalesforceError } from "../salesforce-error.ts";
import type { Org, SandboxApp, SandboxEnv } from "./context.ts";
import { queryTimeout } from "./data-routes.ts";

/** Bulk API 2.0 query jobs. Mounted behind the session check of the data routes. */
export function bulkRoutes(org: Org): SandboxApp {
  const app: SandboxApp = new Hono<SandboxEnv>();
  const base = "/services/data/:version/jobs/query";
  app.post(base, async (context) => {
    const body: unknown = await context.req.json().catch(() => undefined);
    const request = readJobRequest(body, context.req.param("version"));
    const failure =
      context.get("fault")?.kind === "query-timeout" ? `QUERY_TIMEOUT: ${queryTimeout().message}` : undefined;
    return context.json(await createJob(org.db, request, context.get("visibility"), failure));
  });
  app.get(base, (context) => context.json(listJobs(org.db)));
  app.get(`${base}/:id`, (context) => context.json(pollJob(org.db, context.req.param("id"))));
  app.patch(`${base}/:id`, async (context) => {
    const body: unknown = await context.req.json().catch(() => undefined);
    if ((body as { state?: unknown } | undefined)?.state !== "Aborted") {
      throw new SalesforceError(
        400,
        "INVALIDJOB",
        'InvalidJob : the state of a query job can only be set to "Aborted"',
      );
    }
    return context.json(abortJob(org.db, context.req.param("id")));
  });
  app.delete(`${base}/:id`, (context) => {
    deleteJob(org.db, context.req.param("id"));
    return context.body(null, 204);
  });
  app.get(`${base}/:id/results`, (context) => {
    const maxRecords = context.req.query("maxRecords");
    if (maxRecords !== undefined && !/^[1-9]\d*$/.test(maxRecords)) {
      throw new SalesforceError(400, "INVALIDJOB", "InvalidJob : maxRecords must be a positive whole number");
    }
    const page = readResultPage(org.db, context.req.param("id"), {
      locator: context.req.query("locator"),
      maxRecords: maxRecords === undefined ? undefined : Number(maxRecords),
    });
    return context.body(page.csv, 200, {
      "Content-Type": "text/csv;charset=UTF-8",
      "Sforce-Locator": page.locator,
      "Sforce-NumberOfRecords": String(page.recordCount),
    });
  });
  return app;
}
