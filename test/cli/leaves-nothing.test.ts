import { existsSync, mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { Project } from "../support/moraine.ts";

const config = (members = "") => `
import { defineAsset, defineConfig } from "moraine";
const a = defineAsset({ key: "raw/a", materialize: () => {} });
export default defineConfig({ name: "small", assets: [a], ${members} });`;

const sandboxTarget = 'targets: { local: { secrets: { type: "sandbox" } } }';

describe("a verb that was used wrongly in a new project", () => {
  it.each([
    ["show", "raw/b"],
    ["list", "raw/b"],
    ["plan", "raw/b"],
    ["materialize", "raw/b"],
    ["materialize", "--tag", "none"],
    ["materialize", "--retry", "0000"],
    ["check", "raw/b"],
    ["check", "--name", "none"],
    ["rollback", "raw/b", "--to", "1"],
    ["lineage", "--format", "svg"],
    ["lineage", "raw/b"],
    ["runs", "0000"],
    ["runs", "cancel", "0000"],
    ["runs", "--status", "none"],
    ["logs", "0000"],
    ["alerts", "test"],
    ["query", "SELECT 1", "--format", "none"],
    ["lake", "none"],
    ["lake", "expire", "--older-than", "none"],
    ["store", "none"],
    ["store", "prune", "--older-than", "none"],
    ["sandbox", "none"],
    ["sandbox", "faults", "--arm", "none"],
    ["sandbox", "seed", "--seed", "none"],
    ["sandbox", "seed", "--users", "999999999"],
    ["schedules", "none"],
    ["metrics", "none"],
    ["openlineage", "none"],
    ["doctor", "--only", "none"],
    ["types", "--target", "none"],
    ["ui"],
    ["daemon", "--target", "none"],
    ["demo"],
    ["demo", "--reset", "--yes"],
  ])("makes no state folder: %j %j %j %j", async (...args) => {
    const project = new Project({ "moraine.config.ts": config() });
    const { code, stderr } = await project.run(...args);
    expect([code, stderr]).toEqual([2, expect.stringContaining("error")]);
    expect(readdirSync(project.directory)).toEqual(["moraine.config.ts"]);
  });

  it("makes none for a wrong definition", async () => {
    const project = new Project({ "moraine.config.ts": config("defaultTarget: 'none'") });
    expect((await project.run("list")).code).toBe(2);
    project.write("moraine.config.ts", "export default {\n  name: 'x' y\n}");
    expect((await project.run("materialize")).code).toBe(2);
    expect(readdirSync(project.directory)).toEqual(["moraine.config.ts"]);
  });

  it("makes none where there is no project", async () => {
    const project = new Project({});
    for (const args of [
      ["list"],
      ["demo"],
      ["sandbox", "seed"],
      ["list", "-C", join(project.directory, "none")],
    ])
      expect((await project.run(...args)).code).toBe(2);
    expect(readdirSync(project.directory)).toEqual([]);
  });

  it("leaves alone what was there", async () => {
    const project = new Project({ "moraine.config.ts": config() });
    mkdirSync(join(project.directory, ".moraine"));
    expect((await project.run("list", "raw/b")).code).toBe(2);
    expect(readdirSync(join(project.directory, ".moraine"))).toEqual(["cache"]);
  });
});

describe("moraine demo", () => {
  it("says what it is for in a project without the local org", async () => {
    const { code, stderr } = await new Project({ "moraine.config.ts": config() }).run("demo");
    expect(code).toBe(2);
    expect(stderr).toContain(
      "moraine demo works on the local Salesforce org; target local has its secrets from environment",
    );
    expect(stderr).toContain("run `npm start` in a checkout of moraine");
  });

  it("says what it is for in another project with the local org, and resets nothing there", async () => {
    const project = new Project({ "moraine.config.ts": config(sandboxTarget) });
    expect((await project.run("materialize")).code).toBe(0);
    writeFileSync(join(project.directory, ".moraine", "sandbox.db"), "mine");
    const { code, stderr } = await project.run("demo", "--reset", "--yes");
    expect(code).toBe(2);
    expect(stderr).toContain("has no asset sf_curated/dim_sf_user_scd");
    for (const name of ["moraine.db", "sandbox.db"])
      expect(existsSync(join(project.directory, ".moraine", name))).toBe(true);
  });
});
