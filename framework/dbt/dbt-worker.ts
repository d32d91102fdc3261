import { type ChildProcessByStdio, spawn } from "node:child_process";
import type { Socket } from "node:net";
import { createInterface } from "node:readline";
import type { Readable, Writable } from "node:stream";
import { fileURLToPath } from "node:url";
import { FailureError } from "../event/failure.ts";
import { deferred, type Deferred } from "../util/deferred.ts";
import { fitProxyEnvironment } from "../util/proxy-environment.ts";
import type { WorkerEvent, WorkerMessage, WorkerRequest, WorkerSettings } from "./worker-protocol.ts";

/** How long dbt may take to cancel its queries before its process is killed. */
const cancelGraceMs = 4_000;
const keptErrorLines = 30;

/** The program that runs dbt: beside the sources, and beside the bundle. */
export const workerScript = fileURLToPath(new URL("./worker.py", import.meta.url));

interface Pending {
  readonly id: number;
  readonly answer: Deferred<unknown>;
  readonly onEvent: (event: WorkerEvent) => void;
}

/**
 * A Python process that keeps dbt imported. Takes one request at a time. It keeps Node alive only while it works,
 * and ends by itself when Node does, however that ends.
 */
export class DbtWorker {
  readonly #child: ChildProcessByStdio<Writable, Readable, Readable>;
  readonly #errorLines: string[] = [];
  readonly #closed: Promise<void>;
  #pending: Pending | undefined;
  #lastId = 0;
  #isReady = false;
  #hasEnded = false;

  constructor(python: string, settings: WorkerSettings) {
    // It has this process's environment, and DuckDB inside.
    fitProxyEnvironment();
    this.#child = spawn(python, ["-I", workerScript, JSON.stringify(settings)], {
      cwd: settings.projectDir,
      stdio: ["pipe", "pipe", "pipe"],
      // Its own process group: Ctrl-C in a terminal would interrupt it besides our own cancelling.
      detached: process.platform !== "win32",
      windowsHide: true,
    });
    this.#closed = new Promise((resolve) => {
      this.#child.once("error", (error) => this.#end(`can't be started: ${error.message}`, resolve));
      this.#child.once("close", (code, signal) =>
        this.#end(`ended with ${signal ?? `exit code ${code}`}`, resolve),
      );
    });
    // Writing to a process that has died fails here as well; `close` says so with more to tell.
    this.#child.stdin.on("error", () => undefined);
    createInterface({ input: this.#child.stdout }).on("line", (line) => this.#take(line));
    createInterface({ input: this.#child.stderr }).on("line", (line) => {
      this.#errorLines.push(line);
      if (this.#errorLines.length > keptErrorLines) this.#errorLines.shift();
    });
    this.#hold(false);
  }

  /** Its process id. */
  get pid(): number | undefined {
    return this.#child.pid;
  }

  /** Whether it can take no further request. */
  get hasEnded(): boolean {
    return this.#hasEnded;
  }

  /**
   * Sends a request and waits for its answer.
   *
   * @throws DbtError when dbt refuses it; FailureError `cancelled` when the signal aborts (the request has ended by then),
   * `dbt-failed` when the process ends meanwhile
   */
  async request(
    request: WorkerRequest,
    options: { readonly signal: AbortSignal; readonly onEvent?: (event: WorkerEvent) => void },
  ): Promise<unknown> {
    const { signal } = options;
    if (signal.aborted) throw cancelled();
    if (this.#pending !== undefined) throw new Error("Internal error: expected an idle dbt worker");
    if (this.#hasEnded) throw this.#crash("has ended");
    const pending: Pending = {
      id: ++this.#lastId,
      answer: deferred(),
      onEvent: options.onEvent ?? (() => undefined),
    };
    this.#pending = pending;
    let timer: NodeJS.Timeout | undefined;
    const stop = () => {
      // It hears no signal before dbt is imported.
      this.#child.kill(this.#isReady ? "SIGINT" : "SIGKILL");
      timer = setTimeout(() => this.#child.kill("SIGKILL"), cancelGraceMs);
    };
    signal.addEventListener("abort", stop, { once: true });
    this.#hold(true);
    this.#child.stdin.write(`${JSON.stringify({ id: pending.id, ...request })}\n`);
    try {
      return await pending.answer.promise;
    } catch (error) {
      throw signal.aborted ? cancelled(error) : error;
    } finally {
      clearTimeout(timer);
      signal.removeEventListener("abort", stop);
      this.#pending = undefined;
      this.#hold(false);
    }
  }

  /** Ends the process; resolves when it is gone. May be called twice. */
  async close(): Promise<void> {
    this.#hold(true);
    this.#child.stdin.end();
    const timer = setTimeout(() => this.#child.kill("SIGKILL"), cancelGraceMs);
    await this.#closed;
    clearTimeout(timer);
  }

  #take(line: string): void {
    const message = this.#read(line);
    if (message === undefined) return;
    if (message.type === "ready") {
      this.#isReady = true;
      return;
    }
    const pending = this.#pending;
    if (pending?.id !== message.id) return;
    if (message.type === "done") pending.answer.resolve(message.value);
    else if (message.type === "failed")
      pending.answer.reject(new DbtError(message.kind, message.message, message.detail));
    else pending.onEvent(message);
  }

  /** A line that is no JSON is an error of the request, not of this process. */
  #read(line: string): WorkerMessage | undefined {
    try {
      return JSON.parse(line) as WorkerMessage;
    } catch {
      this.#pending?.answer.reject(this.#crash(`wrote what is no JSON: ${line.slice(0, 200)}`));
      return undefined;
    }
  }

  #end(how: string, resolve: () => void): void {
    this.#hasEnded = true;
    this.#pending?.answer.reject(this.#crash(how));
    resolve();
  }

  #crash(how: string): FailureError {
    const said = this.#errorLines.join("\n").trim();
    return new FailureError({
      reason: "dbt-failed",
      message: `dbt's process ${how}`,
      ...(said === "" ? {} : { got: said.split("\n").slice(-5).join("\n"), detail: said }),
      next: "run the same command again; the tables are as they were or whole",
      // Commits are atomic, so the same again can do no harm.
      retryable: true,
    });
  }

  /** Whether Node must stay for the process; idle, it must not keep a finished command from ending. */
  #hold(isWorking: boolean): void {
    const { stdin, stdout, stderr } = this.#child;
    for (const part of [this.#child, ...([stdin, stdout, stderr] as unknown as Socket[])]) {
      if (isWorking) part.ref();
      else part.unref();
    }
  }
}

/** dbt refused a request as a whole: the project can't be parsed, or it can't connect. */
export class DbtError extends Error {
  readonly kind: "dbt" | "interrupted" | "internal";
  /** Python's traceback. */
  readonly detail: string;

  constructor(kind: DbtError["kind"], message: string, detail: string) {
    super(message);
    this.name = "DbtError";
    this.kind = kind;
    this.detail = detail;
  }
}

function cancelled(cause?: unknown): FailureError {
  return new FailureError({ reason: "cancelled", message: "dbt was cancelled", retryable: false }, { cause });
}
