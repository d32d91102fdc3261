import { describe, expect, it } from "vitest";
import { Project } from "../support/moraine.ts";

const project = (body: string) =>
  new Project({
    "moraine.config.ts": `
import { defineAsset, defineConfig } from "moraine";
const assets = Array.from({ length: 50 }, (_, index) =>
  defineAsset({ key: \`many/a\${String(index).padStart(2, "0")}\`, materialize: () => { ${body} } }));
export default defineConfig({ name: "pipes", assets });`,
  });

/** Starts a verb whose reader goes away before anything is printed. */
async function unread(of: Project, ...args: readonly string[]) {
  const child = of.start(args);
  child.stdout?.destroy();
  const { code, stderr } = await child.finished;
  return { code, stderr };
}

describe("a reader that has gone", () => {
  it.each([[["list"]], [["list", "--json"]], [["runs"]], [["--help"]]])(
    "of %j is no error and no stack",
    async (args) => {
      expect(await unread(project(""), ...args)).toEqual({ code: 0, stderr: "" });
    },
  );

  it("of a run does not end the run", async () => {
    const pipes = project("");
    expect(await unread(pipes, "materialize")).toEqual({ code: 0, stderr: "" });
    expect(await unread(pipes, "materialize", "--json")).toEqual({ code: 0, stderr: "" });
    const runs = await pipes.json<{ status: string; counts: { materialized: number } }[]>("runs");
    expect(runs.map((run) => run.status)).toEqual(["succeeded", "succeeded"]);
    expect(runs.at(-1)?.counts.materialized).toBe(50);
  });

  it("of a run that fails still leaves the exit code", async () => {
    const { code, stderr } = await unread(project('throw new Error("no")'), "materialize");
    expect([code, stderr]).toEqual([1, ""]);
  });
});

describe("--json of what fails", () => {
  it("ends with run-finished when a run began", async () => {
    const { code, stdout, stderr } = await project('throw new Error("no")').run("materialize", "--json");
    const events = stdout
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line) as { type: string });
    expect([code, stderr, events.at(-1)?.type]).toEqual([1, "", "run-finished"]);
  });

  it.each([
    ["list", "many/none"],
    ["materialize", "many/none"],
    ["plan", "state:odd"],
    ["runs", "0000"],
    ["logs", "0000"],
    ["show", "many/none"],
    ["check", "--name", "none"],
    ["lake", "unknown"],
    ["sandbox", "unknown"],
    ["list", "--target", "none"],
  ])("%s %s prints nothing on stdout and one error on stderr", async (...args) => {
    const { code, stdout, stderr } = await project("").run(...args, "--json");
    expect([code, stdout]).toEqual([2, ""]);
    expect(stderr.match(/^error\[/gm)).toHaveLength(1);
  });
});
