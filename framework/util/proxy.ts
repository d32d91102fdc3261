import { BlockList, isIP } from "node:net";
import { fail } from "../event/failure.ts";

/** Environment variables by name. */
type Environment = Readonly<Record<string, string | undefined>>;

/** `fetch` of an address, not of a `Request`. */
export type Fetch = (url: string | URL, init?: RequestInit) => Promise<Response>;

/**
 * The proxy that requests to `url` go through by `HTTPS_PROXY` or `HTTP_PROXY`, chosen by the scheme of `url`; undefined
 * when there is none, when `NO_PROXY` names the host, and for this machine itself. A variable in lower case wins.
 *
 * `NO_PROXY` is read as curl and Python's requests read it, since pip has the same environment: separated by commas; a name
 * stands for its subdomains too, with or without a leading dot; `:port` narrows it; `10.0.0.0/8` is a range of addresses;
 * `*` stands for every host.
 *
 * @throws FailureError `unreachable` when the variable holds no address of a proxy; its value, which may hold a password, is
 * not quoted
 */
export function proxyOf(url: string | URL, environment: Environment = process.env): URL | undefined {
  const { protocol, hostname, port } = new URL(url);
  const host = hostname.replace(/^\[|\]$/g, "");
  const name = protocol === "https:" ? "https_proxy" : "http_proxy";
  const address = valueOf(environment, name);
  if (address === "" || isThisMachine(host)) return undefined;
  const isExcepted = valueOf(environment, "no_proxy")
    .split(/[\s,]+/)
    .some((entry) => entry !== "" && matches(entry, host, port === "" ? defaultPort(protocol) : port));
  if (isExcepted) return undefined;
  const withScheme = address.includes("://") ? address : `http://${address}`;
  const proxy = URL.canParse(withScheme) ? new URL(withScheme) : undefined;
  if (proxy === undefined || !["http:", "https:"].includes(proxy.protocol)) {
    return fail({
      reason: "unreachable",
      message: `${name.toUpperCase()} is not the address of an HTTP proxy`,
      retryable: false,
      expected: "an address like http://proxy.example.com:3128",
      where: host,
      next: `correct ${name.toUpperCase()}, or name the host in NO_PROXY`,
    });
  }
  return proxy;
}

/**
 * Makes a `fetch` that goes through the proxies of the environment. It keeps one pool of connections for each proxy; without
 * a proxy it is Node's own `fetch`, and nothing else is loaded. Beside what `fetch` throws it throws FailureError `unreachable`
 * for a proxy that refuses, and as {@link proxyOf}.
 */
export function fetchByProxy(environment: Environment = process.env): Fetch {
  const pools = new Map<string, ReturnType<typeof openPool>>();
  return async (url, init) => {
    const proxy = proxyOf(url, environment);
    if (proxy === undefined) return fetch(url, init);
    let pool = pools.get(proxy.href);
    if (pool === undefined) pools.set(proxy.href, (pool = openPool(proxy)));
    return (await pool)(url, init);
  };
}

// Node 22.14 reads no proxy from the environment, and Node's own `fetch` takes no agent of another version of undici.
async function openPool(proxy: URL): Promise<Fetch> {
  const undici = await import("undici");
  // Plain HTTP is forwarded: many proxies refuse a tunnel to another port than 443.
  const dispatcher = new undici.ProxyAgent({ uri: proxy.href, proxyTunnel: false });
  // The types that Node's own `fetch` has are those of another version.
  const send = undici.fetch as unknown as (url: string | URL, init: object) => Promise<Response>;
  return async (url, init) => {
    try {
      return await send(url, { ...init, dispatcher });
    } catch (error) {
      const status = statusOfRefusal(error);
      if (status === undefined) throw error;
      return fail(
        {
          reason: "unreachable",
          message: "the proxy refuses to connect",
          retryable: status >= 500,
          got: `HTTP ${status}`,
          where: `${proxy.host}, for ${new URL(url).host}`,
          next:
            status === 407
              ? "put user and password into the proxy's address: http://user:password@host:port"
              : "have the proxy allow the host, or name it in NO_PROXY",
        },
        error,
      );
    }
  };
}

/** The status by which a proxy refused a tunnel. `fetch` calls that cancelled; undici says it two causes further down. */
function statusOfRefusal(error: unknown): number | undefined {
  for (let cause = error; cause instanceof Error; cause = cause.cause) {
    const status = /^Proxy response \((\d+)\)/.exec(cause.message)?.[1];
    if (status !== undefined) return Number(status);
  }
  return undefined;
}

function valueOf(environment: Environment, name: string): string {
  return (environment[name] ?? environment[name.toUpperCase()] ?? "").trim();
}

function defaultPort(protocol: string): string {
  return protocol === "https:" ? "443" : "80";
}

function isThisMachine(host: string): boolean {
  return (
    host === "localhost" || host.endsWith(".localhost") || host === "::1" || inRange(host, "127.0.0.0/8")
  );
}

function matches(entry: string, host: string, port: string): boolean {
  if (entry === "*") return true;
  if (entry.includes("/")) return inRange(host, entry);
  const [, pattern = "", narrowed] =
    /^\[?(.*?)\]?(?::(\d+))?$/.exec(isIP(entry) === 6 ? `[${entry}]` : entry) ?? [];
  if (narrowed !== undefined && narrowed !== port) return false;
  const name = pattern.toLowerCase().replace(/^\*?\./, "");
  return host === name || (isIP(host) === 0 && host.endsWith(`.${name}`));
}

/** Whether an address lies in a range like `10.0.0.0/8`; false for a name and for a range that is none. */
function inRange(host: string, range: string): boolean {
  const [network = "", prefix = ""] = range.split("/");
  const version = isIP(host);
  const isRange =
    isIP(network) === version && /^\d{1,3}$/.test(prefix) && Number(prefix) <= (version === 4 ? 32 : 128);
  if (version === 0 || !isRange) return false;
  const type = version === 4 ? "ipv4" : "ipv6";
  const list = new BlockList();
  list.addSubnet(network, Number(prefix), type);
  return list.check(host, type);
}
