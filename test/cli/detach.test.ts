import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { Project } from "../support/moraine.ts";
import { ended, isThere } from "../support/processes.ts";
import { RowProject } from "../support/row-project.ts";

interface Detached {
  readonly runId: string;
  readonly pid: number;
  readonly logFile: string;
}

interface Run {
  readonly id: string;
  readonly status: string;
}

/** Detaches a run; its process is killed with the test, should it still work. */
async function detached(
  project: Project,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<Detached> {
  const { code, stdout, stderr } = await project.start([...args, "--detach", "--json"], env).finished;
  if (code !== 0) throw new Error(`expected a detached run, got ${code}: ${stderr}`);
  const told = JSON.parse(stdout) as Detached;
  onTestFinished(() => {
    if (isThere(told.pid)) process.kill(told.pid, "SIGKILL");
  });
  return told;
}

describe("materialize --detach", () => {
  it("starts the run in a process apart from the terminal, and says its id, its process and its log", async () => {
    const project = new RowProject();
    const { runId, pid, logFile } = await detached(project, ["materialize"], { HANG: "mart/users" });
    // Its own group: what the terminal sends to this one does not reach it.
    const group = execFileSync("ps", ["-o", "pgid=", "-p", String(pid)], { encoding: "utf8" });
    expect(group.trim()).toBe(String(pid));
    expect(await project.json("runs", runId)).toMatchObject({ status: "running" });
    process.kill(pid, "SIGTERM");
    await ended([pid]);
    expect(await project.json("runs", runId)).toMatchObject({ status: "cancelled" });
    expect(readFileSync(logFile, "utf8")).toMatch(/^\S+Z start run=/m);
    expect(logFile).toBe(join(project.directory, ".moraine/logs", `run-${runId}.log`));
  });

  it("hands on the selection and every option, and prints what to type next", async () => {
    const project = new RowProject();
    await project.run("materialize");
    project.called();
    const { code, stdout } = await project.run(
      "materialize",
      "raw/users or raw/other",
      "--force",
      "--workers",
      "2",
      "--tag",
      "reason=two words",
      "--detach",
    );
    expect(code).toBe(0);
    const [, runId = "", pid = ""] = /^run (\w{12}) works in process (\d+)$/m.exec(stdout) ?? [];
    expect(stdout).toContain(`log     .moraine/logs/run-${runId}.log`);
    expect(stdout).toContain(`follow  moraine logs ${runId} --follow`);
    expect(stdout).toContain(`cancel  moraine runs cancel ${runId}`);
    await ended([Number(pid)]);
    const run = await project.json<object>("runs", runId);
    expect(run).toMatchObject({
      status: "succeeded",
      selection: "'raw/users or raw/other'",
      tags: { reason: "two words" },
    });
    expect([...project.called()].sort()).toEqual(["raw/other forced", "raw/users forced"]);
    const [started] = await project.json<object[]>("logs", runId);
    expect(started).toMatchObject({ type: "run-started", workers: 2, forced: ["raw/other", "raw/users"] });
  });

  it("detaches a run that goes on with an earlier one", async () => {
    const project = new RowProject();
    const { runId } = await project.ran(["materialize"], { FAIL: "mart/users" });
    const retried = await detached(project, ["materialize", "--retry", runId], { FAIL: "mart/report" });
    await ended([retried.pid]);
    expect(await project.json("runs", retried.runId)).toMatchObject({ status: "failed", resumes: runId });
    const resumed = await detached(project, ["runs", "resume", runId]);
    await ended([resumed.pid]);
    expect(await project.json("runs", resumed.runId)).toMatchObject({ status: "succeeded", resumes: runId });
  });

  it.each([
    [["materialize", "raw/user"], "did you mean raw/users"],
    [["materialize", "--retry", "8f21c4"], "no run 8f21c4"],
    [["materialize", "--tag", "x"], "--tag expects name=value"],
    [["materialize", "--progress", "dead"], "--progress is live, plain or off"],
  ])("says what is wrong with %j before it detaches", async (args, text) => {
    const project = new RowProject();
    const { code, stdout, stderr } = await project.run(...args, "--detach");
    expect([code, stdout]).toEqual([2, ""]);
    expect(stderr).toContain(text);
    expect(existsSync(join(project.directory, ".moraine/logs"))).toBe(false);
  });

  it("says what is wrong with the definitions before it detaches", async () => {
    const project = new Project({
      "moraine.config.ts": `
import { defineAsset, defineConfig } from "moraine";
export default defineConfig({ name: "wrong", assets: [defineAsset({ key: "No", materialize: () => {} })] });`,
    });
    const { code, stdout, stderr } = await project.run("materialize", "--detach");
    expect([code, stdout]).toEqual([2, ""]);
    expect(stderr).toContain('got "No"');
  });

  it("tells what its process said when that ends before the run began", async () => {
    const project = new RowProject();
    project.write(".moraine/lake/catalog.db", "this is no database, ".repeat(500));
    const { code, stdout, stderr } = await project.run("materialize", "--detach");
    expect([code, stdout]).toEqual([1, ""]);
    expect(stderr).toMatch(/^error\[detach\]: process \d+ ended before its run began$/m);
    expect(stderr).toMatch(/^error\[(lake-unreadable|files)\]/m);
    expect(stderr).toMatch(/log +\.moraine\/logs\/run-\w{12}\.log/);
    expect(await project.json<Run[]>("runs")).toEqual([]);
  });

  it("tells of a process that was killed before the run began", async () => {
    const project = new Project({
      "moraine.config.ts": `
import { defineAsset, defineConfig } from "moraine";
if (process.argv.some((arg) => arg.startsWith("--run-id"))) process.kill(process.pid, "SIGKILL");
export default defineConfig({ name: "dies", assets: [defineAsset({ key: "a/b", materialize: () => {} })] });`,
    });
    const { code, stdout, stderr } = await project.run("materialize", "--detach", "--json");
    expect([code, stdout]).toEqual([1, ""]);
    expect(stderr).toContain("ended before its run began");
  });
});
