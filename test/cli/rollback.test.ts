import { spawn } from "node:child_process";
import { once } from "node:events";
import { resolve } from "node:path";
import { describe, expect, it } from "vitest";
import { lakeProject } from "../support/lake-project.ts";
import type { Project } from "../support/moraine.ts";

/** Users from a file, and those of them who are adults. */
const config = `
import { readFileSync } from "node:fs";
import { defineAsset, defineConfig } from "moraine";

const write = async ({ lakehouse, key, signal }, query) => {
  const table = lakehouse.tableName(key);
  const run = async (sql) => { for await (const _ of (await lakehouse.query(sql, { readOnly: false, signal })).rows); };
  await lakehouse.ensureTable({ key, columns: { id: { type: "long" }, age: { type: "long" } }, partitionBy: [], properties: {} });
  await run("DELETE FROM " + table);
  await run("INSERT INTO " + table + " " + query);
};
const users = defineAsset({
  key: "raw/users",
  refresh: { everyMs: 0 },
  materialize: (context) => {
    const ages = JSON.parse(readFileSync(new URL("./ages.json", import.meta.url), "utf8"));
    return write(context, "VALUES " + ages.map((age, id) => "(" + id + ", " + age + ")"));
  },
});
const adults = defineAsset({
  key: "mart/adults",
  deps: { users },
  materialize: (context) => write(context, "SELECT id, age FROM " + context.inputs.users.sql + " WHERE age >= 18"),
});
const report = defineAsset({ key: "mart/report", deps: { adults }, materialize: () => {} });

export default defineConfig({ name: "ages", assets: [users, adults, report] });
`;

interface Shown {
  readonly status: string;
  readonly causes: readonly { readonly type: string }[];
  readonly history: readonly {
    readonly runId: string;
    readonly snapshotId: string;
    readonly madeAt: string;
    readonly finishedAt: string;
  }[];
}

/** Two runs; the second made `mart/adults` from more users. */
async function twice() {
  const project = await lakeProject({ "moraine.config.ts": config, "ages.json": "[40, 7]" });
  for (const ages of ["[40, 7]", "[40, 7, 30]"]) {
    project.write("ages.json", ages);
    const { code, stderr } = await project.run("materialize");
    if (code !== 0) throw new Error(stderr);
  }
  const { history } = await project.json<Shown>("show", "mart/adults");
  const [second, first] = history;
  if (first === undefined || second === undefined) throw new Error("expected two materializations");
  return { project, first, second };
}

const adultsOf = (project: Project) =>
  project.json<object[]>("query", "SELECT id FROM mart.adults ORDER BY id");

