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
}

/**
 * Starts a verb as a process of its own that outlives this one; what it prints goes to `.moraine/logs`. It is what a
 * person would type, so the interface can show it as such.
 */
export function startVerb(
  project: OpenConfig,
  args: readonly string[],
  logName = `ui-${new Date().toISOString().replaceAll(":", "")}-${process.pid}.log`,
): StartedProcess {
  const logs = join(project.stateDir, "logs");
  mkdirSync(logs, { recursive: true });
  const logFile = join(logs, logName);
  const output = openSync(logFile, "a");
  const place = ["--project", project.projectDir, "--target", project.targetName];
  const child = spawn(process.execPath, [program, ...args, ...place, "--plain"], {
    cwd: project.projectDir,
    detached: true,
    stdio: ["ignore", output, output],
  });
  closeSync(output);
  child.unref();
  return {
    pid: child.pid,
    logFile,
    command: ["moraine", ...args].join(" "),
    exited: new Promise((resolve) => {
      child.once("exit", (code) => resolve(code));
      child.once("error", () => resolve(null));
    }),
    lastLine: () =>
      existsSync(logFile) ? readFileSync(logFile, "utf8").trimEnd().split("\n").at(-1) : undefined,
  };
}
