import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import Database from "better-sqlite3";
import { describe, expect, it, onTestFinished } from "vitest";
import { printed } from "../support/moraine.ts";
import { isThere } from "../support/processes.ts";
import { RowProject } from "../support/row-project.ts";

/** A run at work on `mart/users`. */
async function working(
  project: RowProject,
  env: Readonly<Record<string, string>> = { HANG: "mart/users" },
): Promise<{ readonly id: string; readonly run: ReturnType<RowProject["start"]> }> {
  const run = project.start(["materialize", "--workers", "1", "-v"], env);
  await printed(run, "start mart/users");
  const [{ id } = { id: "" }] = await project.json<{ id: string }[]>("runs");
  return { id, run };
}

const statusOf = async (project: RowProject, id: string) =>
  (await project.json<{ status: string }>("runs", id)).status;

/** Gives a run another owner, behind the store's back. */
function own(project: RowProject, id: string, owner: Readonly<Record<string, string | number | null>>): void {
  const store = new Database(join(project.directory, ".moraine/moraine.db"));
  const columns = Object.keys(owner).map((name) => `${name} = @${name}`);
  store.prepare(`UPDATE runs SET ${columns.join(", ")} WHERE id = @id`).run({ ...owner, id });
  store.close();
}

/** A process that has nothing to do with moraine. */
async function stranger(): Promise<ChildProcess & { readonly pid: number }> {
  const child = spawn(process.execPath, ["-e", "setInterval(() => {}, 1000)"]);
  onTestFinished(() => void child.kill("SIGKILL"));
  await once(child, "spawn");
  if (child.pid === undefined) throw new Error("expected a process");
  return Object.assign(child, { pid: child.pid });
}

describe("runs cancel", () => {
  it("tells the run's process to end, waits for it, and says how the run ended", async () => {
    const project = new RowProject();
    const { id, run } = await working(project);
    const { code, stdout, stderr } = await project.run("runs", "cancel", id.slice(0, 6));
    expect([code, stderr]).toEqual([
      0,
      `run ${id} is told to end; waiting for 1 asset: mart/users (--now kills it)\n`,
    ]);
    expect(stdout).toMatch(new RegExp(`^run ${id} cancelled: \\d materialized, \\d cancelled$`, "m"));
    expect(stdout).toContain(`next  moraine runs resume ${id}`);
    expect((await run.finished).code).toBe(143);
    expect(await statusOf(project, id)).toBe("cancelled");
  });

  it("prints the run as JSON", async () => {
    const project = new RowProject();
    const { id, run } = await working(project);
    expect(await project.json("runs", "cancel", id)).toMatchObject({ id, status: "cancelled" });
    await run.finished;
  });

  it("never hurries a run that is ending already; --now kills it, and the next run goes on", async () => {
    const project = new RowProject();
    const { id, run } = await working(project, { DEAF: "mart/users" });
    for (const _ of [1, 2]) {
      const cancel = project.start(["runs", "cancel", id]);
      await printed(cancel, "is told to end");
      cancel.kill("SIGINT");
      const { code, stderr } = await cancel.finished;
      expect(code).toBe(130);
      expect(stderr).toContain(`run ${id} has not ended yet`);
      expect(await statusOf(project, id)).toBe("running");
    }
    const { code, stdout } = await project.run("runs", "cancel", id, "--now");
    expect(code).toBe(0);
    expect(stdout).toContain(`run ${id} interrupted, its process is gone`);
    await run.finished;
    expect(run.signalCode).toBe("SIGKILL");
    const again = await project.ran(["runs", "resume", id]);
    expect(again.outcomes).toMatchObject({ "mart/users": "materialized", "mart/report": "materialized" });
  });

  it("of a run whose process was killed marks it as interrupted", async () => {
    const project = new RowProject();
    const { id, run } = await working(project);
    run.kill("SIGKILL");
    await run.finished;
    const { code, stdout } = await project.run("runs", "cancel", id);
    expect(code).toBe(0);
    expect(stdout).toContain(`run ${id} interrupted, its process is gone`);
  });

  it("of a run that has ended is an error that says how it ended", async () => {
    const project = new RowProject();
    const failed = await project.ran(["materialize"], { FAIL: "mart/users" });
    const { code, stdout, stderr } = await project.run("runs", "cancel", failed.runId);
    expect([code, stdout, stderr]).toEqual([
      2,
      "",
      `error[usage]: run ${failed.runId} has ended already, as failed\n  next      moraine runs resume ${failed.runId}\n`,
    ]);
  });

  it("leaves a later process alone that has the number of the run's own", async () => {
    const project = new RowProject();
    const { id, run } = await working(project);
    const other = await stranger();
    own(project, id, { pid: other.pid });
    expect((await project.run("runs", "cancel", id, "--now")).stdout).toContain(`run ${id} interrupted`);
    expect([isThere(other.pid), run.exitCode]).toEqual([true, null]);
  });

  it("refuses to signal a process when nobody knows whether it is the run's own", async () => {
    const project = new RowProject();
    const { id } = await working(project);
    const other = await stranger();
    own(project, id, { pid: other.pid, process_start: null });
    const { code, stderr } = await project.run("runs", "cancel", id, "--now");
    expect(code).toBe(2);
    expect(stderr).toContain(`process ${other.pid} may be another one than that of run ${id}`);
    expect(stderr).toContain(`kill -TERM ${other.pid}`);
    expect(isThere(other.pid)).toBe(true);
  });

  it("of a run on another machine says where to type it", async () => {
    const project = new RowProject();
    const { id } = await working(project);
    own(project, id, { host: "elsewhere" });
    const { code, stderr } = await project.run("runs", "cancel", id);
    expect(code).toBe(2);
    expect(stderr).toContain(`run ${id} works on elsewhere, and this is `);
    expect(stderr).toContain(`next      on elsewhere: moraine runs cancel ${id}`);
  });
});
