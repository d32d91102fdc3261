import { execFileSync } from "node:child_process";
import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { printed, program, Project } from "../support/moraine.ts";

/** A whole project in one file; `version` of the raw table comes from a file that the test writes. */
const smallProject = `
import { readFileSync } from "node:fs";
import { defineAsset, defineCheck, defineConfig } from "moraine";

const raw = defineAsset({
  key: "raw/users",
  group: "crm",
  refresh: { everyMs: 0 },
  kind: "csv",
  materialize: () => ({
    dataVersion: readFileSync(new URL("./version.txt", import.meta.url), "utf8"),
    metadata: { rows: { type: "rows", value: 3 } },
  }),
});
const mart = defineAsset({ key: "mart/users", deps: { raw }, materialize: () => {} });
const check = defineCheck({ asset: mart, name: "has_rows", run: () => ({ passed: process.env.BROKEN === undefined, value: 3 }) });

export default defineConfig({ name: "small", assets: [raw, mart, check] });
`;

const small = () => new Project({ "moraine.config.ts": smallProject, "version.txt": "d1" });

interface Listed {
  readonly key: string;
  readonly status: string;
  readonly lastMaterialization: { readonly dataVersion: string } | null;
}

describe("a project of one file", () => {
  it("lists its assets with the fields that scripts rely on", async () => {
    const project = small();
    expect(await project.json("list")).toEqual([
      {
        key: "raw/users",
        kind: "csv",
        group: "crm",
        deps: [],
        status: "missing",
        causes: [{ type: "missing" }],
        freshness: null,
        partitions: null,
        lastMaterialization: null,
      },
      {
        key: "mart/users",
        kind: "typescript",
        group: null,
        deps: ["raw/users"],
        status: "missing",
        causes: [
          { type: "missing" },
          { type: "upstream", upstream: "raw/users", chain: [{ type: "missing" }] },
        ],
        freshness: null,
        partitions: null,
        lastMaterialization: null,
      },
    ]);
  });

  it("materializes what is stale, says so in events, and leaves it fresh", async () => {
    const project = small();
    const { code, stdout, stderr } = await project.run("materialize", "--json");
    const events = stdout
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line) as { type: string });
    expect([code, stderr]).toEqual([0, ""]);
    expect(events[0]).toMatchObject({ type: "run-started", keys: ["raw/users", "mart/users"] });
    expect(events.at(-1)).toMatchObject({
      type: "run-finished",
      status: "succeeded",
      outcomes: { "raw/users": "materialized", "mart/users": "materialized" },
    });
    expect((await project.json<Listed[]>("list")).map((asset) => asset.status)).toEqual(["fresh", "fresh"]);
  });

  it("runs what is downstream only when the data moved", async () => {
    const project = small();
    await project.run("materialize");
    const outcomes = async () => {
      const { stdout } = await project.run("materialize", "--json");
      return (JSON.parse(stdout.trim().split("\n").at(-1) ?? "") as { outcomes: unknown }).outcomes;
    };
    expect(await outcomes()).toEqual({ "raw/users": "materialized", "mart/users": "fresh" });
    writeFileSync(join(project.directory, "version.txt"), "d2");
    expect(await outcomes()).toEqual({ "raw/users": "materialized", "mart/users": "materialized" });
  });

  it("is stale after a change of code and not after a comment", async () => {
    const project = small();
    await project.run("materialize");
    const stale = async () => (await project.json<Listed[]>("list", "state:stale")).map((asset) => asset.key);
    project.write(
      "moraine.config.ts",
      smallProject.replace("materialize: () => {}", "/* nothing yet */ materialize: () =>\n {}"),
    );
    expect(await stale()).toEqual([]);
    project.write(
      "moraine.config.ts",
      smallProject.replace("materialize: () => {}", "materialize: () => ({ metadata: {} })"),
    );
    expect(await stale()).toEqual(["mart/users"]);
  });

  it("prints plain lines without escape codes when piped, and a summary", async () => {
    const { stdout } = await small().run("materialize");
    expect(stdout).not.toContain("\u001B");
    expect(stdout).toMatch(/^\S+Z ok +1\/2 raw\/users rows=3/m);
    expect(stdout).toMatch(/run [0-9a-f]{12} materialized 2 of 2/);
  });

  it("prints its tables whole on a terminal that tells no size", async () => {
    const project = small();
    await project.run("materialize");
    const moraine = `${process.execPath} ${program} list --color never`;
    const shown = execFileSync("script", ["-qec", `stty rows 0 cols 0; ${moraine}`, "/dev/null"], {
      cwd: project.directory,
      encoding: "utf8",
    });
    const piped = (await project.run("list")).stdout;
    const words = (text: string) =>
      text
        .replaceAll("\r", "")
        .split("\n")
        // Seconds may pass between the two.
        .map((line) => line.replaceAll(/\b\d+s\b/g, "1s").split(/ +/));
    expect(words(shown)).toEqual(words(piped));
  });

  it("exits with 1 and holds its table back when a blocking check fails", async () => {
    const project = small();
    const { code, stdout } = await project.start(["materialize"], { BROKEN: "1" }).finished;
    expect(code).toBe(1);
    expect(stdout).toContain("check-failed");
    expect((await project.run("check")).code).toBe(0);
    expect((await project.start(["check"], { BROKEN: "1" }).finished).code).toBe(1);
  });

  it("shows its runs, one run, and a run's log", async () => {
    const project = small();
    await project.run("materialize");
    const [run] = await project.json<{ id: string; status: string; counts: unknown }[]>("runs");
    expect(run).toMatchObject({
      status: "succeeded",
      counts: { materialized: 2, fresh: 0, failed: 0, skipped: 0, cancelled: 0 },
    });
    expect(await project.json("runs", run?.id.slice(0, 6) ?? "")).toMatchObject({
      id: run?.id,
      attempts: [{ key: "raw/users" }, { key: "mart/users" }],
    });
    expect((await project.run("logs", run?.id ?? "", "mart/users")).stdout).toContain("mart/users");
  });

  it("plans without changing anything, and says by its exit code whether something would run", async () => {
    const project = small();
    expect((await project.run("plan", "--exit-code")).code).toBe(3);
    expect(await project.json("plan")).toMatchObject({
      toRun: 2,
      steps: [
        { key: "raw/users", action: "run" },
        { key: "mart/users", action: "run" },
      ],
    });
    expect((await project.json<Listed[]>("list")).every((asset) => asset.lastMaterialization === null)).toBe(
      true,
    );
  });

  it("draws its lineage as mermaid, dot, lanes and JSON", async () => {
    const project = small();
    expect((await project.run("lineage", "--format", "mermaid")).stdout).toBe(
      [
        "graph LR",
        '  n0(["Csv"])',
        '  n1["raw/users"]',
        '  n2["mart/users"]',
        "  n0 --> n1",
        "  n1 --> n2",
        "",
      ].join("\n"),
    );
    expect((await project.run("lineage", "--format", "dot")).stdout).toContain(
      '"raw/users" -> "mart/users";',
    );
    expect((await project.run("lineage")).stdout).toContain("mart/users  reads raw/users");
    expect(await project.json("lineage")).toMatchObject({
      edges: [
        { from: "csv", to: "raw/users" },
        { from: "raw/users", to: "mart/users" },
      ],
    });
  });

  it("answers state: for every verb, and records a selection as it can be typed again", async () => {
    const project = small();
    const edges = async () => (await project.json<{ edges: unknown[] }>("lineage", "state:fresh")).edges;
    expect(await edges()).toEqual([]);
    await project.run("materialize", "raw/users or mart/users");
    expect(await edges()).toHaveLength(2);
    const [run] = await project.json<{ selection: string }[]>("runs");
    expect(run?.selection).toBe("'raw/users or mart/users'");
  });

  it("records a run that Ctrl-C stopped as cancelled, and the next one goes on", async () => {
    const project = new Project({
      "moraine.config.ts": `
import { defineAsset, defineConfig } from "moraine";
const first = defineAsset({ key: "a/first", materialize: () => {} });
const slow = defineAsset({
  key: "a/slow",
  deps: { first },
  materialize: ({ signal }) => process.env.QUICK ? undefined : new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason))),
});
export default defineConfig({ name: "slow", assets: [first, slow] });`,
    });
    const child = project.start(["materialize", "--json"]);
    await printed(child, '"type":"asset-started","key":"a/slow"');
    child.kill("SIGINT");
    const { code, stdout } = await child.finished;
    expect(code).toBe(130);
    expect(JSON.parse(stdout.trim().split("\n").at(-1) ?? "")).toMatchObject({
      status: "cancelled",
      outcomes: { "a/first": "materialized", "a/slow": "cancelled" },
    });
    const again = await project.start(["materialize", "--json"], { QUICK: "1" }).finished;
    expect(again.stdout).toContain('"outcomes":{"a/first":"fresh","a/slow":"materialized"}');
  });
});

