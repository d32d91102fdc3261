import { join } from "node:path";
import Database from "better-sqlite3";
import { expect, test } from "vitest";
import { Project } from "../support/moraine.ts";

const config = `
import { defineAsset, defineCheck, defineConfig } from "moraine";
const users = defineAsset({
  key: "raw/users",
  materialize: () => ({ metadata: { rows: { type: "rows", value: 5 }, avg: { type: "number", value: 1 } } }),
});
const sane = defineCheck({
  asset: users, name: "sane",
  run: () => ({ passed: true, metadata: { avg: { type: "number", value: 1 } } }),
});
export default defineConfig({ name: "shop", assets: [users, sane] });`;

/** What an older moraine recorded of NaN, and of shapes that nobody looked at. */
const junk = JSON.stringify({
  rows: { type: "rows", value: null },
  avg: { type: "number", value: null },
  size: { type: "bytes", value: "many" },
  took: { type: "duration" },
  all: { type: "table" },
  bare: 5,
  nothing: null,
});

test("every verb reads a store that holds metadata of the wrong shape", async () => {
  const project = new Project({ "moraine.config.ts": config });
  expect((await project.run("materialize")).code).toBe(0);
  const database = new Database(join(project.directory, ".moraine", "moraine.db"));
  database.prepare("UPDATE materializations SET metadata = ?").run(junk);
  database.prepare("UPDATE check_results SET result = json_set(result, '$.metadata', json(?))").run(junk);
  database
    .prepare(
      "UPDATE events SET payload = json_set(payload, '$.metadata', json(?)) WHERE type = 'asset-finished'",
    )
    .run(junk);
  database
    .prepare(
      "UPDATE events SET payload = json_set(payload, '$.result.metadata', json(?)) WHERE type = 'check-finished'",
    )
    .run(junk);
  const [run] = database.prepare("SELECT id FROM runs").pluck().all() as string[];
  database.close();
  const verbs = [
    ["list"],
    ["show", "raw/users"],
    ["show", "raw/users", "--json"],
    ["runs"],
    ["runs", run ?? ""],
    ["logs", run ?? ""],
    ["check", "raw/users", "--json"],
    ["alerts"],
    ["plan"],
    ["metrics"],
    ["metrics", "--json"],
    ["materialize", "--force", "raw/users"],
  ];
  for (const verb of verbs) {
    const { code, stdout, stderr } = await project.run(...verb);
    expect([verb, code, stderr]).toEqual([verb, 0, expect.not.stringContaining("Internal error")]);
    expect([verb, /NaN|moraine_asset_rows[^\n]*Inf/.test(stdout)]).toEqual([verb, false]);
  }
});
