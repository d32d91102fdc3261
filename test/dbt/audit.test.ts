import { cpSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { dbtProject } from "../../framework/dbt/dbt-project.ts";
import { openEmbeddedLakehouse } from "../../framework/lakehouse/duckdb/embedded-lakehouse.ts";
import { collectRows } from "../../framework/lakehouse/lakehouse.ts";
import { defineCheck } from "moraine";
import { testExtensions } from "../support/extensions.ts";
import { testPythonEnvironment } from "../support/python-environment.ts";
import { Rig } from "../support/rig.ts";
import { shippedProject } from "./support/dbt-rig.ts";

const project = `
name: audit
version: "1.0.0"
config-version: 2
profile: moraine
flags: { send_anonymous_usage_stats: false }
models: { +materialized: table, +schema: shop }
`;
const properties = `
models:
  - name: orders
    config: { meta: { moraine: { publish: after-checks } } }
    columns: [{ name: total, data_tests: [not_null] }]
`;

test("a model is published when dbt's tests and our checks have passed, and what reads it is made from that", async () => {
  const { python } = await testPythonEnvironment();
  const rig = new Rig();
  const dbt = (path: string) => join(rig.directory, "dbt", path);
  for (const path of ["profiles.yml", "macros/materializations", "macros/sql"])
    cpSync(join(shippedProject, path), dbt(path), { recursive: true });
  mkdirSync(dbt("models"));
  writeFileSync(dbt("dbt_project.yml"), project);
  writeFileSync(dbt("models/schema.yml"), properties);
  writeFileSync(dbt("models/sums.sql"), "select sum(total) as total from {{ ref('orders') }}");
  const lakehouse = openEmbeddedLakehouse({
    dir: join(rig.directory, "lake"),
    extensionDirectory: testExtensions,
  });
  onTestFinished(() => lakehouse.close());
  const source = dbtProject({ dir: "dbt", python });
  const audited: unknown[] = [];
  const read = async (table: string, lake = lakehouse) =>
    (await collectRows(await lake.query(`SELECT total FROM shop.${table} ORDER BY total`))).map(
      ({ total }) => total,
    );
  const checks = [
    defineCheck({
      asset: "shop/orders",
      name: "ours",
      run: async (context) => {
        const published = (await lakehouse.exists(context.key)) ? await read("orders") : undefined;
        audited.push([await read("orders", context.lakehouse), published]);
        return { passed: true };
      },
    }),
  ];
  const run = async (orders: string) => {
    writeFileSync(dbt("models/orders.sql"), `select * from (values ${orders}) as t(id, total)`);
    const { assets } = await source.load({
      projectDir: rig.directory,
      stateDir: join(rig.directory, ".moraine"),
      target: "local",
      progress: () => undefined,
      signal: new AbortController().signal,
    });
    const [first] = assets;
    if (first?.source.type === "batch") onTestFinished(first.source.batch.close.bind(first.source.batch));
    rig.events.length = 0;
    return (await rig.run(assets, { lakehouse, checks })).outcomes;
  };

  expect(await run("(1, 10)")).toEqual({ "shop/orders": "materialized", "shop/sums": "materialized" });
  expect(await run("(1, 10), (2, NULL)")).toEqual({ "shop/orders": "failed", "shop/sums": "skipped" });
  expect(rig.eventsOf("asset-finished").find(({ key }) => key === "shop/orders")?.failure).toMatchObject({
    message: "shop/orders was not published: not_null_total failed",
    got: 'not_null_total: 1, expected 0; {"total":null}',
  });
  expect([await read("orders"), await read("sums")]).toEqual([[10], ["10"]]);
  expect(await run("(1, 10), (2, 20)")).toEqual({
    "shop/orders": "materialized",
    "shop/sums": "materialized",
  });
  expect([await read("orders"), await read("sums")]).toEqual([[10, 20], ["30"]]);
  const made = rig.eventsOf("asset-finished").find(({ key }) => key === "shop/orders");
  expect(made?.metadata).toMatchObject({ rows: { value: 2 } });
  expect(audited).toEqual([
    [[10], undefined],
    [[10, null], [10]],
    [[10, 20], [10]],
  ]);
});
