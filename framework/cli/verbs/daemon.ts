import { randomBytes } from "node:crypto";
import { hostname } from "node:os";
import { DefinitionError } from "../../definition/problem.ts";
import { Daemon } from "../../scheduler/daemon.ts";
import { type DaemonStatus, daemonStatuses, leadingDaemon } from "../../scheduler/daemon-statuses.ts";
import { daemonText } from "../../tui/words/schedule.ts";
import { systemClock } from "../../util/clock.ts";
import { exitCode } from "../exit-code.ts";
import { print, printJson } from "../output/print.ts";
import { loadConfig, loadScheduled } from "../project/load-project.ts";
import type { ScheduledProject } from "../project/open-project.ts";
import type { VerbContext } from "../run-verb.ts";
import { automationArguments, findChild, runArguments, startChild } from "./daemon-children.ts";
import { daemonServices, type ServiceOptions } from "./daemon-services.ts";

interface DaemonVerbOptions extends ServiceOptions {
  readonly once?: boolean;
  readonly status?: boolean;
  /** Only for its own child processes: the sensor to poll. */
  readonly poll?: string;
}

/** `moraine daemon`. */
export async function daemon(
  context: VerbContext,
  _args: readonly string[],
  options: DaemonVerbOptions,
): Promise<number> {
  if (options.status === true) return daemonStatus(context);
  if (options.poll !== undefined) return (await import("./poll-sensor.ts")).pollSensor(context, options.poll);
  const project = await context.openScheduled();
  const services = await daemonServices(context, project, options);
  const work = new Daemon({
    daemonId: randomBytes(6).toString("hex"),
    projectDir: project.projectDir,
    stateDir: project.stateDir,
    store: project.store,
    clock: systemClock,
    services,
    definitions: project,
    openReader: () => project.openReader(),
    redact: (text) => project.redactor.redact(text),
    reload: () => readAgain(context, project),
    problemsOf: (error) =>
      error instanceof DefinitionError
        ? error.problems.map(({ message }) => message)
        : [error instanceof Error ? error.message : String(error)],
    startRun: (tick, runId) =>
      startChild(project, runArguments(tick, runId), {
        logName: `run-${runId}.log`,
        logFormat: options.logFormat,
        memoryMb: tick.request.memoryMb ?? project.config.daemon?.memoryMb,
      }),
    startPoll: (sensor) =>
      startChild(project, ["daemon", `--poll=${sensor.name}`], {
        logName: `sensor-${sensor.name}.log`,
        memoryMb: sensor.memoryMb ?? project.config.daemon?.memoryMb,
      }),
    startAutomation: (runId) =>
      startChild(project, automationArguments(runId), {
        logName: "automation.log",
        logFormat: options.logFormat,
        memoryMb: project.config.daemon?.memoryMb,
      }),
    findRun: ({ runId = "", request }) => {
      const owner = project.store.runOwner(runId);
      const memoryMb = request.memoryMb ?? project.config.daemon?.memoryMb;
      return owner === undefined ? undefined : findChild(owner, memoryMb);
    },
  });
  const onHangup = () => void work.reload();
  process.on("SIGHUP", onHangup);
  await work.run(context.signal, options);
  process.off("SIGHUP", onHangup);
  return exitCode.done;
}

/** The definitions as they are now; the store, lake and secrets stay those of the start. */
async function readAgain(
  { signal }: VerbContext,
  project: ScheduledProject,
): Promise<Pick<ScheduledProject, "config" | "graph" | "schedules">> {
  const loaded = await loadConfig(project, project.targetName);
  return { config: loaded.config, ...(await loadScheduled(loaded, { signal, progress: () => {} })) };
}

/** `moraine daemon --status`: exit code 0 while a daemon of this target works, 3 when none does. */
async function daemonStatus(context: VerbContext): Promise<number> {
  const { store, targetName } = await context.openConfig();
  const daemons = daemonStatuses(store.scheduling, new Date());
  const leading = leadingDaemon(daemons);
  if (context.options.json === true) {
    const state = leading?.state ?? "none";
    printJson({ target: targetName, state, host: hostname(), daemons: daemons.map(daemonJson) });
  } else {
    print(daemonText(leading, targetName));
    if (leading?.problem !== undefined) print(`  definitions not taken over: ${leading.problem}`);
  }
  return leading?.isWorking === true ? exitCode.done : exitCode.notCurrent;
}

function daemonJson(status: DaemonStatus) {
  const { id, state, host, pid, startedAt, heartbeatAt, stoppedAt = null, silentMs, problem = null } = status;
  return { id, state, host, pid, startedAt, heartbeatAt, stoppedAt, silentMs, problem };
}
