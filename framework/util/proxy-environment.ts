import { loopback } from "./loopback.ts";

const isWindows = process.platform === "win32";

/**
 * Makes the proxies of an environment fit for DuckDB, in this process and in what it starts. To be called before either loads.
 *
 * 127.0.0.1 is excepted: DuckDB asks a proxy for the loopback address as well, and so a company's proxy for our own catalog.
 * `HTTP_PROXY` becomes `http_proxy`, which every HTTP client reads too: DuckDB takes the variable in capitals for HTTPS as well, whatever
 * `HTTPS_PROXY` says, and refuses every request when it holds a user and a password.
 */
export function fitProxyEnvironment(environment: NodeJS.ProcessEnv = process.env): void {
  // Names of variables have no case there.
  if (!isWindows && (environment["HTTP_PROXY"] ?? "") !== "") {
    environment["http_proxy"] ??= environment["HTTP_PROXY"];
    delete environment["HTTP_PROXY"];
  }
  const hasProxy = ["http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"].some((name) => environment[name]);
  if (!hasProxy) return;
  const given = environment["no_proxy"] ?? environment["NO_PROXY"] ?? "";
  const hosts = given.split(",").map((host) => host.trim());
  const value = hosts.includes("*")
    ? "*"
    : [...new Set([...hosts, loopback])].filter((host) => host !== "").join(",");
  for (const name of ["no_proxy", "NO_PROXY"]) environment[name] = value;
}
