import { describe, expect, it } from "vitest";
import { printed } from "../support/moraine.ts";
import { RowProject } from "../support/row-project.ts";

interface Run {
  readonly id: string;
  readonly status: string;
  readonly tags: Readonly<Record<string, string>>;
}

describe("run tags", () => {
  it("are recorded with the run, shown, and find it again", async () => {
    const project = new RowProject();
    await project.run("materialize");
    const tags = { reason: "backfill", note: "two words, = too" };
    const given = Object.entries(tags).flatMap(([name, value]) => ["--tag", `${name}=${value}`]);
    expect((await project.ran(["materialize", ...given])).started).toMatchObject({ tags });
    const found = await project.json<Run[]>("runs", ...given);
    expect(found).toMatchObject([{ status: "succeeded", tags }]);
    expect(await project.json("runs")).toMatchObject([{ tags }, { tags: {} }]);
    expect(await project.json("runs", "--tag", "reason=fun")).toEqual([]);
    expect((await project.run("runs")).stdout).toContain("reason=backfill, note=two words, = too");
    expect((await project.run("runs", found[0]?.id ?? "")).stdout).toContain(
      "tags        reason=backfill, note=two words, = too",
    );
  });

  it.each([
    [["--tag", "backfill"], "--tag expects name=value"],
    [["--tag", "two words=x"], "--tag expects name=value"],
    [["--tag", "a="], "--tag expects name=value"],
    [["--tag", "a=1", "--tag", "a=2"], "--tag a is given twice, as 1 and as 2"],
  ])("that make no sense (%j) are refused before anything runs", async (args, text) => {
    const project = new RowProject();
    for (const verb of ["materialize", "runs"]) {
      const { code, stdout, stderr } = await project.run(verb, ...args);
      expect([code, stdout]).toEqual([2, ""]);
      expect(stderr).toContain(text);
    }
    expect(await project.json("runs")).toEqual([]);
  });
});

describe("logs --follow", () => {
  it.each([
    ["SIGTERM", /run \w+ cancelled in \S+s\n$/],
    ["SIGKILL", /^run \w+ interrupted, its process is gone\n$/],
  ] as const)("ends with its run, also when that ends by %s", async (signal, lastWords) => {
    const project = new RowProject();
    const run = project.start(["materialize", "--json"], { HANG: "mart/users" });
    await printed(run, '"type":"asset-started","key":"mart/users"');
    const [{ id } = { id: "" }] = await project.json<Run[]>("runs");
    const logs = project.start(["logs", id, "--follow"]);
    await printed(logs, "mart/users started");
    run.kill(signal);
    const { code, stdout, stderr } = await logs.finished;
    expect(code).toBe(0);
    expect(signal === "SIGTERM" ? stdout : stderr).toMatch(lastWords);
  });

  it("reads what a run said although the definitions are wrong by now", async () => {
    const project = new RowProject();
    const { runId } = await project.ran(["materialize"]);
    project.write(
      "moraine.config.ts",
      `import { defineAsset, defineConfig } from "moraine";
export default defineConfig({ name: "row", assets: [defineAsset({ key: "No", materialize: () => {} })] });`,
    );
    expect((await project.run("logs", runId)).stdout).toContain("mart/report materialized");
    expect((await project.run("runs", runId)).stdout).toContain("mart/report");
    expect((await project.run("logs", runId, "mart/users")).stderr).toContain('got "No"');
  });
});

describe("moraine runs", () => {
  it.each([
    [["runs", "resum", "8f21c4"], "no action resum; expected resume, cancel, diff"],
    [["runs", "resume"], "runs resume expects 1 run, got none"],
    [["runs", "resume", "8f21c4"], "no run 8f21c4"],
    [["materialize", "--retry", "8f21c4"], "no run 8f21c4"],
    [["materialize", "raw/users", "--retry", "8f21c4"], "--retry takes its assets"],
    [["materialize", "--force", "--retry", "8f21c4"], "--retry takes its assets"],
  ])("%j is explained, exit code 2", async (args, text) => {
    const { code, stdout, stderr } = await new RowProject().run(...args);
    expect([code, stdout]).toEqual([2, ""]);
    expect(stderr).toContain(text);
  });
});