describe("moraine rollback", () => {
  it("publishes the older snapshot, says what is stale after it and how to go back, and runs make it again", async () => {
    const { project, first, second } = await twice();
    expect(await adultsOf(project)).toEqual([{ id: 0 }, { id: 2 }]);
    const { code, stdout, stderr } = await project.run(
      "rollback",
      "adults",
      "--to",
      first.snapshotId,
      "--yes",
    );
    expect([code, stderr]).toEqual([0, ""]);
    expect(stdout.split("\n").map((line) => line.replace(/run [0-9a-f]{12}/, "run ID"))).toEqual([
      `✓ run ID took mart/adults back to snapshot ${first.snapshotId}`,
      "  stale 1 asset downstream is stale: mart/report",
      "  next  materialize makes mart/adults again: data: raw/users moved",
      `  undo  moraine rollback mart/adults --to ${second.snapshotId}   (until its snapshot expires)`,
      "",
    ]);
    expect(await adultsOf(project)).toEqual([{ id: 0 }]);
    const shown = await project.json<Shown>("show", "mart/adults");
    expect(shown.causes).toMatchObject([{ type: "data" }]);
    expect(shown.history[0]).toMatchObject({ snapshotId: first.snapshotId, madeAt: first.finishedAt });
    expect((await project.run("show", "mart/adults")).stdout).toContain("1 row, rolled back");
    const [run] = await project.json<{ id: string; selection: string; status: string }[]>("runs");
    expect(run).toMatchObject({
      status: "succeeded",
      selection: `rollback mart/adults --to ${first.snapshotId}`,
    });
    expect((await project.run("runs", "resume", run?.id ?? "")).stderr).toContain("is a rollback");
    expect((await project.json<{ status: string }>("store", "check")).status).toBe("ok");

    expect((await project.run("rollback", "adults", "--to", second.snapshotId, "-y", "-q")).code).toBe(0);
    expect(await adultsOf(project)).toEqual([{ id: 0 }, { id: 2 }]);
    const statuses = await project.json<{ key: string; status: string }[]>("list");
    expect(statuses.map(({ status }) => status)).toEqual(["fresh", "fresh", "fresh"]);
  });

  it("changes nothing with --dry-run, and prints one document with --json", async () => {
    const { project, first, second } = await twice();
    const planned = await project.json("rollback", "adults", "--run", first.runId, "--dry-run");
    expect(planned).toMatchObject({
      key: "mart/adults",
      dryRun: true,
      runId: null,
      from: { id: second.snapshotId, rows: 2 },
      to: { id: first.snapshotId, rows: 1 },
      restores: { runId: first.runId, madeAt: first.finishedAt, isExact: true },
      partitions: [],
      status: "stale",
      causes: [{ type: "data", upstream: "raw/users" }],
      stale: ["mart/report"],
      undo: `moraine rollback mart/adults --to ${second.snapshotId}`,
    });
    const { stdout } = await project.run(
      "rollback",
      "adults",
      "--to",
      first.snapshotId.slice(0, 8),
      "--dry-run",
    );
    expect(stdout).toContain("stale 1 asset downstream becomes stale: mart/report");
    expect(await adultsOf(project)).toEqual([{ id: 0 }, { id: 2 }]);
    expect(await project.json<object[]>("runs")).toHaveLength(2);
    const done = await project.json<{ runId: string }>("rollback", "adults", "--run", first.runId, "--yes");
    expect(done).toEqual({ ...(planned as object), dryRun: false, runId: done.runId });
    const again = await project.json("rollback", "adults", "--run", first.runId, "--yes");
    expect(again).toMatchObject({ runId: null, status: "stale", stale: [] });
    expect((await project.run("rollback", "adults", "--run", first.runId)).stdout).toContain(
      `mart/adults is at snapshot ${first.snapshotId} already`,
    );
  });

  it("says what is wrong with what was asked, exit code 2", async () => {
    const { project, first, second } = await twice();
    const refusal = async (...args: readonly string[]) => {
      const { code, stderr } = await project.run("rollback", ...args);
      return [code, stderr.trim()];
    };
    expect(await refusal("adults")).toEqual([
      2,
      expect.stringMatching(
        new RegExp(
          `^error\\[usage\\]: where is mart/adults to go back to\\? There are\n  snapshot ${first.snapshotId}, .*Z, 1 row, by run ${first.runId}\n  next      moraine rollback mart/adults --to ${first.snapshotId}$`,
        ),
      ),
    ]);
    expect(await refusal("adults", "--to", first.snapshotId)).toEqual([
      2,
      expect.stringContaining(
        `error[usage]: this takes mart/adults back to snapshot ${first.snapshotId}\n  next      add --yes`,
      ),
    ]);
    expect(await refusal("adults", "--to", "17")).toEqual([
      2,
      expect.stringContaining(`mart/adults has no snapshot 17; it has ${second.snapshotId}, `),
    ]);
    expect(await refusal("adults", "--to", "1", "--run", "2")).toEqual([
      2,
      expect.stringContaining("--to and --run both say where to go back to"),
    ]);
    expect(await refusal("adults", "--run", "beef")).toEqual([2, expect.stringContaining("no run beef")]);
    expect(await refusal("report", "--run", first.runId)).toEqual([
      2,
      expect.stringContaining("mart/report has no table to roll back"),
    ]);
    expect(await refusal("adlts", "--to", "17")).toEqual([
      2,
      expect.stringContaining("did you mean adults?"),
    ]);
    const { runId } = await project.json<{ runId: string }>("check", "adults");
    expect(await refusal("adults", "--run", runId)).toEqual([
      2,
      expect.stringContaining(`run ${runId} did not write mart/adults`),
    ]);
    await project.run("lake", "expire", "mart/adults", "--older-than", "0h");
    expect(await refusal("adults", "--run", first.runId)).toEqual([
      2,
      expect.stringContaining(
        `snapshot ${first.snapshotId}, which run ${first.runId} left of mart/adults, has expired`,
      ),
    ]);
    expect(await refusal("adults")).toEqual([
      2,
      expect.stringContaining("mart/adults has no earlier snapshot to go back to"),
    ]);
  });

  it("asks on a terminal, where everything but yes leaves the table alone", async () => {
    const { project, first } = await twice();
    const answer = async (text: string) => {
      const script = "import os, pty, sys; sys.exit(os.waitstatus_to_exitcode(pty.spawn(sys.argv[1:])))";
      const program = resolve(import.meta.dirname, "../../dist/moraine.js");
      const args = [process.execPath, program, "rollback", "adults", "--to", first.snapshotId];
      const child = spawn("python3", ["-c", script, ...args], {
        cwd: project.directory,
        stdio: ["pipe", "pipe", "inherit"],
      });
      let shown = "";
      child.stdout.on("data", (chunk: Buffer) => {
        shown += chunk.toString();
        if (shown.includes("[y/N]") && !child.stdin.writableEnded) child.stdin.end(`${text}\n`);
      });
      const [code] = (await once(child, "close")) as [number];
      return { code, shown };
    };
    const no = await answer("");
    expect(no.code).toBe(0);
    expect(no.shown).toContain("mart/report");
    expect(no.shown).toContain("nothing was changed");
    expect(await adultsOf(project)).toEqual([{ id: 0 }, { id: 2 }]);
    const yes = await answer("yes");
    expect(yes.shown).toContain("took mart/adults back");
    expect(await adultsOf(project)).toEqual([{ id: 0 }]);
  });
});
