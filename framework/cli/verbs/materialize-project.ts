import type { EventListener, RunTrigger } from "../../event/event.ts";
import type { FailureReason } from "../../event/failure.ts";
import { materialize } from "../../materializer/materialize.ts";
import type { AskedFor, RunSummary } from "../../materializer/run-request.ts";
import type { Store } from "../../store/store.ts";
import { systemClock } from "../../util/clock.ts";
import { exitCode, worstExitCode } from "../exit-code.ts";
import { lineageTelling } from "../openlineage/lineage-telling.ts";
import { openConfiguredLog } from "../output/log-lines.ts";
import { say } from "../output/print.ts";
import type { OpenProject } from "../project/open-project.ts";
import { codeOfSignal } from "../run-verb.ts";
import type { MaterializeOptions } from "./run-command.ts";

/** How many assets of one outside system work at once when the project does not say. */
const defaultPools: Readonly<Record<string, number>> = { salesforce: 2, dbt: 1 };

/** One run over an open project, with the exit code that it asks for. Also what `demo` does. */
export async function materializeProject(
  project: OpenProject,
  request: {
    readonly asked: AskedFor;
    readonly options: MaterializeOptions;
    /** @default the project's */
    readonly store?: Store;
    readonly trigger: RunTrigger;
    readonly signal: AbortSignal;
    readonly onEvent: EventListener;
  },
): Promise<RunSummary & { readonly exitCode: number }> {
  const { asked, options, signal } = request;
  const reasons: FailureReason[] = [];
  const { logs } = project.config;
  const log = logs === undefined ? undefined : await openConfiguredLog(project, logs);
  const store = request.store ?? project.store;
  const tellLineage = await lineageTelling(project, store, signal);
  const summary = await materialize({
    graph: project.graph,
    ...asked,
    ...(options.runId === undefined ? {} : { runId: options.runId }),
    trigger: request.trigger,
    store,
    lakehouse: project.lakehouse,
    resources: project.resources(),
    projectDir: project.projectDir,
    stateDir: project.stateDir,
    workers: options.workers ?? 4,
    pools: { ...defaultPools, ...project.config.pools, ...project.target.pools },
    failFast: options.failFast === true,
    signal,
    clock: systemClock,
    redact: (text) => project.redactor.redact(text),
    onEvent(event) {
      if (event.type === "asset-finished" && event.failure !== undefined) reasons.push(event.failure.reason);
      log?.runEvent(event);
      request.onEvent(event);
    },
  }).finally(() => log?.close());
  if (project.config.alerts !== undefined && request.trigger !== "demo") {
    const { watchAfterRun } = await import("../alerts/watch-project.ts");
    await watchAfterRun(project, signal, say);
  }
  await tellLineage?.();
  const code =
    summary.status === "succeeded"
      ? exitCode.done
      : signal.aborted
        ? codeOfSignal(signal.reason)
        : worstExitCode(reasons);
  return { ...summary, exitCode: code };
}
