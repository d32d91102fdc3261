import { join } from "node:path";
import Database from "better-sqlite3";
import { expect, it } from "vitest";
import { Project, printed } from "../support/moraine.ts";

const config = `
import { dailyPartitions, defineAsset, defineCheck, defineConfig } from "moraine";
const orders = defineAsset({
  key: "sales/orders", codeVersion: "1",
  partitions: dailyPartitions({ start: "2026-01-01", end: "2026-01-02" }),
  materialize: () => {},
});
const sane = defineCheck({
  asset: orders, name: "sane",
  run: async ({ partition }) => {
    if (partition.key === "2026-01-02") await new Promise(() => setInterval(() => {}, 1000));
    return { passed: true };
  },
});
export default defineConfig({ name: "shop", assets: [orders, sane] });`;

it("a run that was killed shows how long it worked, what stopped, and checks of partitions without result", async () => {
  const project = new Project({ "moraine.config.ts": config });
  const child = project.start([
    "materialize",
    "--partition",
    "2026-01-01,2026-01-02",
    "--json",
    "--workers",
    "1",
  ]);
  await printed(child, '"check-started","key":"sales/orders","partition":"2026-01-02"');
  child.kill("SIGKILL");
  await child.finished;
  // What it recorded last came two minutes after its start, and it had not beaten since.
  const database = new Database(join(project.directory, ".moraine", "moraine.db"));
  database
    .prepare(
      "UPDATE runs SET started_at = strftime('%Y-%m-%dT%H:%M:%fZ', started_at, '-2 minutes'), heartbeat_at = strftime('%Y-%m-%dT%H:%M:%fZ', started_at, '-2 minutes')",
    )
    .run();
  database.close();
  const [run] = await project.json<{ id: string; status: string }[]>("runs");
  expect(run?.status).toBe("interrupted");
  const listed = (await project.run("runs")).stdout;
  expect(listed).toMatch(/ \d{4}-\d\d-\d\d \d\d:\d\d:\d\dZ .* interrupted +2m0\d /);
  const { stdout } = await project.run("runs", run?.id ?? "");
  expect(stdout).not.toContain("▸");
  expect(stdout).toMatch(/sales\/orders\[2026-01-02\] +1 +interrupted/);
  expect(stdout).toMatch(/sales\/orders\[2026-01-02\] +sane .*no result: the run was interrupted first/);
  expect(stdout).toMatch(/sales\/orders\[2026-01-01\] +sane .*passed/);
  const shown = await project.json<{ unfinishedChecks: unknown }>("runs", run?.id ?? "");
  expect(shown.unfinishedChecks).toMatchObject([
    { key: "sales/orders", partition: "2026-01-02", check: "sane" },
  ]);
});

it("an asset without columns, history or snapshots is shown without headings for them", async () => {
  const project = new Project({
    "moraine.config.ts": `
import { defineAsset, defineConfig } from "moraine";
export default defineConfig({ name: "shop", assets: [defineAsset({ key: "raw/users", materialize: () => {} })] });`,
  });
  const { stdout } = await project.run("show", "raw/users");
  for (const heading of ["history", "columns", "snapshots", "checks", "partitions"])
    expect(stdout.split("\n")).not.toContain(heading);
  expect((await project.run("show", "raw/users", "--schema")).stdout.trim()).toBe("raw/users has no columns");
});
