import { join } from "node:path";
import Database from "better-sqlite3";
import { describe, expect, it } from "vitest";
import { printed } from "../support/moraine.ts";
import { RowProject } from "../support/row-project.ts";

const all = { "raw/users": "materialized", "mart/users": "materialized", "mart/report": "materialized" };

/** Starts a run that hangs at an asset, and kills its process there. */
async function killedRun(project: RowProject, hang: string, args: readonly string[]): Promise<string> {
  const run = project.start([...args, "--workers", "1", "--json"], { HANG: hang });
  await printed(run, `"type":"asset-started","key":"${hang}"`);
  run.kill("SIGKILL");
  const { stdout } = await run.finished;
  return (JSON.parse(stdout.split("\n")[0] ?? "") as { runId: string }).runId;
}

describe("materialize --retry", () => {
  it("runs what failed or was skipped, and nothing else", async () => {
    const project = new RowProject();
    const { runId, code } = await project.ran(["materialize"], { FAIL: "mart/users" });
    expect(code).toBe(1);
    const again = await project.ran(["materialize", "--retry", runId.slice(0, 6)]);
    expect(again.outcomes).toEqual({ "mart/users": "materialized", "mart/report": "materialized" });
    expect(again.started).toMatchObject({ resumes: runId, selection: "" });
    expect(await project.json("runs", runId)).toMatchObject({ resumes: null, resumedBy: [again.runId] });
    expect(await project.json("runs", again.runId)).toMatchObject({ resumes: runId, resumedBy: [] });
    expect((await project.run("runs", runId)).stdout).toContain(`resumed by  ${again.runId} succeeded`);
    expect((await project.run("runs", again.runId)).stdout).toContain(`resumes     ${runId}`);
  });

  it("is what a failed run says to type next", async () => {
    const project = new RowProject();
    const { stdout } = await project.start(["materialize"], { FAIL: "mart/users" }).finished;
    const [, command = "", runId = ""] =
      /^\s+(moraine materialize --retry (\w+)) {3}the 2 failed or skipped$/m.exec(stdout) ?? [];
    const again = await project.ran(command.split(" ").slice(1));
    expect(again.started.resumes).toBe(runId);
  });

  it("includes what fail-fast kept from being reached, downstream of the failure", async () => {
    const project = new RowProject();
    const first = await project.ran(["materialize", "--fail-fast", "--workers", "1"], { FAIL: "raw/users" });
    expect(first.outcomes["raw/users"]).toBe("failed");
    expect(first.outcomes["mart/report"]).not.toBe("materialized");
    const again = await project.ran(["materialize", "--retry", first.runId]);
    expect(again.outcomes).toEqual(all);
  });

  it("forces again what the run had forced and did not get done", async () => {
    const project = new RowProject();
    await project.run("materialize");
    const { runId } = await project.ran(["materialize", "--force", "+mart/report"], { FAIL: "mart/users" });
    project.called();
    await project.ran(["materialize", "--retry", runId]);
    expect(project.called()).toEqual(["mart/users forced", "mart/report forced"]);
  });

  it("knows what another retry has done since", async () => {
    const project = new RowProject();
    const { runId } = await project.ran(["materialize"], { FAIL: "mart/users" });
    const second = await project.ran(["materialize", "--retry", runId], { FAIL: "mart/report" });
    expect(second.outcomes).toEqual({ "mart/users": "materialized", "mart/report": "failed" });
    const third = await project.ran(["materialize", "--retry", runId]);
    expect(third.outcomes).toEqual({ "mart/report": "materialized" });
    const { code, stderr } = await project.run("materialize", "--retry", runId);
    expect([code, stderr]).toEqual([
      2,
      `error[usage]: nothing of run ${runId} is left that failed or was skipped\n  next      moraine materialize\n`,
    ]);
  });

  it("of a run in which nothing failed says how to go on with it", async () => {
    const project = new RowProject();
    const runId = await killedRun(project, "mart/users", ["materialize"]);
    const { code, stderr } = await project.run("materialize", "--retry", runId);
    expect(code).toBe(2);
    expect(stderr).toContain(`next      moraine runs resume ${runId}`);
  });
});

