import { describe, expect, it } from "vitest";
import type { RunEvent } from "../../framework/event/event.ts";
import { Project } from "../support/moraine.ts";

/** Its data, code, checks and assets are what the environment says. */
const config = `
import { defineAsset, defineCheck, defineConfig } from "moraine";

const { DATA = "d1", ROWS = "1186", CODE = "c1", FAIL, BROKEN, MORE } = process.env;
const raw = defineAsset({
  key: "raw/users",
  refresh: { everyMs: 0 },
  materialize: () => ({ dataVersion: DATA, metadata: { rows: { type: "rows", value: Number(ROWS) } } }),
});
const mart = defineAsset({
  key: "mart/users",
  deps: { raw },
  codeVersion: CODE,
  materialize: () => {
    if (FAIL !== undefined) throw new Error("told to fail");
  },
});
const report = defineAsset({ key: "mart/report", deps: { mart }, materialize: () => {} });
const check = defineCheck({ asset: raw, name: "has_rows", severity: "warn", run: () => ({ passed: BROKEN === undefined }) });
const more = MORE === undefined ? [] : [defineAsset({ key: "raw/more", materialize: () => {} })];

export default defineConfig({ name: "diff", assets: [raw, mart, report, check, ...more] });
`;

const project = () => new Project({ "moraine.config.ts": config });

/** Runs, and gives the run's id. */
async function ran(
  of: Project,
  env: Readonly<Record<string, string>> = {},
  args: readonly string[] = [],
): Promise<string> {
  const { stdout } = await of.start(["materialize", ...args, "--json"], env).finished;
  return (JSON.parse(stdout.split("\n")[0] ?? "") as RunEvent).runId;
}

interface Diff {
  readonly before: { readonly id: string };
  readonly after: { readonly id: string };
  readonly units: readonly {
    readonly key: string;
    readonly differs: readonly string[];
    readonly before: unknown;
    readonly after: unknown;
  }[];
}

describe("runs diff", () => {
  it("says in a table what differs from the run before, asset by asset", async () => {
    const small = project();
    const first = await ran(small);
    const second = await ran(small, { DATA: "d2", ROWS: "1204", FAIL: "1", BROKEN: "1", MORE: "1" });
    const { code, stdout } = await small.run("runs", "diff", second);
    const [before = "", after = "", ...lines] = stdout.trimEnd().split("\n");
    expect(code).toBe(0);
    expect(before).toMatch(new RegExp(`^before {2}${first} .* succeeded +\\S+s {2}3 materialized$`));
    expect(after).toMatch(
      new RegExp(`^after {3}${second} .* failed +\\S+s {2}2 materialized, 1 failed, 1 skipped$`),
    );
    expect(lines).toEqual([
      "",
      "asset        what           before              after",
      "mart/report  outcome        materialized        skipped",
      "mart/users   outcome        materialized        failed [asset-error]",
      "             why            never materialized  data: raw/users moved",
      "raw/more     outcome        not in this run     materialized",
      "raw/users    failed checks  -                   has_rows",
      "             rows           1,186               1,204",
      "             data           d1                  d2",
      "             why            never materialized  refresh: read on every run",
      "",
      "4 assets of 4 differ",
    ]);
  });

  it("tells a change of code, and compares versions only where both runs wrote", async () => {
    const small = project();
    await ran(small);
    const second = await ran(small, { CODE: "c2" });
    const { units } = await small.json<Diff>("runs", "diff", second);
    expect(Object.fromEntries(units.map(({ key, differs }) => [key, differs]))).toEqual({
      "mart/report": ["dataVersion", "causes"],
      "mart/users": ["dataVersion", "codeVersion", "causes"],
      "raw/users": ["causes"],
    });
    expect(units.find(({ key }) => key === "mart/users")).toMatchObject({
      before: { outcome: "materialized", codeVersion: "c1", causes: [{ type: "missing" }] },
      after: { outcome: "materialized", codeVersion: "c2", causes: [{ type: "code", from: "c1", to: "c2" }] },
    });
  });

  it("takes the run before with the same selection, and reads from the earlier to the later one", async () => {
    const small = project();
    const first = await ran(small, {}, ["raw/users"]);
    const other = await ran(small);
    const second = await ran(small, {}, ["raw/users"]);
    expect(await small.json<Diff>("runs", "diff", second)).toMatchObject({
      before: { id: first },
      after: { id: second },
    });
    for (const ids of [
      [other, second],
      [second, other],
    ]) {
      expect(await small.json<Diff>("runs", "diff", ...ids)).toMatchObject({
        before: { id: other },
        after: { id: second },
      });
    }
  });

  it("says that two runs are the same", async () => {
    const small = project();
    await ran(small);
    await ran(small);
    const { stdout } = await small.run("runs", "diff", await ran(small));
    expect(stdout.trimEnd().split("\n").slice(2)).toEqual(["", "the same: 3 assets"]);
  });

  it("compares each partition with itself", async () => {
    const small = new Project({
      "moraine.config.ts": `
import { defineAsset, defineConfig, staticPartitions } from "moraine";
const orders = defineAsset({
  key: "raw/orders",
  partitions: staticPartitions(["eu", "us"]),
  materialize: ({ partition }) => {
    if (process.env.FAIL === partition.key) throw new Error("told to fail");
  },
});
export default defineConfig({ name: "regions", assets: [orders] });`,
    });
    await ran(small, {}, ["--force", "*"]);
    const { stdout } = await small.run("runs", "diff", await ran(small, { FAIL: "us" }, ["--force", "*"]));
    expect(stdout).toMatch(/^raw\/orders\[us\] +outcome +materialized +failed \[asset-error\]$/m);
    expect(stdout).not.toMatch(/^raw\/orders\[eu\] +outcome/m);
  });

  it.each([
    [[], "runs diff expects 1 or 2 runs, got none"],
    [["8f21c4"], "no run 8f21c4"],
    [["a", "b", "c"], "runs diff expects 1 or 2 runs, got a b c"],
  ])("of %j is explained", async (ids, text) => {
    const { code, stdout, stderr } = await project().run("runs", "diff", ...ids);
    expect([code, stdout]).toEqual([2, ""]);
    expect(stderr).toContain(text);
  });

  it("needs another run", async () => {
    const small = project();
    const only = await ran(small, {}, ["raw/users"]);
    expect((await small.run("runs", "diff", only)).stderr).toContain(
      `no run before ${only} had its selection, raw/users\n  next      moraine runs diff ${only} RUN`,
    );
    expect((await small.run("runs", "diff", only, only)).stderr).toContain("one and the same run");
  });
});
