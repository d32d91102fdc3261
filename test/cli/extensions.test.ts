import { existsSync, readdirSync } from "node:fs";
import type { ServerResponse } from "node:http";
import { dirname, join } from "node:path";
import { describe, expect, it } from "vitest";
import { extensionFile } from "../../framework/lakehouse/duckdb/extensions/extension-files.ts";
import { deferred } from "../../framework/util/deferred.ts";
import {
  repositoryFiles,
  repositoryPath,
  serveFiles,
  unreachableEnvironment,
} from "../support/extension-servers.ts";
import { Project } from "../support/moraine.ts";
import { pathWithoutPython } from "../support/path-without-python.ts";

const config = `
import { defineAsset, defineConfig } from "moraine";

const users = defineAsset({
  key: "raw/users",
  materialize: async ({ lakehouse, key, signal }) => {
    await lakehouse.ensureTable({ key, columns: { id: { type: "long" } }, partitionBy: [], properties: {} });
    const insert = "INSERT INTO " + lakehouse.tableName(key) + " VALUES (1)";
    for await (const _ of (await lakehouse.query(insert, { readOnly: false, signal })).rows);
  },
});
const report = defineAsset({ key: "mart/report", materialize: () => {} });

export default defineConfig({ name: "tiny", assets: [users, report] });
`;

/** A project on a machine without Python; DuckDB's repository is what the test serves. */
function machine(repository: string | undefined) {
  const project = new Project({ "moraine.config.ts": config });
  const environment = {
    ...unreachableEnvironment(project.directory),
    ...(repository === undefined ? {} : { MORAINE_EXTENSION_REPOSITORY: repository }),
    PATH: pathWithoutPython(),
  };
  const state = (...path: readonly string[]) => join(project.directory, ".moraine", ...path);
  return {
    state,
    start: (...args: readonly string[]) => project.start(args, environment),
    run: async (...args: readonly string[]) => project.start(args, environment).finished,
    runWith: async (more: Readonly<Record<string, string>>, ...args: readonly string[]) =>
      project.start(args, { ...environment, ...more }).finished,
  };
}

describe("a project without dbt", () => {
  it("writes a lake table and makes no Python environment; doctor says what is there and what is not needed", async () => {
    const repository = await serveFiles(await repositoryFiles());
    const { run, state } = machine(repository.url);
    const first = await run("materialize", "--plain");
    expect(first.stdout + first.stderr).toContain("downloading DuckDB's extensions from DuckDB's repository");
    expect(first.code).toBe(0);
    expect(existsSync(state("venv"))).toBe(false);
    expect(JSON.parse((await run("query", "--json", "SELECT id FROM raw.users")).stdout)).toEqual([
      { id: 1 },
    ]);
    const { stdout, code } = await run("doctor");
    expect(stdout).toMatch(/python +not needed: no asset is made by dbt/);
    expect(stdout).toMatch(new RegExp(`extensions +DuckDB's, in ${state("extensions")}`));
    expect(code).toBe(0);
    expect((await run("doctor", "--only", "python")).stdout).toContain("Python is needed for dbt");
    expect(repository.asked).toHaveLength(3);
  });

  it("needs no extensions for what writes no table, and names what to do for what does, exit code 1", async () => {
    const { run, state } = machine(undefined);
    const { stderr, stdout, code } = await run("materialize", "--plain");
    expect(stdout + stderr).toContain(
      "DuckDB's extensions for Iceberg can't be downloaded, and are needed once",
    );
    expect(stdout + stderr).toContain("HTTPS_PROXY");
    expect(stdout + stderr).toContain(dirname(extensionFile(state("extensions"), "iceberg")));
    expect(code).toBe(1);
    expect((await run("materialize", "mart/report")).code).toBe(0);
  });

  it("fetches again what a kill in the middle of a download left out", async () => {
    const files = await repositoryFiles();
    const asked = deferred<void>();
    const half = (answer: ServerResponse) => {
      answer.write(files[repositoryPath("iceberg")]?.subarray(0, 1000));
      asked.resolve();
    };
    const broken = await serveFiles({ ...files, [repositoryPath("iceberg")]: half });
    const { start, state, runWith: run } = machine(broken.url);
    const killed = start("doctor", "--only", "extensions");
    await asked.promise;
    killed.kill("SIGKILL");
    await killed.finished;
    expect(existsSync(extensionFile(state("extensions"), "iceberg"))).toBe(false);
    const whole = await serveFiles(files);
    const { code } = await run({ MORAINE_EXTENSION_REPOSITORY: whole.url }, "doctor", "--only", "extensions");
    expect(code).toBe(0);
    expect(readdirSync(dirname(extensionFile(state("extensions"), "iceberg")))).toHaveLength(3);
  });

  it("fetches once for two processes that start at once", async () => {
    const repository = await serveFiles(await repositoryFiles());
    const { start, state } = machine(repository.url);
    const both = [start("doctor", "--only", "extensions"), start("doctor", "--only", "extensions")];
    const ends = await Promise.all(both.map(({ finished }) => finished));
    expect(ends.map(({ code }) => code)).toEqual([0, 0]);
    expect(repository.asked).toHaveLength(3);
    expect(readdirSync(dirname(extensionFile(state("extensions"), "iceberg")))).toHaveLength(3);
  });
});
