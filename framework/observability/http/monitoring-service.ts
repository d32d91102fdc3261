import type { DaemonService } from "../../scheduler/daemon-service.ts";
import type { StoreReader } from "../../store/store.ts";
import { Metrics } from "../metrics/metrics.ts";
import { contentType } from "../metrics/samples.ts";
import { type MonitoringOptions, type MonitoringServer, serveMonitoring } from "./monitoring-server.ts";
import { readinessOf } from "./readiness.ts";

/** Where the daemon's endpoint listens, and what it measures. */
export interface MonitoringServiceOptions extends Pick<MonitoringOptions, "port" | "host" | "token"> {
  readonly storePath: string;
  readonly version: string;
}

/**
 * `/metrics`, `/healthz` and `/readyz` inside the daemon. It is not ready while it drains, nor while the definitions on
 * disk are not those in force: what it has does run, but a deployment has not arrived, and each run reads the disk anew.
 */
export function monitoringService({ storePath, version, ...at }: MonitoringServiceOptions): DaemonService {
  let reader: StoreReader | undefined;
  let server: MonitoringServer | undefined;
  let refused = 0;
  let isDraining = false;
  const obstacles = () => [
    ...(refused > 0
      ? ["the definitions on disk are wrong, and the last good ones in force; the log says what is wrong"]
      : []),
    ...(isDraining ? ["it was told to end"] : []),
  ];
  return {
    name: "metrics",
    async start(context) {
      const { clock, report } = context;
      const source = {
        reader: context.openReader(),
        storePath,
        version,
        graph: () => context.project().graph,
        schedules: () => context.project().schedules,
        now: () => clock.now(),
      };
      reader = source.reader;
      const metrics = new Metrics(source);
      const now = () => clock.now().toISOString();
      try {
        server = await serveMonitoring({
          ...at,
          contentType,
          metrics: () => metrics.text(),
          ready: () => readinessOf(source, obstacles()),
          onError: (error) => {
            const message = error instanceof Error ? error.message : String(error);
            report({ type: "daemon-problem", at: now(), service: "metrics", message });
          },
        });
      } catch (error) {
        reader.close();
        throw error;
      }
      report({ type: "service-listening", at: now(), service: "metrics", url: server.url });
    },
    onEvent(event) {
      if (event.type === "reloaded") refused = 0;
      else if (event.type === "reload-refused") refused = event.problems.length;
      else if (event.type === "draining") isDraining = true;
    },
    async stop() {
      await server?.close();
      reader?.close();
    },
  };
}
