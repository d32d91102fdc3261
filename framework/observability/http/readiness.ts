import type { MetricsOptions } from "../metrics/metrics.ts";
import type { Readiness } from "./monitoring-server.ts";

/** Whether definitions and store can be read, without either of which nothing would run, and nothing else stands in the way. */
export function readinessOf(
  { reader, graph }: Pick<MetricsOptions, "reader" | "graph">,
  obstacles: readonly string[] = [],
): Readiness {
  const problems = [
    ...(graph() === undefined ? ["the project's definitions can't be read"] : []),
    ...(isReadable(reader) ? [] : ["the store can't be read"]),
    ...obstacles,
  ];
  return { isReady: problems.length === 0, problems };
}

function isReadable(reader: MetricsOptions["reader"]): boolean {
  try {
    reader.newestEventId();
    return true;
  } catch {
    return false;
  }
}
