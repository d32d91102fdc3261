import { describe, expect, it } from "vitest";
import { printed, Project } from "../support/moraine.ts";

/** A check that, with SLOW set, says that it began and never ends. */
const slowCheck = `
import { writeSync } from "node:fs";
import { defineAsset, defineCheck, defineConfig } from "moraine";
const users = defineAsset({ key: "raw/users", materialize: () => ({ dataVersion: "d1" }) });
const reader = defineAsset({ key: "mart/users", deps: { users }, materialize: () => {} });
const check = defineCheck({
  asset: users,
  name: "has_rows",
  run: () => {
    if (process.env.SLOW === undefined) return { passed: true };
    writeSync(2, "checking\\n");
    return new Promise(() => {});
  },
});
export default defineConfig({ name: "slow", assets: [users, reader, check] });
`;

interface Run {
  readonly id: string;
  readonly status: string;
}

async function killWhileChecking(project: Project, ...args: readonly string[]): Promise<void> {
  const child = project.start(args, { SLOW: "1" });
  await printed(child, "checking");
  child.kill("SIGKILL");
  await child.finished;
}

describe("a process that is killed while a check runs", () => {
  it("leaves an asset that was never made, so that the same command makes and checks it", async () => {
    const project = new Project({ "moraine.config.ts": slowCheck });
    await killWhileChecking(project, "materialize");
    expect(await project.json("list")).toMatchObject([{ status: "missing" }, { status: "missing" }]);
    expect((await project.run("materialize")).code).toBe(0);
    expect(await project.json("list")).toMatchObject([{ status: "fresh" }, { status: "fresh" }]);
    const [, killed] = await project.json<Run[]>("runs");
    expect(killed?.status).toBe("interrupted");
    const shown = await project.json<object>("runs", killed?.id ?? "");
    expect(shown).toMatchObject({
      checks: [],
      unfinishedChecks: [{ key: "raw/users", check: "has_rows", severity: "error", blocking: true }],
    });
    const { stdout } = await project.run("runs", killed?.id ?? "");
    expect(stdout).toMatch(/raw\/users +has_rows +error blocking +no result: the run was interrupted first/);
  });

  it("leaves the result that the check had, when checks alone were run", async () => {
    const project = new Project({ "moraine.config.ts": slowCheck });
    await project.run("materialize");
    await killWhileChecking(project, "check");
    const [killed] = await project.json<Run[]>("runs");
    expect(killed?.status).toBe("interrupted");
    expect(await project.json("show", "raw/users")).toMatchObject({
      status: "fresh",
      checks: [
        { unchecked: false, last: { result: { passed: true } }, history: [{ result: { passed: true } }] },
      ],
    });
    expect(await project.json("runs", killed?.id ?? "")).toMatchObject({
      unfinishedChecks: [{ check: "has_rows" }],
    });
  });
});
