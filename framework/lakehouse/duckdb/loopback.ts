import { loopback } from "../../util/loopback.ts";

/**
 * Excepts 127.0.0.1 from the proxy of this process's environment, if it has one. DuckDB's HTTP client honours
 * `http_proxy` even for the loopback address, and so would ask a company's proxy for our own catalog.
 */
export function bypassProxyOnLoopback(environment: NodeJS.ProcessEnv = process.env): void {
  const hasProxy = ["http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"].some((name) => environment[name]);
  if (!hasProxy) return;
  for (const name of ["no_proxy", "NO_PROXY"]) {
    const hosts = (environment[name] ?? "").split(",").map((host) => host.trim());
    if (hosts.includes(loopback) || hosts.includes("*")) continue;
    environment[name] = [...hosts, loopback].filter((host) => host !== "").join(",");
  }
}
