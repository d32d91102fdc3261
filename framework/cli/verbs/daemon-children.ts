import { spawn } from "node:child_process";
import { closeSync, mkdirSync, openSync, readFileSync } from "node:fs";
import { totalmem } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Child } from "../../scheduler/daemon.ts";
import type { TickRecord } from "../../store/schedules.ts";
import type { OpenConfig } from "../project/open-project.ts";

const program = fileURLToPath(new URL("./moraine.js", import.meta.url));

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

/**
 * Starts a verb in a process group of its own, which goes on when the daemon is killed; what it prints goes to a file under
 * `.moraine/logs`.
 *
 * @param memoryMb for its JavaScript
 */
export function startChild(
  project: OpenConfig,
  args: readonly string[],
  {
    logName,
    memoryMb = machineShareMb(),
  }: { readonly logName: string; readonly memoryMb?: number | undefined },
): Child {
  const logs = join(project.stateDir, "logs");
  mkdirSync(logs, { recursive: true });
  const logFile = join(logs, logName);
  const output = openSync(logFile, "a");
  const [verb = "", ...rest] = args;
  const place = ["--project", project.projectDir, "--target", project.targetName, "--plain", "--no-input"];
  const child = spawn(
    process.execPath,
    [`--max-old-space-size=${memoryMb}`, program, verb, ...place, ...rest],
    { cwd: project.projectDir, detached: true, stdio: ["ignore", output, output] },
  );
  closeSync(output);
  const { pid = 0 } = child;
  return {
    pid,
    ended: new Promise((resolve) => {
      child.once("exit", (code, signal) => resolve({ code, signal, lastLine: lastLineOf(logFile) }));
      child.once("error", (error) => resolve({ code: null, signal: null, lastLine: error.message }));
    }),
    end: (now) => signalGroup(pid, now),
  };
}

/** A run ends what it has started itself; a kill has to reach all of it. */
function signalGroup(pid: number, now: boolean): void {
  if (pid === 0) return;
  try {
    process.kill(now ? -pid : pid, now ? "SIGKILL" : "SIGTERM");
  } catch (error) {
    // It ended meanwhile, as was wanted.
    if (!(error instanceof Error && "code" in error && error.code === "ESRCH")) throw error;
  }
}

function lastLineOf(logFile: string): string {
  return readFileSync(logFile, "utf8").trimEnd().split("\n").at(-1) ?? "";
}
