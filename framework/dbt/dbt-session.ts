import { existsSync, mkdirSync, readFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import type { DbtManifest } from "./dbt-manifest.ts";
import { sha256 } from "../util/hash.ts";
import { DbtWorker, workerScript } from "./dbt-worker.ts";
import {
  type ProjectState,
  observeProject,
  readCachedManifest,
  writeCachedManifest,
} from "./definitions-cache.ts";
import type { PythonProgress } from "./python-environment.ts";
import type { WorkerEvent, WorkerRequest } from "./worker-protocol.ts";

/** One dbt project for one target. */
export interface SessionOptions {
  /** The dbt project, absolute. */
  readonly dir: string;
  readonly target: string;
  /** For what dbt writes and for the cache, absolute; made when needed. */
  readonly workDir: string;
  /** Changes with the Python environment. */
  readonly pythonDigest: () => string;
  /** The interpreter that has dbt. */
  readonly findPython: (options: {
    readonly onProgress: (progress: PythonProgress) => void;
    readonly signal: AbortSignal;
  }) => Promise<string>;
}

/** How one call is watched and ended. */
export interface CallOptions {
  readonly signal: AbortSignal;
  readonly onProgress?: (progress: PythonProgress) => void;
  readonly onEvent?: (event: WorkerEvent) => void;
}

/**
 * A worker that is started when it is first needed, parses again when the project's files have changed, and takes one
 * request after the other.
 */
export class DbtSession {
  readonly #options: SessionOptions;
  readonly #cacheFile: string;
  #worker: DbtWorker | undefined;
  /** What the worker's manifest was parsed from. */
  #parsed: ProjectState | undefined;
  #turn: Promise<unknown> = Promise.resolve();

  constructor(options: SessionOptions) {
    this.#options = options;
    this.#cacheFile = join(options.workDir, "definitions.json");
  }

  /**
   * The project's manifest; starts no process when nothing has changed since it was last parsed.
   *
   * @throws DbtError when dbt can't parse the project; FailureError `python-unavailable`, `dbt-failed`, `cancelled`
   */
  async manifest(options: CallOptions): Promise<DbtManifest> {
    return (
      readCachedManifest(this.#cacheFile, this.#observe()) ??
      this.#inTurn(async () => {
        const [manifest] = await this.#parse(options);
        return manifest;
      })
    );
  }

  /** Starts the worker and parses, so that {@link build} begins at once. */
  async warmUp(options: CallOptions): Promise<void> {
    await this.#inTurn(() => this.#ready(options));
  }

  /**
   * Builds exactly these nodes.
   *
   * @throws DbtError when dbt could not begin, e.g. for lack of a connection; FailureError as {@link manifest}
   */
  async build(
    request: Omit<Extract<WorkerRequest, { command: "build" }>, "command">,
    options: CallOptions,
  ): Promise<void> {
    await this.#inTurn(async () => {
      const worker = await this.#ready(options);
      await worker.request({ command: "build", ...request }, options);
    });
  }

  /** Ends the worker; the session can be used again and then starts another. */
  async close(): Promise<void> {
    const worker = this.#worker;
    this.#worker = undefined;
    this.#parsed = undefined;
    await worker?.close();
  }

  #observe(): ProjectState {
    const { dir, target, pythonDigest } = this.#options;
    // What the cache holds has the shape that this very program gives it.
    const setting = [target, pythonDigest(), sha256(readFileSync(workerScript, "utf8"))].join(" ");
    return observeProject(dir, setting);
  }

  /** A worker whose manifest is that of the files as they are now. */
  async #ready(options: CallOptions): Promise<DbtWorker> {
    const now = JSON.stringify(this.#observe());
    if (this.#worker !== undefined && !this.#worker.hasEnded && JSON.stringify(this.#parsed) === now)
      return this.#worker;
    const [, worker] = await this.#parse(options);
    return worker;
  }

  async #parse(options: CallOptions): Promise<readonly [DbtManifest, DbtWorker]> {
    const worker = await this.#start(options);
    // Before parsing: a file that changes meanwhile is then parsed again, not missed.
    const state = this.#observe();
    this.#parsed = undefined;
    const manifest = (await worker.request({ command: "parse", env: {} }, options)) as DbtManifest;
    this.#parsed = state;
    writeCachedManifest(this.#cacheFile, state, manifest);
    return [manifest, worker];
  }

  async #start({ signal, onProgress = () => undefined }: CallOptions): Promise<DbtWorker> {
    if (this.#worker !== undefined && !this.#worker.hasEnded) return this.#worker;
    const { dir, target, workDir, findPython } = this.#options;
    const python = await findPython({ onProgress, signal });
    mkdirSync(workDir, { recursive: true });
    this.#worker = new DbtWorker(python, {
      projectDir: dir,
      profilesDir: existsSync(join(dir, "profiles.yml")) ? dir : join(homedir(), ".dbt"),
      target,
      targetPath: join(workDir, "target"),
      logPath: join(workDir, "logs"),
    });
    return this.#worker;
  }

  /** One request after the other, whatever became of the one before. */
  async #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#turn.then(work, work);
    this.#turn = turn.catch(() => undefined);
    return turn;
  }
}