describe("wrong use", () => {
  it("of definitions is reported all at once, with places, before anything runs", async () => {
    const project = new Project({
      "moraine.config.ts": `
import { defineAsset, defineCheck, defineConfig } from "moraine";
const a = defineAsset({ key: "Raw/Users", materialize: () => {} });
const b = defineAsset({ key: "raw/b", timeoutMs: 0, materialize: () => {} });
const check = defineCheck({ asset: "raw/c", name: "x", run: () => ({ passed: true }) });
export default defineConfig({ name: "wrong", assets: [a, b, check] });`,
    });
    const { code, stdout, stderr } = await project.run("materialize");
    expect([code, stdout]).toEqual([2, ""]);
    expect(stderr).toContain('got "Raw/Users"');
    expect(stderr).toContain("timeoutMs must be above 0, got 0");
    expect(stderr).toContain("check x is on raw/c, which no asset has");
    expect(stderr).toContain("3 definitions to correct");
  });

  it("of TypeScript names file, line and column", async () => {
    const { code, stderr } = await new Project({
      "moraine.config.ts": "export default {\n  name: 'x' y\n}",
    }).run("list");
    expect(code).toBe(2);
    expect(stderr).toContain("moraine.config.ts:2:13");
  });

  it("of a config that throws names the place in the source", async () => {
    const { code, stderr } = await new Project({
      "moraine.config.ts": "const a: string[] = [];\nexport default a[0]!.length;",
    }).run("list");
    expect(code).toBe(2);
    expect(stderr).toContain("moraine.config.ts:2");
  });

  it.each([
    [["lst"], "Did you mean list?"],
    [["lst", "--help"], "Did you mean list?"],
    [["help", "ls"], "Did you mean list or logs or ui?"],
    [["init", "--help"], "unknown verb 'init'"],
    [["--plain", "init", "-h"], "unknown verb 'init'"],
    [["list", "raw/user"], "did you mean raw/users or mart/users?"],
    [["materialize", "--force"], "--force needs a selection"],
    [["materialize", "--workers", "none"], "expected a whole number from 1"],
    [["list", "--target", "locl"], "--target local"],
    [["runs", "0000"], "no run 0000"],
    [["check", "--name", "has_row"], "did you mean has_rows?"],
    [["lineage", "--format", "svg"], "--format is lanes, dot, mermaid, openlineage or json"],
    [["ui"], "needs a terminal"],
  ])("of %j is explained, exit code 2", async (args, text) => {
    const { code, stdout, stderr } = await small().run(...args);
    expect([code, stdout]).toEqual([2, ""]);
    expect(stderr).toContain(text);
  });

  it("outside a project says where it looked", async () => {
    const project = new Project({});
    const { code, stderr } = await project.run("list");
    expect(code).toBe(2);
    expect(stderr).toContain("no moraine.config.ts in");
  });

  it("of a store that is none exits with 4 and leaves the file alone", async () => {
    const project = small();
    project.write(".moraine/moraine.db", "not a database, ".repeat(500));
    const { code, stderr } = await project.run("materialize");
    expect(code).toBe(4);
    expect(stderr).toContain("the store is not a SQLite database");
    expect(existsSync(join(project.directory, ".moraine/moraine.db-wal"))).toBe(false);
  });
});

describe("a project of several files", () => {
  it("collects what its globs name, each asset once", async () => {
    const project = new Project({
      "moraine.config.ts": `
import { defineConfig } from "moraine";
import { raw } from "./assets/raw.ts";
export default defineConfig({ name: "several", assets: [raw, "assets/*.ts"] });`,
      "assets/raw.ts": `import { defineAsset } from "moraine"; export const raw = defineAsset({ key: "a/raw", materialize: () => {} });`,
      "assets/mart.ts": `
import { defineAsset } from "moraine";
import { raw } from "./raw.ts";
export const note = "assets/nothing/*.ts";
export const mart = defineAsset({ key: "a/mart", deps: { raw }, materialize: () => {} });`,
    });
    expect((await project.json<Listed[]>("list")).map((asset) => asset.key)).toEqual(["a/raw", "a/mart"]);
  });
});
