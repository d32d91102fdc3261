import type { ChildProcess } from "node:child_process";
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll } from "vitest";
import type { RunEvent } from "../../framework/event/event.ts";
import type { Failure } from "../../framework/event/failure.ts";
import type { Finished, Project } from "./moraine.ts";
import { shippedProject } from "./shipped-project.ts";

/** The dimension's key, which most faults must leave as it is. */
export const dimension = "sf_curated/dim_sf_user_scd";
/** The log of users. */
export const raw = "sf_raw/sf_user";
/** What lies between the two. */
export const staging = "sf_staging/stg_sf_user";
/** What keeps the log's table fit, and the dimension's. */
export const rawUpkeep = `${raw}__upkeep`;
export const dimensionUpkeep = `${dimension}__upkeep`;

/** Outcomes of a run in which the log failed, and so nothing else was touched. */
export const held: Readonly<Record<string, string>> = {
  [raw]: "failed",
  [staging]: "skipped",
  [dimension]: "skipped",
  [rawUpkeep]: "skipped",
  [dimensionUpkeep]: "skipped",
};

/** What `materialize --json` said. */
export interface Ran {
  readonly code: number | null;
  readonly stderr: string;
  readonly events: readonly RunEvent[];
  /** Of the event that ends every run. */
  readonly outcomes: Readonly<Record<string, string>>;
  /** Of the only asset that failed. */
  readonly failure: Failure | undefined;
}

/** The shipped pipeline after one good run, shared by a file's tests; each leaves it in order. */
export class FaultyPipeline {
  readonly #users: number;
  #project: Project | undefined;
  #filled: Promise<Finished> | undefined;

  constructor(users = 100) {
    this.#users = users;
    beforeAll(async () => {
      this.#project = await shippedProject(mkdtempSync(join(tmpdir(), "moraine-fault-")));
    });
    afterAll(() => rmSync(this.project.directory, { recursive: true, force: true }));
  }

  get project(): Project {
    if (this.#project === undefined) throw new Error("expected a test");
    return this.#project;
  }

  /** The path of something in the project. */
  path(...parts: readonly string[]): string {
    return join(this.project.directory, ...parts);
  }

  /** Makes the tables, once. */
  async filled(): Promise<this> {
    this.#filled ??= this.project.run("demo", "--users", String(this.#users));
    const { code, stderr } = await this.#filled;
    if (code !== 0) throw new Error(`expected a first run, got ${code}: ${stderr}`);
    return this;
  }

  /** Replaces a text in a file of the project, until the returned function is called. */
  edit(file: string, from: string | RegExp, to: string): () => void {
    const path = this.path(file);
    const before = readFileSync(path, "utf8");
    const after = before.replace(from, to);
    if (after === before) throw new Error(`expected ${String(from)} in ${file}`);
    writeFileSync(path, after);
    return () => writeFileSync(path, before);
  }

  /** Runs `materialize`; its stdout must be events and nothing else, with the end of the run last. */
  async materialize(args: readonly string[] = [], env: Readonly<Record<string, string>> = {}): Promise<Ran> {
    const { code, stdout, stderr } = await this.project.start(["materialize", ...args, "--json"], env)
      .finished;
    const events = stdout
      .split("\n")
      .filter((line) => line !== "")
      .map((line) => JSON.parse(line) as RunEvent);
    const last = events.at(-1);
    if (last?.type !== "run-finished") throw new Error(`expected a run to its end, got ${code}: ${stderr}`);
    const failures = events.flatMap((event) =>
      event.type === "asset-finished" && event.failure !== undefined ? [event.failure] : [],
    );
    return { code, stderr, events, outcomes: last.outcomes, failure: failures[0] };
  }

  /** The undisturbed run that must be possible after every fault. */
  async recovers(): Promise<Ran> {
    const ran = await this.materialize();
    if (ran.code !== 0)
      throw new Error(`expected a good run, got ${ran.code}: ${JSON.stringify(ran.failure)}`);
    return ran;
  }

  /** The newest snapshot of every table: equal ones mean that nothing was written. */
  async snapshots(): Promise<Readonly<Record<string, string>>> {
    const tables = await this.project.json<{ key: string; snapshot: { id: string } | null }[]>("lake");
    return Object.fromEntries(tables.map(({ key, snapshot }) => [key, snapshot?.id ?? ""]));
  }

  /** Puts the state aside; the returned function brings it back, whatever was done to it. */
  keepState(): () => void {
    const aside = mkdtempSync(join(tmpdir(), "moraine-state-"));
    const options = { recursive: true, verbatimSymlinks: true };
    cpSync(this.path(".moraine"), aside, options);
    return () => {
      rmSync(this.path(".moraine"), { recursive: true });
      cpSync(aside, this.path(".moraine"), options);
      rmSync(aside, { recursive: true });
    };
  }
}

/** The address that `serve --json` prints first. */
export function urlOf(server: ChildProcess): Promise<string> {
  return new Promise((resolve, refuse) => {
    server.stdout?.once("data", (text: string) => resolve((JSON.parse(text) as { url: string }).url));
    server.once("close", (code) => refuse(new Error(`expected a server, got exit code ${code}`)));
  });
}

/** Asks a running org's control API, see docs/sandbox.md. */
export async function control(
  url: string,
  method: "GET" | "POST" | "DELETE",
  path: string,
  body?: unknown,
): Promise<unknown> {
  const response = await fetch(new URL(`/sandbox/${path}`, url), {
    method,
    ...(body === undefined
      ? {}
      : { body: JSON.stringify(body), headers: { "content-type": "application/json" } }),
  });
  if (!response.ok) throw new Error(`${method} ${path}: HTTP ${response.status} ${await response.text()}`);
  return response.json();
}
