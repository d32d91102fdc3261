import type { Agent as HttpAgent, ClientRequest } from "node:http";
import type { Agent as HttpsAgent } from "node:https";
import { connect as connectTcp } from "node:net";
import type { Duplex } from "node:stream";
import { connect as connectTls, type ConnectionOptions } from "node:tls";
import { proxyOf } from "./proxy.ts";

type Environment = Readonly<Record<string, string | undefined>>;
type Connected = (error: Error | null, stream: Duplex) => void;

// Node 24 loads its whole `fetch` when a module imports `node:http` statically: 30 ms of every start.
const http = () => process.getBuiltinModule("node:http");
const https = () => process.getBuiltinModule("node:https");

const names = ["https_proxy", "http_proxy", "HTTPS_PROXY", "HTTP_PROXY"];

/** What agents of Node's `http` and `https` are given, for clients that take agents and not a `fetch`. */
export interface ProxyAgents {
  readonly httpAgent: HttpAgent;
  readonly httpsAgent: HttpsAgent;
}

/**
 * Agents whose connections are tunnels through the proxies of the environment, chosen for each host as {@link proxyOf} does. Undefined
 * when the environment names no proxy. Connections are kept, fifty to a host at most, as the AWS SDK's own agents do.
 */
export function proxyAgents(environment: Environment = process.env): ProxyAgents | undefined {
  if (!names.some((name) => (environment[name] ?? "") !== "")) return undefined;
  const options = { keepAlive: true, maxSockets: 50 };
  const [httpAgent, httpsAgent] = [new (http().Agent)(options), new (https().Agent)(options)];
  httpAgent.createConnection = connector("http:", environment);
  httpsAgent.createConnection = connector("https:", environment);
  return { httpAgent, httpsAgent };
}

/** Node waits for the callback when no stream is returned. */
function connector(protocol: "http:" | "https:", environment: Environment) {
  return (given: object, connected?: Connected): Duplex | undefined => {
    const options = given as ConnectionOptions & { readonly host: string; readonly port: number };
    const host = options.host.includes(":") ? `[${options.host}]` : options.host;
    const proxy = proxyOf(`${protocol}//${host}:${options.port}`, environment);
    const open = (socket?: Duplex): Duplex => {
      if (protocol === "http:") return socket ?? connectTcp(options);
      return connectTls(socket === undefined ? options : { ...options, socket });
    };
    if (proxy === undefined) return open();
    openTunnel(proxy, `${host}:${options.port}`)
      .then((socket) => connected?.(null, open(socket)))
      .catch((error: Error) => connected?.(error, undefined as never));
    return undefined;
  };
}

/** RFC 9110, section 9.3.6. */
function openTunnel(proxy: URL, target: string): Promise<Duplex> {
  const credentials = [proxy.username, proxy.password].map(decodeURIComponent).join(":");
  const authorization =
    credentials === ":"
      ? {}
      : { "proxy-authorization": `Basic ${Buffer.from(credentials).toString("base64")}` };
  const { request } = proxy.protocol === "https:" ? https() : http();
  return new Promise((resolve, reject) => {
    const asked: ClientRequest = request({
      host: proxy.hostname.replace(/^\[|\]$/g, ""),
      port: proxy.port === "" ? (proxy.protocol === "https:" ? 443 : 80) : Number(proxy.port),
      method: "CONNECT",
      path: target,
      headers: { host: target, ...authorization },
      agent: false,
    });
    asked.once("connect", (answer, socket) => {
      if (answer.statusCode === 200) return resolve(socket);
      socket.destroy();
      reject(new Error(`the proxy ${proxy.host} answered HTTP ${answer.statusCode} for ${target}`));
    });
    asked.once("error", reject);
    asked.end();
  });
}
