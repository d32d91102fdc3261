import { RESPONSE_ALREADY_SENT } from "@hono/node-server/utils/response";
import type { Context, MiddlewareHandler } from "hono";
import { setTimeout as delay } from "node:timers/promises";

import { countUsage, recordCall } from "../calls.ts";
import { readNow } from "../database.ts";
import { takeFaults } from "../faults.ts";
import type { Fault, FaultTarget } from "../faults.ts";
import { invalidLocator } from "../query.ts";
import { invalidSession, notFound, SalesforceError } from "../salesforce-error.ts";
import { isTokenValid, revokeToken } from "../tokens.ts";
import { apiVersions } from "./context.ts";
import type { Org, SandboxEnv } from "./context.ts";

const longestUri = 16_384;

/**
 * Around every call of a client: the clock in `Date`, the length of the address, the faults, the call log. Outermost, so that
 * whatever happens inside is written down with the status that went out.
 */
export function watchCalls(org: Org): MiddlewareHandler<SandboxEnv> {
  return async (context, next) => {
    const at = org.machineNow();
    const target = await readTarget(context);
    context.set("soql", target.soql);
    const uri = context.env.incoming.url ?? "";
    let brokeOff = false;
    if (uri.length > longestUri) {
      context.res = context.text("URI Too Long", 414);
    } else {
      const { answer, visibility } = takeFaults(org.db, target);
      context.set("visibility", visibility);
      context.set("fault", answer);
      brokeOff = await answerWithFault(org, context, answer, next);
    }
    const status = brokeOff ? null : context.res.status;
    recordCall(org.db, {
      ...target,
      soql: target.soql ?? null,
      status,
      fault: context.get("fault")?.kind ?? null,
      at,
    });
    if (!brokeOff) stampClock(org, context);
  };
}

function stampClock(org: Org, context: Context<SandboxEnv>): void {
  context.header("Date", new Date(readNow(org.db) * 1000).toUTCString());
}

async function readTarget(context: Context<SandboxEnv>): Promise<FaultTarget> {
  const { method, path } = context.req;
  const query = new URL(context.req.url).search.slice(1);
  return { method, path, query: decode(query), soql: await readSoql(context) };
}

function decode(query: string): string {
  try {
    return decodeURIComponent(query.replaceAll("+", " "));
  } catch {
    return query;
  }
}

async function readSoql(context: Context<SandboxEnv>): Promise<string | undefined> {
  const { method, path } = context.req;
  if (method === "GET" && /\/query(All)?\/?$/.test(path)) return context.req.query("q");
  if (method !== "POST" || !path.endsWith("/jobs/query")) return undefined;
  const body: unknown = await context.req.json().catch(() => undefined);
  const query = (body as { query?: unknown } | undefined)?.query;
  return typeof query === "string" ? query : undefined;
}

/** Runs the call, or what the fault makes of it; true when the connection was broken off. */
async function answerWithFault(
  org: Org,
  context: Context<SandboxEnv>,
  fault: Fault | undefined,
  next: () => Promise<void>,
): Promise<boolean> {
  if (fault === undefined) {
    await next();
    return false;
  }
  if (fault.kind === "reset") {
    context.env.incoming.socket.destroy();
    context.res = RESPONSE_ALREADY_SENT;
    return true;
  }
  if (fault.kind === "slow") await delay(fault.ms, undefined, { signal: org.closing }).catch(() => undefined);
  const answer = errors[fault.kind];
  if (answer !== undefined) {
    context.res = errorAnswer(org, context, fault, answer);
    return false;
  }
  await next(); // A query that times out is the route's affair: it knows a query from a Bulk job.
  return fault.kind === "truncated" && truncate(context, fault);
}

async function truncate(context: Context<SandboxEnv>, fault: Fault): Promise<boolean> {
  const whole = Buffer.from(await context.res.arrayBuffer());
  const half = whole.subarray(0, Math.floor(whole.length / 2));
  const headers = Object.fromEntries(context.res.headers);
  if (fault.clean) {
    context.res = new Response(half, { status: context.res.status, headers });
    return false;
  }
  const { outgoing } = context.env;
  outgoing.writeHead(context.res.status, { ...headers, "content-length": String(whole.length) });
  outgoing.write(half, () => outgoing.destroy());
  context.res = undefined; // Else Hono would carry the headers over and send them again.
  context.res = RESPONSE_ALREADY_SENT;
  return true;
}

const errors: Partial<Record<Fault["kind"], () => SalesforceError>> = {
  "401": invalidSession,
  "403-concurrent": () =>
    new SalesforceError(
      403,
      "REQUEST_LIMIT_EXCEEDED",
      "ConcurrentRequests (Concurrent API Requests) Limit exceeded.",
    ),
  "403-total": totalLimit,
  "420": () => new SalesforceError(420, "REQUEST_THROTTLED", "Enhance your calm"),
  "429": () => new SalesforceError(429, "TOO_MANY_REQUESTS", "Too many requests"),
  "500": () =>
    new SalesforceError(
      500,
      "UNKNOWN_EXCEPTION",
      "An unexpected error occurred. Please include this ErrorId if you contact support: 1234567890-1 (-123456789)",
    ),
  "503": () => new SalesforceError(503, "SERVER_UNAVAILABLE", "Server Unavailable. Please try again later."),
  "invalid-query-locator": invalidLocator,
};

function errorAnswer(
  org: Org,
  context: Context<SandboxEnv>,
  fault: Fault,
  error: () => SalesforceError,
): Response {
  if (context.req.path.startsWith("/services/oauth2/") && fault.kind === "401") {
    return context.json({ error: "invalid_grant", error_description: "authentication failure" }, 400);
  }
  if (fault.kind === "401") revokeToken(org.db, bearerOf(context) ?? "");
  if (fault.kind === "429" || fault.kind === "503") context.header("Retry-After", String(fault.retryAfter));
  const { body, status } = error();
  return context.json(body, status as 500);
}

function totalLimit(): SalesforceError {
  return new SalesforceError(403, "REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded.");
}

function bearerOf(context: Context<SandboxEnv>): string | undefined {
  return /^(?:Bearer|OAuth)\s+(\S+)$/i.exec(context.req.header("authorization") ?? "")?.[1];
}

/** Lets a data call pass that has a live session, a known version and calls left, and counts it. */
export function requireSession(org: Org): MiddlewareHandler<SandboxEnv> {
  return async (context, next) => {
    const token = bearerOf(context);
    if (token === undefined) throw new SalesforceError(401, "INVALID_AUTH_HEADER", "INVALID_HEADER_TYPE");
    if (!isTokenValid(org.db, "access", token, org.machineNow())) throw invalidSession();
    const isJob = context.req.method === "POST" && context.req.path.endsWith("/jobs/query");
    const usage = countUsage(org.db, { calls: 1, jobs: isJob ? 1 : 0 });
    context.header("Sforce-Limit-Info", `api-usage=${usage.calls}/${usage.max}`);
    if (usage.calls > usage.max) throw totalLimit();
    if (!apiVersions.some(({ path }) => path === context.req.param("version"))) throw notFound();
    await next();
  };
}
