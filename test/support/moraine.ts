import { spawn, type ChildProcess } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { onTestFinished } from "vitest";
import { temporaryDirectory } from "./rig.ts";

/** The built command line. */
export const program = resolve(import.meta.dirname, "../../dist/moraine.js");

/** What a finished `moraine` printed. */
export interface Finished {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A temporary project with the built command line. */
export class Project {
  readonly directory: string;

  /**
   * @param files texts by path; `moraine.config.ts` is the project
   * @param directory where, when several tests share it; without it the project goes with the test
   */
  constructor(files: Readonly<Record<string, string>>, directory = temporaryDirectory()) {
    this.directory = directory;
    for (const [path, text] of Object.entries(files)) this.write(path, text);
  }

  write(path: string, text: string): void {
    const file = join(this.directory, path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text);
  }

  /** Starts a verb; it is killed with the test, should it still run. */
  start(
    args: readonly string[],
    env: Readonly<Record<string, string>> = {},
  ): ChildProcess & { readonly finished: Promise<Finished> } {
    const child = spawn(process.execPath, [program, ...args], {
      cwd: this.directory,
      env: { ...withoutCi(), ...env },
      stdio: ["ignore", "pipe", "pipe"],
    });
    onTestFinished(() => void child.kill("SIGKILL"));
    let stdout = "";
    let stderr = "";
    child.stdout.setEncoding("utf8").on("data", (text: string) => (stdout += text));
    child.stderr.setEncoding("utf8").on("data", (text: string) => (stderr += text));
    const finished = new Promise<Finished>((done) =>
      child.once("close", (code) => done({ code, stdout, stderr })),
    );
    return Object.assign(child, { finished });
  }

  /** Runs a verb to its end. */
  async run(...args: readonly string[]): Promise<Finished> {
    return this.start(args).finished;
  }

  /** Runs a verb that prints one JSON document. */
  async json<T>(...args: readonly string[]): Promise<T> {
    const { stdout, stderr, code } = await this.run(...args, "--json");
    if (stdout === "") throw new Error(`expected JSON, got exit code ${code} and ${stderr}`);
    return JSON.parse(stdout) as T;
  }
}

function withoutCi(): NodeJS.ProcessEnv {
  const { CI: _, NO_COLOR: _no, FORCE_COLOR: _force, ...rest } = process.env;
  return rest;
}

/** Resolves when a stream has printed a text. */
export function printed(child: ChildProcess, text: string): Promise<void> {
  let seen = "";
  return new Promise((done, refuse) => {
    const look = (chunk: string) => {
      seen += chunk;
      if (seen.includes(text)) done();
    };
    child.stdout?.on("data", look);
    child.stderr?.on("data", look);
    child.once("close", () =>
      refuse(new Error(`expected to read ${JSON.stringify(text)}, got ${JSON.stringify(seen)}`)),
    );
  });
}
