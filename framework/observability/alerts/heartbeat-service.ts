import type { DaemonContext, DaemonService } from "../../scheduler/daemon-service.ts";
import { ping } from "./heartbeat.ts";
import type { SecretValues } from "./secret-values.ts";
import { UnderWay } from "./under-way.ts";

const usualEveryMs = 300_000;

/**
 * Tells a monitor outside that the daemon lives and can write to its store: it is woken after the daemon has.
 *
 * @param options `url` goes before that of the config
 */
export function heartbeatService(options: {
  readonly secrets: SecretValues;
  readonly url?: string;
}): DaemonService {
  const underWay = new UnderWay();
  let context: DaemonContext;
  let next = new Date(0);
  return {
    name: "heartbeat",
    async start(given) {
      context = given;
    },
    async wake(now) {
      const { clock } = context;
      const configured = context.project().config.alerts?.heartbeat?.daemon;
      const url = options.url ?? configured?.url;
      if (url === undefined) return undefined;
      if (now < next) return next;
      next = new Date(now.getTime() + (configured?.everyMs ?? usualEveryMs));
      const failure = await underWay.run(() =>
        ping(url, {
          secrets: options.secrets,
          clock,
          signal: underWay.signal,
          redact: (text) => context.redact(text),
        }),
      );
      if (failure !== null)
        context.report({
          type: "daemon-problem",
          at: clock.now().toISOString(),
          service: "heartbeat",
          message: failure.message,
        });
      return next;
    },
    stop: () => underWay.end(),
  };
}
