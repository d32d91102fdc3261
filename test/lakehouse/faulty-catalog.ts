import { EventEmitter } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { startCatalog } from "../../framework/lakehouse/catalog/start-catalog.ts";

/** What happens to the next requests that match. */
interface Fault {
  /** Of `GET /v1/...`. */
  readonly match: RegExp;
  readonly times: number;
  /** `lost`: the request is carried out, and its answer never comes. `Promise`: it is answered once that is kept. */
  readonly does: number | "lost" | Promise<void>;
  readonly headers?: Readonly<Record<string, string>>;
}

/** An Iceberg REST catalog whose clients sign in by OAuth, and which can be made to fail. */
export interface FaultyCatalog {
  readonly uri: string;
  /** `GET /v1/...`, in the order in which they came. */
  readonly requests: string[];
  /** What client credentials are right. */
  clientSecret: string;
  /** How long tokens live. */
  lifeSeconds: number;
  fail(fault: Fault): void;
  /** Resolves when a request that matches comes. */
  nextRequest(match: RegExp): Promise<void>;
  /** Refuses every token given so far. */
  revokeTokens(): void;
  close(): Promise<void>;
}

/** Starts a catalog on a folder, behind a server that asks for tokens and fails as told. */
export async function faultyCatalog(dir: string): Promise<FaultyCatalog> {
  const catalog = await startCatalog({ dir });
  const faults: { fault: Fault; left: number }[] = [];
  const arrivals = new EventEmitter();
  const tokens = new Set<string>();
  let issued = 0;
  const grant = (form: URLSearchParams): [status: number, body: object] => {
    if (form.get("client_id") !== "moraine" || form.get("client_secret") !== faulty.clientSecret)
      return [401, { error: "invalid_client", error_description: "no such client" }];
    issued += 1;
    tokens.add(`token-${issued}`);
    return [200, { access_token: `token-${issued}`, expires_in: faulty.lifeSeconds }];
  };
  const handle = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const line = `${request.method} ${request.url}`;
    faulty.requests.push(line);
    arrivals.emit("request", line);
    let body = "";
    for await (const chunk of request) body += String(chunk);
    const answer = (status: number, value: object, headers: Fault["headers"] = {}) =>
      response.writeHead(status, headers).end(JSON.stringify(value));
    const armed = faults.find(({ fault, left }) => left > 0 && fault.match.test(line));
    if (armed !== undefined) armed.left -= 1;
    const does = armed?.fault.does;
    if (does instanceof Promise) await does;
    if (typeof does === "number") {
      const error = { message: "made to fail", type: "Made", code: does };
      answer(does, { error }, armed?.fault.headers);
      return;
    }
    if (request.url === "/v1/oauth/tokens") {
      answer(...grant(new URLSearchParams(body)));
      return;
    }
    const token = request.headers.authorization?.replace("Bearer ", "") ?? "";
    if (!tokens.has(token)) {
      answer(401, { error: { message: "unknown token", type: "NotAuthorizedException", code: 401 } });
      return;
    }
    const forwarded = await fetch(`${catalog.url}${request.url}`, {
      method: request.method ?? "GET",
      headers: { authorization: `Bearer ${catalog.token}` },
      ...(body === "" ? {} : { body }),
    });
    const text = await forwarded.text();
    if (does === "lost") response.destroy();
    else response.writeHead(forwarded.status).end(text);
  };
  const server = createServer((request, response) => void handle(request, response));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const faulty: FaultyCatalog = {
    uri: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests: [],
    clientSecret: "right",
    lifeSeconds: 3_600,
    nextRequest: (match) =>
      new Promise((resolve) => {
        const look = (line: string): void => {
          if (!match.test(line)) return;
          arrivals.off("request", look);
          resolve();
        };
        arrivals.on("request", look);
      }),
    fail: (fault) => void faults.push({ fault, left: fault.times }),
    revokeTokens: () => tokens.clear(),
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      await catalog.close();
    },
  };
  return faulty;
}
