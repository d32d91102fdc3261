import packageJson from "../../../package.json" with { type: "json" };
import type { DaemonEvent } from "../../event/daemon-event.ts";
import { alertService } from "../../observability/alerts/alert-service.ts";
import { heartbeatService } from "../../observability/alerts/heartbeat-service.ts";
import type { DaemonService } from "../../scheduler/daemon-service.ts";
import { alertWords } from "../../tui/words/alert-message.ts";
import { daemonLineage } from "../openlineage/daemon-lineage.ts";
import { logFormatOption, openConfiguredLog, openLog } from "../output/log-lines.ts";
import { print } from "../output/print.ts";
import type { ScheduledProject } from "../project/open-project.ts";
import { secretValuesOf } from "../project/secret-values-of.ts";
import type { VerbContext } from "../run-verb.ts";
import { UsageError } from "../usage-error.ts";

/** What is mounted into the daemon by its options. */
export interface ServiceOptions {
  readonly metricsPort?: number;
  readonly metricsHost?: string;
  readonly logFormat?: string;
  readonly heartbeat?: string;
}

/** What lives in the daemon beside the schedules: those that tell of it first, so that they tell of the others as well. */
export async function daemonServices(
  context: VerbContext,
  project: ScheduledProject,
  options: ServiceOptions,
): Promise<readonly DaemonService[]> {
  return [
    ...(await tellers(context, project, options)),
    ...(await monitoring(project, options)),
    alertService({ secrets: secretValuesOf(project), words: alertWords }),
    heartbeatService({ secrets: secretValuesOf(project), ...heartbeatOf(options) }),
    daemonLineage(project),
  ];
}

async function tellers(
  { options: { json } }: VerbContext,
  project: ScheduledProject,
  { logFormat }: ServiceOptions,
): Promise<readonly DaemonService[]> {
  const onStderr = logFormatOption(logFormat) === "json";
  const { logs } = project.config;
  const printers = json === true || !onStderr ? [eventPrinter(json === true)] : [];
  if (!onStderr && logs === undefined) return printers;
  const { logService } = await import("../../observability/logs/log-service.ts");
  return [
    ...printers,
    ...(onStderr ? [logService(() => openLog(project, { to: 2 }))] : []),
    ...(logs === undefined ? [] : [logService(() => openConfiguredLog(project, logs))]),
  ];
}

/** Prints what happens: a line each, or with `--json` the events themselves. */
function eventPrinter(asJson: boolean): DaemonService {
  const printOne = (event: DaemonEvent) => {
    if (asJson) print(JSON.stringify(event));
    else if (event.type !== "heartbeat") print(eventLine(event));
  };
  return { name: "events", start: async () => {}, onEvent: printOne, stop: async () => {} };
}

function eventLine({ at, type, ...fields }: DaemonEvent): string {
  const named = Object.entries(fields).map(
    ([name, value]) =>
      `${name}=${typeof value === "string" && !/\s/.test(value) ? value : JSON.stringify(value)}`,
  );
  return [`${at.slice(0, 19)}Z`, type, ...named].join(" ");
}

/** The endpoint, when option or config gives it a port; what serves it is loaded only then. */
async function monitoring(
  { config, storePath }: ScheduledProject,
  options: ServiceOptions,
): Promise<readonly DaemonService[]> {
  const port = options.metricsPort ?? config.daemon?.metricsPort;
  const host = options.metricsHost ?? config.daemon?.metricsHost;
  if (port === undefined) {
    if (options.metricsHost === undefined) return [];
    throw new UsageError(
      "--metrics-host needs a port",
      "moraine daemon --metrics-port 9464 --metrics-host ...",
    );
  }
  const [{ monitoringService }, { metricsToken }] = await Promise.all([
    import("../../observability/http/monitoring-service.ts"),
    import("./metrics.ts"),
  ]);
  const token = metricsToken();
  return [
    monitoringService({
      port,
      storePath,
      version: packageJson.version,
      ...(host === undefined ? {} : { host }),
      ...(token === undefined ? {} : { token }),
    }),
  ];
}

function heartbeatOf({ heartbeat: url }: ServiceOptions): { readonly url?: string } {
  if (url === undefined) return {};
  if (!/^https?:$/.test(URL.canParse(url) ? new URL(url).protocol : ""))
    throw new UsageError(
      "--heartbeat expects an http or https URL",
      "moraine daemon --heartbeat https://monitor.example.com/ping",
    );
  return { url };
}
