import { totalmem } from "node:os";
import type { Child } from "../../scheduler/daemon.ts";
import type { TickRecord } from "../../store/schedules.ts";
import { signalProcess } from "../../util/process-start.ts";
import type { OpenConfig } from "../project/open-project.ts";
import { startVerb } from "./start-verb.ts";

/** What a run may hold when nobody says, MB: three quarters of the machine's memory. */
function machineShareMb(): number {
  const limit = process.constrainedMemory();
  const bytes = limit > 0 && limit < totalmem() ? limit : totalmem();
  return Math.floor((bytes * 0.75) / 2 ** 20);
}

/** The arguments of a tick's run: what a person would type, and by what its run is known. */
export function runArguments(tick: TickRecord, runId: string): readonly string[] {
  const { selection, partitions, tags } = tick.request;
  const named = { ...tags, schedule: tick.schedule, tick: tick.tick };
  return [
    "materialize",
    "--trigger=schedule",
    `--run-id=${runId}`,
    ...Object.entries(named).map(([name, value]) => `--tag=${name}=${value}`),
    ...partitions.map((partition) => `--partition=${partition}`),
    "--",
    ...selection,
  ];
}

/** Starts a verb that goes on when the daemon is killed. @param memoryMb for its JavaScript */
export function startChild(
  project: OpenConfig,
  [verb = "", ...rest]: readonly string[],
  {
    logName,
    memoryMb = machineShareMb(),
  }: { readonly logName: string; readonly memoryMb?: number | undefined },
): Child {
  const started = startVerb(project, [verb, "--no-input", ...rest], { logName, memoryMb });
  const { pid } = started;
  return {
    pid: pid ?? 0,
    ended: started.ended.then((end) => ({
      ...end,
      lastLine: pid === undefined ? "no process could be started" : (started.lastLine() ?? ""),
    })),
    end: (now) => {
      if (pid === undefined) return;
      // A run ends what it has started itself; a kill has to reach all of it.
      if (now) signalProcess(-pid, "SIGKILL");
      else signalProcess(pid, "SIGTERM");
    },
  };
}
