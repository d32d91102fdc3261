import type { MetricsOptions } from "../metrics/metrics.ts";
import type { Readiness } from "./monitoring-server.ts";

/** Whether definitions and store can be read; without either nothing would run. */
export function readinessOf({ reader, graph }: Pick<MetricsOptions, "reader" | "graph">): Readiness {
  const problems = [
    ...(graph() === undefined ? ["the project's definitions can't be read"] : []),
    ...(isReadable(reader) ? [] : ["the store can't be read"]),
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
