import { closeSync, openSync, readdirSync, rmSync, writeFileSync, writeSync } from "node:fs";
import { type AddressInfo, createServer } from "node:net";
import { join } from "node:path";
import Database from "better-sqlite3";
import { describe, expect, it, onTestFinished } from "vitest";
import {
  dimension,
  dimensionUpkeep,
  FaultyPipeline,
  raw,
  rawUpkeep,
  staging,
} from "../support/faulty-pipeline.ts";
import { pathWithoutPython } from "../support/path-without-python.ts";

const pipeline = new FaultyPipeline();
const countUsers = "SELECT count(DISTINCT user_id) AS users FROM sf_curated.dim_sf_user_scd";

/** Runs a verb that can't do its work: nothing on stdout, one error on stderr, no stack, no bug of ours. */
async function fails(code: number, args: readonly string[], env: Readonly<Record<string, string>> = {}) {
  const ran = await pipeline.project.start(args, env).finished;
  expect([ran.code, ran.stdout]).toEqual([code, ""]);
  expect(ran.stderr.match(/^error\[/gm)).toHaveLength(1);
  expect(ran.stderr).not.toMatch(/^\s+at /m);
  expect(ran.stderr).toMatch(/^ {2}next /m);
  return ran.stderr;
}

/** Breaks the state for one test, on top of a good run. */
async function broken(): Promise<void> {
  await pipeline.filled();
  onTestFinished(pipeline.keepState());
}

/** Puts something in the place of a file, its SQLite companions gone. */
function replace(path: string, text: string): void {
  for (const ending of ["", "-wal", "-shm"]) rmSync(path + ending, { recursive: true, force: true });
  writeFileSync(path, text);
}

describe("without Python", () => {
  it.each([
    ["MORAINE_PYTHON names none", () => ({ MORAINE_PYTHON: "/nonexistent" }), "no program /nonexistent"],
    ["PATH has none", () => ({ PATH: pathWithoutPython() }), "no python3 or python on PATH"],
  ])("since %s says so and what to install, exit code 1", async (_name, env, got) => {
    await broken();
    rmSync(pipeline.path(".moraine", "venv"));
    rmSync(pipeline.path(".moraine", "dbt"), { recursive: true });
    const expected = "error[python-unavailable]: Python is needed for dbt and was not found";
    for (const args of [["list"], ["materialize", "--json"]]) {
      const said = await fails(1, args, env());
      expect(said).toContain(expected);
      expect(said).toContain(got);
      expect(said).toContain("Python 3.10 or newer");
    }
  });
});

describe("a port that is taken", () => {
  it.each([["sandbox"], ["lake"]])("is named by %s serve, exit code 1", async (verb) => {
    await pipeline.filled();
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    onTestFinished(() => void server.close());
    const { port } = server.address() as AddressInfo;
    const said = await fails(1, [verb, "serve", "--port", String(port), "--json"]);
    expect(said).toContain("error[port-taken]");
    expect(said).toContain(`127.0.0.1:${port}`);
    expect(said).toContain("--port");
  });
});

describe("a lake that can't be read", () => {
  const verbs = [["list"], ["query", countUsers], ["plan"], ["lake"], ["lake", "serve"]];

  it("for a damaged metadata file names that file in every verb, and publishes nothing", async () => {
    await broken();
    const folder = pipeline.path(".moraine/lake", dimension, "metadata");
    const files = readdirSync(folder).filter((name) => name.endsWith(".metadata.json"));
    for (const name of files) writeFileSync(join(folder, name), '{"format-ver');
    for (const args of [...verbs.slice(0, 4), ["materialize", "--json"]]) {
      const said = await fails(1, args);
      expect(said).toContain("error[lake-unreadable]: a table's metadata file is damaged");
      expect(said).toContain(`where     ${folder}`);
    }
  });

  it("for a catalog that is no database names it", async () => {
    await broken();
    const file = pipeline.path(".moraine", "lake", "catalog.db");
    replace(file, "no database at all, ".repeat(500));
    for (const args of [...verbs, ["materialize", "--json"]]) {
      const said = await fails(1, args);
      expect(said).toContain("error[lake-unreadable]: the lake's catalog can't be opened");
      expect(said).toContain(`where     ${file}`);
    }
  });

  it("for a file in the place of its folder names it", async () => {
    await broken();
    rmSync(pipeline.path(".moraine", "lake"), { recursive: true });
    writeFileSync(pipeline.path(".moraine", "lake"), "");
    const ran = await pipeline.materialize();
    expect([ran.code, ran.outcomes[raw]]).toEqual([1, "failed"]);
    expect(ran.failure).toMatchObject({ reason: "lake-unreadable", next: expect.any(String) });
    expect(ran.failure?.where).toContain(pipeline.path(".moraine", "lake"));
  });

  it("since it is gone is made again from the source", async () => {
    await broken();
    const before = await pipeline.project.json("query", countUsers);
    rmSync(pipeline.path(".moraine", "lake"), { recursive: true });
    expect(await fails(1, ["query", countUsers])).toContain("there is no table sf_curated.dim_sf_user_scd");
    const { outcomes } = await pipeline.recovers();
    expect(outcomes).toEqual({
      [raw]: "materialized",
      [staging]: "materialized",
      [dimension]: "materialized",
      [rawUpkeep]: "materialized",
      [dimensionUpkeep]: "materialized",
    });
    expect(await pipeline.project.json("query", countUsers)).toEqual(before);
  });
});

describe("a store that can't be used", () => {
  const store = () => pipeline.path(".moraine", "moraine.db");
  const verbs = [["list"], ["runs", "--json"], ["materialize", "--json"]];

  it("since it is newer, damaged, or no file ends with 4 and leaves the tables alone", async () => {
    await broken();
    const before = await pipeline.snapshots();
    const database = new Database(store());
    const version = database.pragma("user_version", { simple: true });
    database.pragma("user_version = 99");
    for (const args of verbs)
      expect(await fails(4, args)).toContain("the store has schema 99, this moraine knows");
    database.pragma(`user_version = ${String(version)}`);
    database.pragma("wal_checkpoint(TRUNCATE)");
    database.close();

    const file = openSync(store(), "r+");
    writeSync(file, Buffer.alloc(40_000, 7), 0, 40_000, 4096);
    closeSync(file);
    for (const args of verbs) {
      const said = await fails(4, args);
      expect(said).toContain("error[store]: the store is damaged");
      expect(said).toContain(`where     ${store()}`);
    }

    replace(store(), "no database at all, ".repeat(500));
    for (const args of verbs) expect(await fails(4, args)).toContain("the store is not a SQLite database");
    expect(await pipeline.snapshots()).toEqual(before);

    // What SQLite keeps beside a store would belong to another one.
    for (const ending of ["", "-wal", "-shm"]) rmSync(store() + ending, { force: true });
    expect((await pipeline.recovers()).outcomes[raw]).toBe("materialized");
  });
});

describe("a folder that is a file", () => {
  it("is named: the state itself with 2, one below it with 1", async () => {
    await broken();
    const cache = pipeline.path(".moraine", "cache");
    rmSync(cache, { recursive: true });
    writeFileSync(cache, "");
    expect(await fails(1, ["list"])).toContain(`where     ${cache}`);
    const state = pipeline.path(".moraine");
    rmSync(state, { recursive: true });
    writeFileSync(state, "");
    for (const args of [["list"], ["materialize", "--json"], ["demo"], ["sandbox", "credentials"]])
      expect(await fails(2, args)).toContain(`${state} is not a folder`);
  });
});
