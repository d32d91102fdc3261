import { once } from "node:events";
import { closeSync, existsSync, openSync, writeSync } from "node:fs";
import { join } from "node:path";
import Database from "better-sqlite3";
import { describe, expect, it } from "vitest";
import { printed, Project } from "../support/moraine.ts";
import { countRows } from "./history.ts";

const config = (store = "{}") => `
import { defineAsset, defineCheck, defineConfig } from "moraine";
const raw = defineAsset({
  key: "raw/users",
  refresh: { everyMs: 0 },
  materialize: ({ signal }) =>
    process.env.SLOW ? new Promise((_, refuse) => signal.addEventListener("abort", refuse)) : { dataVersion: "d1" },
});
const mart = defineAsset({ key: "mart/users", deps: { raw }, materialize: () => {} });
const check = defineCheck({ asset: mart, name: "has_rows", run: () => ({ passed: true }) });
export default defineConfig({ name: "small", assets: [raw, mart, check], store: ${store} });
`;

/** A project that has run some times. */
async function projectWith(runs: number, store?: string): Promise<Project> {
  const project = new Project({ "moraine.config.ts": config(store) });
  for (let index = 0; index < runs; index++) await project.run("materialize");
  return project;
}

const storeOf = (project: Project) => join(project.directory, ".moraine/moraine.db");

function exec(project: Project, sql: string): void {
  const database = new Database(storeOf(project));
  database.pragma("foreign_keys = OFF");
  database.exec(sql);
  database.close();
}

describe("moraine store prune", () => {
  it("says what would go, then what went, and keeps what staleness needs", async () => {
    const project = await projectWith(4);
    const dry = await project.run("store", "prune", "--keep", "1", "--dry-run");
    expect([dry.code, dry.stderr]).toEqual([0, ""]);
    expect(dry.stdout).toContain("would remove 2 runs");
    expect(countRows(storeOf(project))["runs"]).toBe(4);
    const done = await project.run("store", "prune", "--keep", "1");
    expect(done.stdout).toMatch(/^removed 2 runs, .* check results?\n.* are free for later runs\n$/);
    const listed = await project.json<{ status: string }[]>("list", "mart/users");
    // It was made in the first run only, which is therefore still there.
    expect(listed.map(({ status }) => status)).toEqual(["fresh"]);
    expect((await project.run("store", "check")).code).toBe(0);
  });

  it("as JSON gives limits, counts and sizes", async () => {
    const project = await projectWith(2);
    expect(await project.json("store", "prune", "--older-than", "1d")).toEqual({
      dryRun: false,
      before: expect.stringMatching(/^\d{4}-\d\d-\d\dT/) as string,
      keepRuns: null,
      removed: {
        runs: 0,
        attempts: 0,
        events: 0,
        materializations: 0,
        lineage: 0,
        checkResults: 0,
        alerts: 0,
        ticks: 0,
      },
      unsent: [],
      bytesBefore: expect.any(Number) as number,
      bytesAfter: expect.any(Number) as number,
      bytesReusable: expect.any(Number) as number,
    });
  });

  it("takes its limits from the config when none is given", async () => {
    const project = await projectWith(3, "{ retention: { runs: 2 } }");
    expect(await project.json("store", "prune", "--dry-run")).toMatchObject({ keepRuns: 2, before: null });
    expect(await project.json("store", "prune", "--dry-run", "--older-than", "90d")).toMatchObject({
      keepRuns: null,
    });
  });

  it.each([
    [[], undefined, "prune needs to know what may go"],
    [["--older-than", "soon"], undefined, "--older-than expects an age like 12h or 7d, got soon"],
    [["--keep", "0"], undefined, "expected a whole number from 1"],
    [[], "{ retention: { days: -1 } }", "store.retention.days must be a number above 0, got -1"],
  ])("with %j and store %s is wrong usage", async (args, store, text) => {
    const { code, stdout, stderr } = await (await projectWith(1, store)).run("store", "prune", ...args);
    expect([code, stdout]).toEqual([2, ""]);
    expect(stderr).toContain(text);
  });
});

