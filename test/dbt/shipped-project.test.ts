import { cpSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { dbtProject } from "../../framework/dbt/dbt-project.ts";
import { openEmbeddedLakehouse } from "../../framework/lakehouse/duckdb/embedded-lakehouse.ts";
import { collectRows } from "../../framework/lakehouse/lakehouse.ts";
import { dimSfUserScd, sfUserRaw } from "../../assets/sf_user/tables.ts";
import { defineAsset } from "moraine";
import { testExtensions } from "../support/extensions.ts";
import { testPythonEnvironment } from "../support/python-environment.ts";
import { Rig } from "../support/rig.ts";

const staging = "sf_staging/stg_sf_user";
const dimension = "sf_curated/dim_sf_user_scd";

function landed(day: string, division: string) {
  const stamp = `2026-01-${day} 08:00:00`;
  return {
    id: "005000000000001AAA",
    name: "Ada Lovelace",
    division,
    audit_phase: "Planning",
    is_active: true,
    last_modified_date: stamp,
    system_modstamp: stamp,
    extracted_at: `2026-01-${day} 09:00:00`,
    load_id: day,
    op: "upsert",
  };
}

test("the shipped project runs on the embedded lake, with samples of what breaks a test", async () => {
  const { python } = await testPythonEnvironment();
  const rig = new Rig();
  cpSync(resolve(import.meta.dirname, "../../dbt"), join(rig.directory, "dbt"), { recursive: true });
  const lakehouse = openEmbeddedLakehouse({
    dir: join(rig.directory, "lake"),
    extensionDirectory: testExtensions,
  });
  onTestFinished(() => lakehouse.close());
  const definitions = await dbtProject({ dir: "dbt", tables: [dimSfUserScd], python }).load({
    projectDir: rig.directory,
    stateDir: join(rig.directory, ".moraine"),
    target: "local",
    progress: () => undefined,
    signal: new AbortController().signal,
  });
  const [first] = definitions.assets;
  if (first?.source.type === "batch") onTestFinished(first.source.batch.close.bind(first.source.batch));
  expect(definitions.problems).toEqual([]);
  expect(definitions.assets.map(({ key, deps }) => [key, Object.values(deps)])).toEqual([
    [staging, ["sf_raw/sf_user"]],
    [dimension, [staging]],
  ]);

  const log = join(rig.directory, "landed.ndjson");
  const raw = defineAsset({
    key: "sf_raw/sf_user",
    table: sfUserRaw,
    codeVersion: "1",
    refresh: { everyMs: 0 },
    materialize: async (context) => {
      await context.lakehouse.load({
        table: sfUserRaw,
        files: [{ path: log, format: "ndjson" }],
        disposition: { type: "merge", strategy: "insert-only", key: ["id", "system_modstamp"] },
      });
    },
  });
  const run = () => rig.run([raw, ...definitions.assets], { lakehouse });
  const history = async () =>
    collectRows(
      await lakehouse.query(
        "select division, valid_to, is_current from sf_curated.dim_sf_user_scd order by valid_from",
      ),
    );

  writeFileSync(log, JSON.stringify(landed("01", "Sales")));
  expect((await run()).outcomes).toEqual({
    "sf_raw/sf_user": "materialized",
    [staging]: "materialized",
    [dimension]: "materialized",
  });
  expect(await history()).toEqual([{ division: "Sales", valid_to: null, is_current: true }]);

  // Nothing new: dbt is not asked.
  expect((await run()).outcomes).toMatchObject({ [staging]: "fresh", [dimension]: "fresh" });

  writeFileSync(log, JSON.stringify(landed("02", "Nowhere")));
  expect((await run()).outcomes).toMatchObject({ [staging]: "materialized", [dimension]: "materialized" });
  expect(await history()).toEqual([
    { division: "Sales", valid_to: "2026-01-02 08:00:00.000000", is_current: false },
    { division: "Nowhere", valid_to: null, is_current: true },
  ]);
  const failed = rig.eventsOf("check-finished").filter((event) => !event.result.passed);
  expect(failed.map((event) => [event.key, event.severity, JSON.stringify(event.result.samples)])).toEqual([
    [dimension, "warn", expect.stringContaining("Nowhere") as string],
  ]);
  const finished = rig.eventsOf("asset-finished").findLast((event) => event.key === dimension);
  expect(finished?.metadata).toMatchObject({ rows: { type: "rows", value: 2 } });
});
