import { describe, expect, it } from "vitest";
import { Project } from "../support/moraine.ts";

/** Three assets in a row. `FAIL` names one that fails, `HANG` one that waits until it is cancelled. */
const rowOfThree = `
import { defineAsset, defineConfig } from "moraine";

async function work({ key, signal }) {
  if (process.env.FAIL === key) throw new Error("told to fail");
  if (process.env.HANG === key) await new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
}
const raw = defineAsset({ key: "raw/users", materialize: work });
const mart = defineAsset({ key: "mart/users", deps: { raw }, materialize: work });
const report = defineAsset({ key: "mart/report", deps: { mart }, materialize: work });
const other = defineAsset({ key: "raw/other", materialize: work });

export default defineConfig({ name: "row", assets: [raw, mart, report, other] });
`;

const row = () => new Project({ "moraine.config.ts": rowOfThree });

interface Run {
  readonly id: string;
  readonly status: string;
  readonly tags: Readonly<Record<string, string>>;
}

describe("run tags", () => {
  it("are recorded with the run, shown, and find it again", async () => {
    const project = row();
    await project.run("materialize");
    const tags = { reason: "backfill", note: "two words, = too" };
    const given = Object.entries(tags).flatMap(([name, value]) => ["--tag", `${name}=${value}`]);
    const { stdout } = await project.run("materialize", ...given, "--json");
    expect(JSON.parse(stdout.split("\n")[0] ?? "")).toMatchObject({ type: "run-started", tags });
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
    const project = row();
    for (const verb of ["materialize", "runs"]) {
      const { code, stdout, stderr } = await project.run(verb, ...args);
      expect([code, stdout]).toEqual([2, ""]);
      expect(stderr).toContain(text);
    }
    expect(await project.json("runs")).toEqual([]);
  });
});
