import { spawn } from "node:child_process";
import { closeSync, existsSync, mkdirSync, openSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { StartedVerb } from "../../tui/interactive.ts";
import type { OpenConfig } from "../project/open-project.ts";

const program = fileURLToPath(new URL("./moraine.js", import.meta.url));

/** A verb at work in a process of its own. */
export interface StartedProcess extends StartedVerb {
  /** Undefined when no process could be started. */
  readonly pid: number | undefined;
  /** Where it prints to; an absolute path. */
  readonly logFile: string;
  /** What `exited` gives, with the signal that ended it; both null also when no process could be started. */
  readonly ended: Promise<{ readonly code: number | null; readonly signal: NodeJS.Signals | null }>;
}

interface StartOptions {
  /** @default one of its own for each start */
  readonly logName?: string;
  /** How large its heap may grow, MB. @default Node's */
  readonly memoryMb?: number;
}

/**
 * Starts a verb as a process of its own, in a group of its own, that outlives this one; what it prints goes to
 * `.moraine/logs`. It is what a person would type, so the interface can show it as such.
 */
export function startVerb(
  project: OpenConfig,
  args: readonly string[],
  {
    logName = `ui-${new Date().toISOString().replaceAll(":", "")}-${process.pid}.log`,
    memoryMb,
  }: StartOptions = {},
): StartedProcess {
  const logs = join(project.stateDir, "logs");
  mkdirSync(logs, { recursive: true, mode: 0o700 });
  const logFile = join(logs, logName);
  const output = openSync(logFile, "a", 0o600);
  const limits = memoryMb === undefined ? [] : [`--max-old-space-size=${memoryMb}`];
  const [verb = "", ...rest] = args;
  // Before the rest, which may end in `--` and a selection.
  const place = ["--project", project.projectDir, "--target", project.targetName, "--plain"];
  const child = spawn(process.execPath, [...limits, program, verb, ...place, ...rest], {
    cwd: project.projectDir,
    detached: true,
    stdio: ["ignore", output, output],
  });
  closeSync(output);
  child.unref();
  const ended: StartedProcess["ended"] = new Promise((resolve) => {
    child.once("exit", (code, signal) => resolve({ code, signal }));
    child.once("error", () => resolve({ code: null, signal: null }));
  });
  return {
    pid: child.pid,
    logFile,
    command: ["moraine", ...args].join(" "),
    ended,
    exited: ended.then(({ code }) => code),
    lastLine: () =>
      existsSync(logFile) ? readFileSync(logFile, "utf8").trimEnd().split("\n").at(-1) : undefined,
  };
}
