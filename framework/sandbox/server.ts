import { createAdaptorServer } from "@hono/node-server";
import { Hono } from "hono";
import { once } from "node:events";
import type { Server } from "node:http";
import type { AddressInfo } from "node:net";

import { fail } from "../event/failure.ts";
import { isLoopbackHost, loopback } from "../util/loopback.ts";
import type { DayCounts } from "./advance.ts";
import { announceServer, readCredentials, withdrawServer } from "./credentials.ts";
import type { SandboxCredentials } from "./credentials.ts";
import { defaultNow, openDatabase } from "./database.ts";
import { bulkRoutes } from "./http/bulk-routes.ts";
import type { Org, SandboxApp, SandboxEnv } from "./http/context.ts";
import { controlRoutes } from "./http/control-routes.ts";
import { dataRoutes } from "./http/data-routes.ts";
import { watchCalls } from "./http/guard.ts";
import { oauthRoutes } from "./http/oauth-routes.ts";
import { soapRoutes } from "./http/soap-routes.ts";
import { notFound, SalesforceError } from "./salesforce-error.ts";
import { sandboxDataOf } from "./sandbox-data.ts";

// Above what is refused with 414, so that the refusal is Salesforce's and not the parser's.
const longestHead = 128 * 1024;

/** What to serve, and where. */
export interface SandboxOptions {
  /** The org's file; made when there is none. */
  readonly dbPath: string;
  /** On 127.0.0.1; 0 takes any free one. @default 0 */
  readonly port?: number;
  /** People of a new org, 0 to 1,000,000; a filled one stays as it is. @default 2000 */
  readonly users?: number;
  /** Seed of a new org. @default 42 */
  readonly seed?: number;
  /** Clock of a new org, ISO 8601. @default 2026-01-05T18:00:00Z */
  readonly now?: string;
  /** Closes the server when aborted. */
  readonly signal?: AbortSignal;
  /** The machine's time in milliseconds, by which tokens expire. @default Date.now */
  readonly machineNow?: () => number;
}

/** A served org. */
export interface Sandbox {
  readonly url: string;
  readonly port: number;
  credentials(): SandboxCredentials;
  /** Lets days pass. */
  advance(days: number): DayCounts;
  /** Ends open connections and lets go of the file. A second call does nothing. */
  close(): Promise<void>;
}

/**
 * Serves the org on 127.0.0.1 and nowhere else, and fills it first when it is new.
 *
 * @throws FailureError `port-taken`; `lake-unreadable` when the file is no sandbox.
 */
export async function serveSandbox(options: SandboxOptions): Promise<Sandbox> {
  const { dbPath, port = 0, machineNow = Date.now, signal } = options;
  signal?.throwIfAborted();
  const db = openDatabase(dbPath);
  const closing = new AbortController();
  let url = "";
  const org: Org = { db, machineNow, url: () => url, closing: closing.signal };
  const app = sandboxApp(org);
  const server = createAdaptorServer({
    fetch: app.fetch,
    serverOptions: { maxHeaderSize: longestHead },
  }) as Server;
  try {
    await listen(server, port);
    const data = sandboxDataOf(db);
    if (!data.isSeeded) {
      const { users = 2000, seed = 42, now = new Date(defaultNow * 1000).toISOString() } = options;
      data.seed({ users, seed, now });
    }
    const address = server.address() as AddressInfo;
    url = `http://${loopback}:${address.port}`;
    announceServer(db, url, machineNow());
    let closed: Promise<void> | undefined;
    const close = (): Promise<void> => {
      closed ??= shutDown();
      return closed;
    };
    const shutDown = async (): Promise<void> => {
      signal?.removeEventListener("abort", onAbort);
      closing.abort();
      const ended = once(server, "close");
      server.close();
      server.closeAllConnections();
      await ended;
      withdrawServer(db, url);
      db.close();
    };
    const onAbort = (): void => void close();
    signal?.addEventListener("abort", onAbort, { once: true });
    return {
      url,
      port: address.port,
      credentials: () => ({ ...readCredentials(db), url }),
      advance: (days) => data.advance(days),
      close,
    };
  } catch (error) {
    server.close();
    db.close();
    throw error;
  }
}

function sandboxApp(org: Org): SandboxApp {
  // Salesforce takes addresses with a slash at the end as well, and some clients send them so.
  const app: SandboxApp = new Hono<SandboxEnv>({ strict: false });
  app.onError((error, context) => {
    const answer =
      error instanceof SalesforceError ? error : new SalesforceError(500, "UNKNOWN_EXCEPTION", error.message);
    return context.json(answer.body, answer.status as 500);
  });
  app.notFound((context) => context.json(notFound().body, 404));
  app.use(async (context, next) => {
    if (!isLoopbackHost(context.req.header("host")))
      return context.text(`Only ${loopback} is served here`, 421);
    // By the address a page may not change the org either: a browser says from which page a request comes.
    if (context.req.header("origin") !== undefined) return context.text("No web page is served here", 403);
    return next();
  });
  app.route("/sandbox", controlRoutes(org));
  for (const path of ["/services/*", "/id/*"]) app.use(path, watchCalls(org));
  app.route("/", oauthRoutes(org));
  app.route("/", soapRoutes(org));
  app.route("/", dataRoutes(org));
  app.route("/", bulkRoutes(org));
  return app;
}

async function listen(server: Server, port: number): Promise<void> {
  server.listen(port, loopback);
  try {
    await once(server, "listening");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EADDRINUSE") throw error;
    fail(
      {
        reason: "port-taken",
        message: `Port ${port} is taken by another program`,
        retryable: false,
        expected: `a free port on ${loopback}`,
        where: `${loopback}:${port}`,
        next: "Choose another with --port, or --port 0 for any free one",
      },
      error,
    );
  }
}