describe("runs resume", () => {
  it("goes on with a killed run: what was done stays, what it had forced is forced once", async () => {
    const project = new RowProject();
    await project.run("materialize");
    const forced = ["materialize", "--force", "+mart/report", "--tag", "reason=test"];
    const runId = await killedRun(project, "mart/users", forced);
    expect(await project.json("runs", runId)).toMatchObject({ status: "interrupted" });
    project.called();
    const second = await killedRun(project, "mart/report", ["runs", "resume", runId]);
    expect(project.called()[0]).toBe("mart/users forced");
    const third = await project.ran(["runs", "resume", runId]);
    expect(third.started).toMatchObject({
      resumes: runId,
      selection: "+mart/report",
      tags: { reason: "test" },
      forced: ["mart/report"],
    });
    expect(third.outcomes).toEqual({ "mart/report": "materialized" });
    expect(project.called()).toEqual(["mart/report forced"]);
    expect(await project.json("runs", runId)).toMatchObject({ resumedBy: [second, third.runId] });
    const nothing = await project.ran(["runs", "resume", runId]);
    expect([nothing.code, nothing.outcomes, project.called()]).toEqual([0, {}, []]);
  });

  it("goes on with a run that Ctrl-C stopped, and with the one that went on with it", async () => {
    const project = new RowProject();
    const stop = async (args: readonly string[], hang: string) => {
      const run = project.start([...args, "--json"], { HANG: hang });
      await printed(run, `"type":"asset-started","key":"${hang}"`);
      run.kill("SIGINT");
      const { stdout } = await run.finished;
      return (JSON.parse(stdout.split("\n")[0] ?? "") as { runId: string }).runId;
    };
    const first = await stop(["materialize", "+mart/report"], "raw/users");
    const second = await stop(["runs", "resume", first], "mart/users");
    const third = await project.ran(["runs", "resume", second, "--tag", "reason=third"]);
    expect(third.outcomes).toEqual({ "mart/users": "materialized", "mart/report": "materialized" });
    expect(third.started).toMatchObject({ resumes: second, tags: { reason: "third" } });
  });

  it("is what a cancelled run says to type next", async () => {
    const project = new RowProject();
    const run = project.start(["materialize", "-v"], { HANG: "mart/users" });
    await printed(run, "start mart/users");
    run.kill("SIGINT");
    expect((await run.finished).stdout).toMatch(
      /next {2}moraine runs resume \w{12} {3}go on with what is left/,
    );
  });
});

describe("a run over partitions", () => {
  const config = (regions: string) => `
import { defineAsset, defineConfig, staticPartitions } from "moraine";
const orders = defineAsset({
  key: "raw/orders",
  partitions: staticPartitions([${regions}]),
  materialize: ({ partition }) => {
    if (process.env.FAIL?.includes(partition.key)) throw new Error("told to fail");
  },
});
const total = defineAsset({ key: "mart/total", deps: { orders }, materialize: () => {} });
export default defineConfig({ name: "regions", assets: [orders, total] });`;

  it("is gone on with partition by partition", async () => {
    const project = new RowProject();
    project.write("moraine.config.ts", config('"eu", "us", "asia"'));
    const first = await project.ran(["materialize", "--force", "*"], { FAIL: "us,asia" });
    expect(first.started.partitions).toEqual({ "raw/orders": ["eu", "us", "asia"] });
    expect((await project.run("runs", first.runId)).stdout).toContain("raw/orders[asia]");
    const second = await project.ran(["materialize", "--retry", first.runId], { FAIL: "asia" });
    expect(second.started.partitions).toEqual({ "raw/orders": ["us", "asia"] });
    const third = await project.ran(["runs", "resume", first.runId]);
    expect(third.started).toMatchObject({
      partitions: { "raw/orders": ["asia"] },
      forced: ["raw/orders", "mart/total"],
    });
    expect(third.outcomes).toEqual({ "raw/orders": "materialized", "mart/total": "materialized" });
  });

  it("can't be gone on with without a partition that it has left", async () => {
    const project = new RowProject();
    project.write("moraine.config.ts", config('"eu", "us"'));
    const { runId } = await project.ran(["materialize"], { FAIL: "us" });
    project.write("moraine.config.ts", config('"eu"'));
    const { code, stderr } = await project.run("materialize", "--retry", runId);
    expect(code).toBe(2);
    expect(stderr).toContain("has 1 asset left that the project no longer has: raw/orders[us]");
    expect(stderr).toContain("next      moraine materialize mart/total");
  });
});

