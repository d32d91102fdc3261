import type { DaemonService } from "../../scheduler/daemon-service.ts";
import type { JsonLog } from "./json-log.ts";

/** Writes the daemon's events to a log as long as it lives. */
export function logService(open: () => Promise<JsonLog>): DaemonService {
  let log: JsonLog | undefined;
  return {
    name: "log",
    start: async () => {
      log = await open();
    },
    onEvent: (event) => log?.daemonEvent(event),
    wake: async () => {
      log?.rotate();
      return undefined;
    },
    stop: async () => log?.close(),
  };
}
