import packageJson from "../../../package.json" with { type: "json" };
import { DefinitionError } from "../../definition/problem.ts";
import { serveMonitoring } from "../../observability/http/monitoring-server.ts";
import { readinessOf } from "../../observability/http/readiness.ts";
import { Metrics, type MetricsOptions } from "../../observability/metrics/metrics.ts";
import { contentType } from "../../observability/metrics/samples.ts";
import { writeAtomically } from "../../util/write-atomically.ts";
import { exitCode } from "../exit-code.ts";
import { print, printJson, say } from "../output/print.ts";
import { reportError } from "../output/report-error.ts";
import type { ScheduledDefinitions } from "../project/join-definitions.ts";
import type { OpenConfig } from "../project/open-project.ts";
import { untilStopped, type VerbContext } from "../run-verb.ts";
import { UsageError } from "../usage-error.ts";

interface MetricsVerbOptions {
  readonly textfile?: string;
  readonly port?: number;
  readonly host?: string;
}

/** The port that OpenTelemetry's Prometheus exporters use; nothing of Prometheus' own listens there. */
const defaultPort = 9464;

/** `moraine metrics`. */
export async function metrics(
  context: VerbContext,
  [action = "print"]: readonly string[],
  options: MetricsVerbOptions,
): Promise<number> {
  if (action !== "print" && action !== "serve")
    throw new UsageError(`no action ${action}; expected print or serve`, "moraine metrics --help");
  const stray = action === "serve" ? "textfile" : (["port", "host"] as const).find((name) => name in options);
  if (stray !== undefined && options[stray] !== undefined)
    throw new UsageError(`--${stray} is not for ${action}`, "moraine metrics --help");
  const { source, code } = await openSource(context);
  try {
    if (action === "serve") return await serve(context, source, options);
    await write(context, new Metrics(source), options);
    return code;
  } finally {
    source.reader.close();
  }
}

/** Definitions that can't be read take nothing from what the store knows: that is when somebody looks. */
async function openSource(
  context: VerbContext,
): Promise<{ readonly source: MetricsOptions; readonly code: number }> {
  try {
    const project = await context.openScheduled();
    return { source: sourceOf(project, () => project), code: exitCode.done };
  } catch (error) {
    if (!(error instanceof DefinitionError)) throw error;
    const config = await context.openConfig();
    const code = reportError(error, context.options, (text) => config.redactor.redact(text));
    return { source: sourceOf(config, () => undefined), code };
  }
}

/** The caller closes its reader. @param definitions undefined when they can't be read */
function sourceOf(config: OpenConfig, definitions: () => ScheduledDefinitions | undefined): MetricsOptions {
  // Made when it is missing, so that a project that never ran has metrics as well.
  if (config.store.target !== config.targetName)
    throw new Error("Internal error: expected the store's target");
  const { storePath } = config;
  return {
    reader: config.openReader(),
    storePath,
    version: packageJson.version,
    graph: () => definitions()?.graph,
    schedules: () => definitions()?.schedules,
  };
}

/** By the environment, for everybody on the machine can read a command line. */
export function metricsToken(): string | undefined {
  const token = process.env["MORAINE_METRICS_TOKEN"];
  return token === "" ? undefined : token;
}

async function write(
  context: VerbContext,
  collected: Metrics,
  { textfile }: MetricsVerbOptions,
): Promise<void> {
  if (context.options.json === true) printJson(collected.collect().families());
  else if (textfile === undefined) print((await collected.text()).trimEnd());
  else writeAtomically(textfile, await collected.text());
}

async function serve(
  context: VerbContext,
  source: MetricsOptions,
  { port = defaultPort, host }: MetricsVerbOptions,
): Promise<number> {
  const collected = new Metrics(source);
  const token = metricsToken();
  const server = await serveMonitoring({
    port,
    contentType,
    metrics: () => collected.text(),
    ready: () => readinessOf(source),
    onError: (error) => say(`metrics: ${error instanceof Error ? error.message : String(error)}`),
    ...(host === undefined ? {} : { host }),
    ...(token === undefined ? {} : { token }),
  });
  if (context.options.json === true) printJson({ url: server.url });
  else print(`metrics at ${server.url}/metrics`);
  await untilStopped(context.signal);
  await server.close();
  return exitCode.done;
}