describe("a run can't be gone on with", () => {
  const failed = async (project: RowProject, ...args: readonly string[]) =>
    (await project.ran(["materialize", ...args], { FAIL: "mart/users" })).runId;

  it("while it works", async () => {
    const project = new RowProject();
    const run = project.start(["materialize", "--json"], { HANG: "mart/users" });
    await printed(run, '"type":"asset-started","key":"mart/users"');
    const [{ id } = { id: "" }] = await project.json<{ id: string }[]>("runs");
    const { code, stderr } = await project.run("runs", "resume", id);
    expect([code, stderr]).toEqual([
      2,
      `error[usage]: run ${id} still works\n  next      moraine logs ${id} --follow, or moraine runs cancel ${id}\n`,
    ]);
    run.kill("SIGINT");
    await run.finished;
  });

  it("while another one goes on with it", async () => {
    const project = new RowProject();
    const runId = await failed(project);
    const run = project.start(["materialize", "--retry", runId, "--json"], { HANG: "mart/users" });
    await printed(run, '"type":"asset-started","key":"mart/users"');
    const { code, stderr } = await project.run("runs", "resume", runId);
    expect(code).toBe(2);
    expect(stderr).toMatch(/run \w{12} goes on with it and still works/);
    run.kill("SIGINT");
    await run.finished;
  });

  it("in another target than its own", async () => {
    const project = new RowProject();
    const runId = await failed(project, "--target", "second");
    const { code, stderr } = await project.run("materialize", "--retry", runId);
    expect([code, stderr]).toEqual([
      2,
      `error[usage]: run ${runId} is one of target second, and this is local\n  next      moraine materialize --retry ${runId} --target second\n`,
    ]);
  });

  it("without the assets that it has left", async () => {
    const project = new RowProject();
    const runId = await failed(project);
    project.remove("report");
    const { code, stderr } = await project.run("runs", "resume", runId);
    expect([code, stderr]).toEqual([
      2,
      `error[usage]: run ${runId} has 1 asset left that the project no longer has: mart/report\n  next      moraine materialize mart/users\n`,
    ]);
    expect(project.called()).not.toContain("mart/report");
  });

  it("but without those that it got done", async () => {
    const project = new RowProject();
    const runId = await failed(project);
    project.remove("other");
    expect((await project.ran(["runs", "resume", runId])).outcomes).toMatchObject({
      "mart/users": "materialized",
    });
  });

  it("when it succeeded, or only ran checks", async () => {
    const project = new RowProject();
    const { runId } = await project.ran(["materialize", "raw/users"]);
    expect((await project.run("runs", "resume", runId)).stderr).toContain(
      `run ${runId} succeeded: nothing of it is left`,
    );
    const { runId: checked } = await project.json<{ runId: string }>("check", "raw/users");
    const { code, stderr } = await project.run("runs", "resume", checked);
    expect(code).toBe(2);
    expect(stderr).toContain(`it only ran checks\n  next      moraine check raw/users`);
  });

  it("when its events have been pruned", async () => {
    const project = new RowProject();
    const runId = await failed(project, "+mart/report");
    const store = new Database(join(project.directory, ".moraine/moraine.db"));
    store.prepare("DELETE FROM events WHERE run_id = ?").run(runId);
    store.close();
    const { code, stderr } = await project.run("runs", "resume", runId);
    expect(code).toBe(2);
    expect(stderr).toContain("have been pruned");
    expect(stderr).toContain("next      moraine materialize +mart/report");
  });
});
