import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { FailureError } from "../../event/failure.ts";
import { isToken } from "../../util/bearer-token.ts";
import { isLoopbackHost, loopback } from "../../util/loopback.ts";

/** Whether work can go on, and what stands in its way. */
export interface Readiness {
  readonly isReady: boolean;
  /** One line each; empty when ready. */
  readonly problems: readonly string[];
}

/** What the endpoint answers from. */
export interface MonitoringOptions {
  /** 0: a free one. */
  readonly port: number;
  /** @default "127.0.0.1" */
  readonly host?: string;
  /** What `/metrics` wants as bearer token. @default none is asked for */
  readonly token?: string;
  /** The text of `/metrics`, and its MIME type. */
  readonly metrics: () => Promise<string>;
  readonly contentType: string;
  readonly ready: () => Promise<Readiness> | Readiness;
  /** Told what went wrong with a request; the client learns no more than that something did. */
  readonly onError: (error: unknown) => void;
}

/** An endpoint that answers. */
export interface MonitoringServer {
  /** `http://127.0.0.1:9464` */
  readonly url: string;
  close(): Promise<void>;
}

/** A scrape is one small request; whoever is slower has no business here. */
const requestTimeoutMs = 10_000;

interface Answer {
  readonly status: number;
  readonly text: string;
  readonly type?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/**
 * Serves `/metrics`, `/healthz` (the process answers) and `/readyz` (it can work). It reads and changes nothing, on
 * loopback unless told otherwise; there it answers only who asks for a name of this machine's, so that no web page can
 * read it by a name of its own.
 *
 * @throws FailureError `port-taken`
 */
export async function serveMonitoring(options: MonitoringOptions): Promise<MonitoringServer> {
  const { host = loopback, port } = options;
  const server = createServer(
    { requestTimeout: requestTimeoutMs, headersTimeout: requestTimeoutMs },
    (request, response) => {
      void answer(options, request).then((found) => send(request, response, found));
    },
  );
  await new Promise<void>((listening, refuse) => {
    server.once("error", (error: NodeJS.ErrnoException) => refuse(cannotListen(error, host, port)));
    server.listen(port, host, listening);
  });
  const address = server.address() as AddressInfo;
  return {
    url: `http://${address.family === "IPv6" ? `[${address.address}]` : address.address}:${address.port}`,
    close: () =>
      new Promise((closed) => {
        server.close(() => closed());
        server.closeAllConnections();
      }),
  };
}

function cannotListen(error: NodeJS.ErrnoException, host: string, port: number): Error {
  if (!["EADDRINUSE", "EACCES", "EADDRNOTAVAIL", "ENOTFOUND"].includes(error.code ?? "")) return error;
  return new FailureError(
    {
      reason: "port-taken",
      message: `the metrics can't be served on ${host}:${port}`,
      retryable: false,
      got: error.message,
      next: "choose another port or host, or end who holds it",
    },
    { cause: error },
  );
}

async function answer(options: MonitoringOptions, request: IncomingMessage): Promise<Answer> {
  if (!isForUs(options, request)) return { status: 403, text: "this name is not served here\n" };
  const { pathname } = new URL(request.url ?? "/", "http://localhost");
  const route = Object.hasOwn(routes, pathname) ? routes[pathname] : undefined;
  if (route === undefined) return { status: 404, text: `${Object.keys(routes).join("\n")}\n` };
  if (request.method !== "GET" && request.method !== "HEAD")
    return { status: 405, text: "only GET and HEAD\n", headers: { allow: "GET, HEAD" } };
  try {
    return await route(options, request);
  } catch (error) {
    options.onError(error);
    return { status: 500, text: "it failed; the log says why\n" };
  }
}

type Route = (options: MonitoringOptions, request: IncomingMessage) => Promise<Answer> | Answer;

const routes: Readonly<Record<string, Route>> = {
  "/metrics": async (options, { headers }) => {
    if (options.token !== undefined && !isToken(headers.authorization, options.token))
      return { status: 401, text: "expected a bearer token\n", headers: { "www-authenticate": "Bearer" } };
    return { status: 200, text: await options.metrics(), type: options.contentType };
  },
  "/healthz": () => ({ status: 200, text: "ok\n" }),
  "/readyz": async ({ ready }) => {
    const { isReady, problems } = await ready();
    return { status: isReady ? 200 : 503, text: `${isReady ? "ready" : problems.join("\n")}\n` };
  },
};

/** On loopback only a name of loopback will do. */
function isForUs({ host = loopback }: MonitoringOptions, { headers }: IncomingMessage): boolean {
  if (host !== loopback && host !== "::1" && host !== "localhost") return true;
  return isLoopbackHost(headers.host);
}

function send(request: IncomingMessage, response: ServerResponse, found: Answer): void {
  const { status, text, type = "text/plain; charset=utf-8", headers = {} } = found;
  response.writeHead(status, {
    "content-type": type,
    "content-length": Buffer.byteLength(text),
    "cache-control": "no-store",
    "x-content-type-options": "nosniff",
    ...headers,
  });
  response.end(request.method === "HEAD" ? undefined : text);
}
