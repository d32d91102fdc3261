import { readFileSync } from "node:fs";
import { relative } from "node:path";
import { newRunId } from "../../materializer/run-session.ts";
import { systemClock } from "../../util/clock.ts";
import { signalProcess } from "../../util/process-start.ts";
import { exitCode } from "../exit-code.ts";
import { print, printJson, say } from "../output/print.ts";
import { paintOf } from "../output/terminal.ts";
import type { OpenConfig } from "../project/open-project.ts";
import { codeOfSignal, type VerbContext } from "../run-verb.ts";
import type { MaterializeOptions, RunCommand } from "./run-command.ts";
import { type StartedProcess, startVerb } from "./start-verb.ts";

const lookEveryMs = 50;

/** What this process keeps to itself: how it prints, and what the other one is given anew. */
const ownOptions = new Set(
  "detach runId project target json plain progress color ascii motion accessible input".split(" "),
);

/**
 * Does a command in a process of its own that outlives the terminal, and returns when its run has begun. Whatever is
 * wrong with the definitions or with what is asked for is said here, before.
 */
export async function detach(context: VerbContext, command: RunCommand): Promise<number> {
  const project = await context.openProject();
  await command.ask(project);
  const runId = newRunId();
  const args = [...command.words, ...argumentsOf(command.options), `--run-id=${runId}`];
  const started = startVerb(project, args, { logName: `run-${runId}.log` });
  const ended = await untilBegun(project, runId, started, context.signal);
  if (context.signal.aborted) return codeOfSignal(context.signal.reason);
  if (ended !== undefined) return reportDeath(context, started, ended.code);
  const { pid = null, logFile } = started;
  if (context.options.json === true) printJson({ runId, pid, logFile });
  else {
    print(
      `run ${runId} works in process ${pid}`,
      `  log     ${relative(process.cwd(), logFile)}`,
      `  follow  moraine logs ${runId} --follow`,
      `  cancel  moraine runs cancel ${runId}`,
    );
  }
  return exitCode.done;
}

type OptionValue = string | number | boolean | readonly string[] | undefined;

/** Options as they would be typed; they hold those of every verb as well. */
function argumentsOf(options: MaterializeOptions): readonly string[] {
  const values = options as Readonly<Record<string, OptionValue>>;
  return Object.entries(values).flatMap(([name, value]) => {
    const flag = name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
    if (ownOptions.has(name) || value === undefined) return [];
    if (typeof value === "boolean") return [value ? `--${flag}` : `--no-${flag}`];
    return [value].flat().map((each) => `--${flag}=${each}`);
  });
}

/** Resolves when the run is recorded, or, with its exit code, when the process has ended without one. */
async function untilBegun(
  { store }: OpenConfig,
  runId: string,
  started: StartedProcess,
  signal: AbortSignal,
): Promise<{ readonly code: number | null } | undefined> {
  let ended: { readonly code: number | null } | undefined;
  const exited = started.exited.then((code) => (ended = { code }));
  while (store.run(runId) === undefined) {
    // Asked once more after the end: a run may be over before it is looked for.
    if (ended !== undefined) return store.run(runId) === undefined ? ended : undefined;
    await Promise.race([exited, systemClock.sleep(lookEveryMs, signal).catch(() => {})]);
    if (!signal.aborted) continue;
    // Whoever gives up now did not want it to go on unseen.
    if (started.pid !== undefined && ended === undefined) signalProcess(started.pid, "SIGTERM");
    return exited;
  }
  return undefined;
}

/** Says what the process said, which had no run to record it in. */
function reportDeath(context: VerbContext, { logFile, pid }: StartedProcess, code: number | null): number {
  const paint = paintOf(context.options, process.stderr);
  const said = pid === undefined ? "" : readFileSync(logFile, "utf8").trimEnd();
  say(
    `${paint.as("failed", "error[detach]")}: ${pid === undefined ? "no process could be started" : `process ${pid} ended before its run began`}`,
    ...(said === "" ? [] : said.split("\n").slice(-20)),
    `  log       ${relative(process.cwd(), logFile)}`,
  );
  return code === null || code === exitCode.done ? exitCode.workFailed : code;
}