describe("moraine store backup", () => {
  it("copies the store while a run goes on, and the copy can be restored", async () => {
    const project = await projectWith(2);
    const child = project.start(["materialize", "--json"], { SLOW: "1" });
    await printed(child, '"type":"asset-started","key":"raw/users"');
    const { code, stdout } = await project.run("store", "backup", "--to", "copy.db");
    expect(code).toBe(0);
    expect(stdout).toMatch(/copy\.db: .*, schema \d+, verified\n$/);
    child.kill("SIGINT");
    await once(child, "close");
    const restored = new Project(
      { "moraine.config.ts": config('{ path: "../copy.db" }') },
      join(project.directory, "other"),
    );
    const runs = await restored.json<{ status: string }[]>("runs");
    expect(runs.map(({ status }) => status)).toEqual([expect.any(String), "succeeded", "succeeded"]);
  });

  it("replaces a file only with --yes", async () => {
    const project = await projectWith(1);
    project.write("copy.db", "precious");
    const refused = await project.run("store", "backup", "--to", "copy.db");
    expect(refused.code).toBe(2);
    expect(refused.stderr).toContain("copy.db exists, the backup would replace it");
    expect(refused.stderr).toContain("add --yes");
    expect(await project.json("store", "backup", "--to", "copy.db", "--yes")).toEqual({
      path: join(project.directory, "copy.db"),
      bytes: expect.any(Number) as number,
      schema: expect.any(Number) as number,
    });
  });

  it.each([
    [[], "backup needs a file to write"],
    [["--to", "nowhere/copy.db"], "there is no folder"],
    [["--to", "."], "is a folder"],
    [["--to", ".moraine/moraine.db", "--yes"], "is the store itself"],
  ])("with %j is wrong usage", async (args, text) => {
    const { code, stdout, stderr } = await (await projectWith(1)).run("store", "backup", ...args);
    expect([code, stdout]).toEqual([2, ""]);
    expect(stderr).toContain(text);
  });
});

describe("moraine store check", () => {
  it("exits with 0 and says that the store is sound", async () => {
    const project = await projectWith(2);
    const { code, stdout, stderr } = await project.run("store");
    expect([code, stderr]).toEqual([0, ""]);
    expect(stdout).toContain("moraine.db is sound");
    expect(await project.json("store", "check")).toMatchObject({ status: "ok", findings: [] });
  });

  it("exits with 4, names what is wrong and what to do when rows contradict each other", async () => {
    const project = await projectWith(1);
    exec(project, "DELETE FROM materializations WHERE key = 'mart/users'");
    const { code, stdout, stderr } = await project.run("store", "check");
    expect(code).toBe(4);
    expect(stdout).toContain("1 row of lineage have lost their materializations");
    expect(stderr).toContain("restore a backup");
    expect(await project.json("store", "check")).toMatchObject({ status: "damaged" });
  });

  it("exits with 4 when the file is damaged, with a document for --json all the same", async () => {
    const project = await projectWith(1);
    const file = openSync(storeOf(project), "r+");
    for (let page = 2; page < 12; page++) writeSync(file, "damage ".repeat(100), page * 4096);
    closeSync(file);
    expect((await project.run("store", "check")).code).toBe(4);
    expect(await project.json("store", "check")).toMatchObject({ findings: [{ name: "integrity" }] });
  });

  it("leaves a run alone whose process was killed, and warns of it", async () => {
    const project = await projectWith(1);
    const child = project.start(["materialize", "--json"], { SLOW: "1" });
    await printed(child, '"type":"asset-started","key":"raw/users"');
    child.kill("SIGKILL");
    await once(child, "close");
    const { code, stdout } = await project.run("store", "check");
    expect(code).toBe(0);
    expect(stdout).toContain("1 running, whose process is gone");
  });

  it("without a store is wrong usage, and makes none", async () => {
    const project = new Project({ "moraine.config.ts": config() });
    const { code, stderr } = await project.run("store", "check");
    expect(code).toBe(2);
    expect(stderr).toContain("there is no store at");
    expect(existsSync(storeOf(project))).toBe(false);
  });
});

describe("a store that a newer moraine wrote", () => {
  it.each([
    ["list"],
    ["materialize"],
    ["runs"],
    ["store", "check"],
    ["store", "prune", "--keep", "1"],
    ["store", "backup", "--to", "copy.db"],
  ])("is refused by %s %s with exit code 4, and left as it is", async (...args) => {
    const project = await projectWith(1);
    exec(project, "PRAGMA user_version = 999");
    const before = countRows(storeOf(project));
    const { code, stdout, stderr } = await project.run(...args);
    expect([code, stdout]).toEqual([4, ""]);
    expect(stderr).toContain("the store has schema 999, this moraine knows");
    expect(stderr).toContain("upgrade moraine");
    expect(countRows(storeOf(project))).toEqual(before);
    expect(existsSync(join(project.directory, "copy.db"))).toBe(false);
  });
});
