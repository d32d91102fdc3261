import { totalmem } from "node:os";
import type { Child } from "../../scheduler/children.ts";
import type { TickRecord } from "../../store/schedules.ts";
import { type RunOwner, whereIsOwner } from "../../store/run-owner.ts";
import { signalProcess } from "../../util/process-start.ts";
import { processTrees } from "../../util/process-trees.ts";
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

/** The arguments of an evaluation of the assets' conditions, and of the run that it becomes when something is due. */
export function automationArguments(runId: string): readonly string[] {
  return [
    "materialize",
    "--automation",
    "--trigger=automation",
    `--run-id=${runId}`,
    "--tag=automation=daemon",
    "--quiet",
  ];
}

/** Starts a verb that goes on when the daemon is killed. @param memoryMb for it with all that it starts */
export function startChild(
  project: OpenConfig,
  [verb = "", ...rest]: readonly string[],
  {
    logName,
    memoryMb = machineShareMb(),
    logFormat,
  }: {
    readonly logName: string;
    readonly memoryMb?: number | undefined;
    readonly logFormat?: string | undefined;
  },
): Child {
  // Its JavaScript alone may not fill it: there are tables, and dbt.
  const heapMb = Math.ceil(memoryMb * 0.75);
  const format = logFormat === undefined ? [] : [`--log-format=${logFormat}`];
  const args = [verb, "--no-input", ...format, ...rest];
  const started = startVerb(project, args, { logName, memoryMb: heapMb });
  const { pid } = started;
  return {
    pid: pid ?? 0,
    memoryMb,
    ended: started.ended.then((end) => ({
      ...end,
      lastLine: pid === undefined ? "no process could be started" : (started.lastLine() ?? ""),
    })),
    end: (now) => {
      if (pid !== undefined) endProcess(pid, now);
    },
  };
}

/** The process of a run that somebody else has started; undefined unless it certainly works on this machine. */
export function findChild(owner: RunOwner, memoryMb = machineShareMb()): Child | undefined {
  if (whereIsOwner(owner) !== "here") return undefined;
  return {
    pid: owner.pid,
    memoryMb,
    // Only its parent is told of its end.
    ended: new Promise(() => {}),
    end: (now) => {
      if (whereIsOwner(owner) === "here") endProcess(owner.pid, now);
    },
  };
}

/** A run ends what it has started itself; a kill has to reach all of it. */
function endProcess(pid: number, now: boolean): void {
  if (!now) signalProcess(pid, "SIGTERM");
  else for (const each of processTrees([pid]).get(pid)?.pids ?? []) signalProcess(each, "SIGKILL");
}
