import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { lakeProject } from "../support/lake-project.ts";
import { printed } from "../support/moraine.ts";

/** The project of docs/checks.md#audit-before-publishing. With SLOW set its check says that it began and never ends. */
const config = `
import { readFileSync, writeSync } from "node:fs";
import { defineAsset, defineCheck, defineConfig, defineTable } from "moraine";

const table = defineTable({ key: "raw/users", columns: { id: "long", email: "string" } });

const users = defineAsset({
  key: "raw/users",
  table,
  publish: "after-checks",
  refresh: { everyMs: 0 },
  materialize: async ({ lakehouse, signal }) => {
    const rows = JSON.parse(readFileSync(new URL("./users.json", import.meta.url), "utf8"));
    const values = rows.map(([id, email]) => "(" + id + ", " + (email === null ? "NULL" : "'" + email + "'") + ")");
    const sql = lakehouse.tableName(table.key);
    await lakehouse.query("DELETE FROM " + sql, { readOnly: false, signal });
    await lakehouse.query("INSERT INTO " + sql + " VALUES " + values, { readOnly: false, signal });
  },
});
const mailing = defineAsset({ key: "mart/mailing", deps: { users }, materialize: () => {} });

const hasEmail = defineCheck({
  asset: users,
  name: "has_email",
  rowsSql: (sql) => \`SELECT * FROM \${sql} WHERE email IS NULL ORDER BY id\`,
  run: async ({ lakehouse, sql, signal }) => {
    if (process.env.SLOW !== undefined) {
      writeSync(2, "auditing\\n");
      return new Promise(() => {});
    }
    const { rows } = await lakehouse.query(\`SELECT count(*) AS n FROM \${sql} WHERE email IS NULL\`, { signal });
    for await (const { n } of rows) return { passed: n === 0, value: n, expected: 0 };
  },
});

export default defineConfig({ name: "crm", assets: [users, mailing, hasEmail] });
`;

/** The output with what differs from run to run put out. */
const steady = (text: string) =>
  text
    .replaceAll(/[0-9a-f]{12}/g, "RUN")
    .replaceAll(/\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(Z?)/g, "INSTANT$1")
    .replaceAll(/\d+[smh] ago/g, "AGE ago")
    .replaceAll(/\b\d+(\.\d)?m?s\b/g, "TIME");

it("audits what was written before anybody else sees it: failed, killed in the audit, and put right", async () => {
  const project = await lakeProject({
    "moraine.config.ts": config,
    "users.json": '[[1, "ada@example.com"]]',
  });
  const read = async () => project.json("query", "SELECT id FROM raw.users ORDER BY id");
  expect((await project.run("materialize")).code).toBe(0);

  project.write("users.json", '[[1, "ada@example.com"], [2, null]]');
  const failed = await project.run("materialize");
  expect(failed.code).toBe(1);
  const shown = await project.run("show", "raw/users", "--checks");
  const rows = await project.run("check", "raw/users", "--rows", "has_email");
  const page = readFileSync(join(import.meta.dirname, "../../docs/checks.md"), "utf8");
  const [, section = ""] = page.split("\n## Audit before publishing\n");
  const asDocumented = steady(section);
  const [, summary = ""] = /(✗ run [^]*mart\/mailing\n)/.exec(failed.stdout) ?? [];
  expect(summary).not.toBe("");
  expect(asDocumented).toContain(steady(summary));
  expect(asDocumented).toContain(steady(rows.stdout + rows.stderr));
  expect(asDocumented).toContain(steady(shown.stdout));
  expect(await read()).toEqual([{ id: 1 }]);
  expect(await project.json("show", "raw/users")).toMatchObject({
    checks: [
      {
        last: { result: { passed: false, value: 1, samples: [{ id: 2, email: null }] }, isUnpublished: true },
        history: [{ isUnpublished: true }, { isUnpublished: false }],
      },
    ],
  });

  // Killed between the draft and its publishing.
  const child = project.start(["materialize", "--json"], { SLOW: "1" });
  await printed(child, "auditing");
  expect(await read()).toEqual([{ id: 1 }]);
  child.kill("SIGKILL");
  await child.finished;
  expect(await read()).toEqual([{ id: 1 }]);

  project.write("users.json", '[[1, "ada@example.com"], [2, "bo@example.com"]]');
  const { code, stdout } = await project.run("materialize", "--json");
  expect(code).toBe(0);
  expect(JSON.parse(stdout.trimEnd().split("\n").at(-1) ?? "")).toMatchObject({
    outcomes: { "raw/users": "materialized", "mart/mailing": "materialized" },
  });
  expect(await read()).toEqual([{ id: 1 }, { id: 2 }]);
  expect((await project.json<{ status: string }[]>("runs")).map(({ status }) => status)).toEqual([
    "succeeded",
    "interrupted",
    "failed",
    "succeeded",
  ]);
});

it("tells programs why nothing was published", async () => {
  const project = await lakeProject({ "moraine.config.ts": config, "users.json": "[[2, null]]" });
  const { code, stdout } = await project.run("materialize", "--json");
  expect(code).toBe(1);
  const events = stdout
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line) as Record<string, unknown>);
  expect(events.find(({ type, key }) => type === "asset-finished" && key === "raw/users")).toMatchObject({
    outcome: "failed",
    failure: {
      reason: "check-failed",
      message: "raw/users was not published: has_email failed",
      got: 'has_email: 1, expected 0; {"id":2,"email":null}',
      next: "moraine check raw/users --rows has_email",
      retryable: false,
    },
  });
  expect(events.at(-1)).toMatchObject({ outcomes: { "raw/users": "failed", "mart/mailing": "skipped" } });
  expect(await project.json("list")).toMatchObject([
    { key: "raw/users", status: "missing", lastMaterialization: null },
    { key: "mart/mailing", status: "missing" },
  ]);
  // The table is not there, not even empty.
  expect(await project.json("lake")).toEqual([]);
});
