import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { type AssetKey, assetKey } from "../../framework/definition/asset-key.ts";
import { day } from "./support/landed-row.ts";
import { type Dbt, keys, type PipelineLake, shippedProject, startDbt } from "./support/dbt-rig.ts";

let dbt: Dbt;
let lake: PipelineLake;
let project: string;

/** The types of the contracts. */
const right = { STAGED_TYPE: "boolean", DIMENSION_TYPE: "timestamp", PLAIN_TYPE: "integer" };

const plain = assetKey("sf_curated/plain");

/** The shipped project with a plain table beside it, in which variables decide the type of one column of each model. */
beforeAll(async () => {
  project = mkdtempSync(join(tmpdir(), "moraine-project-"));
  cpSync(shippedProject, project, { recursive: true });
  const edit = (path: string, from: string, to: string) => {
    const file = join(project, "models", path);
    const text = readFileSync(file, "utf8");
    expect(text).toContain(from);
    writeFileSync(file, text.replace(from, to));
  };
  edit(
    "staging/stg_sf_user.sql",
    "landed.*,",
    "landed.* exclude (is_active), cast(is_active as {{ env_var('STAGED_TYPE', 'boolean') }}) as is_active,",
  );
  edit(
    "marts/dim_sf_user_scd.sql",
    "  recorded_at,\n",
    "  cast(recorded_at as {{ env_var('DIMENSION_TYPE', 'timestamp') }}) as recorded_at,\n",
  );
  writeFileSync(
    join(project, "models/marts/plain.sql"),
    "{{ config(materialized='table') }} select 1 as id, cast(2 as {{ env_var('PLAIN_TYPE', 'integer') }}) as total",
  );
  writeFileSync(
    join(project, "models/marts/plain.yml"),
    `models:
  - name: plain
    config: { contract: { enforced: true } }
    columns: [{ name: id, data_type: integer }, { name: total, data_type: integer }]`,
  );
  dbt = await startDbt(project);
});
afterAll(async () => {
  await dbt.close();
  rmSync(project, { recursive: true, force: true });
});
beforeEach(async () => {
  lake = await dbt.openLake({ withDimension: false });
  await lake.land("l1", [{ id: "005A", system_modstamp: day(1) }]);
  return () => lake.close();
});

/** Builds one model, with the models that it reads before it. */
async function build(model: string, types: Readonly<Record<string, string>> = {}) {
  // A variable that was set stays set in the process that serves all tests.
  const env = { ...right, ...types };
  const staged = model === "dim_sf_user_scd" ? ["model.moraine.stg_sf_user"] : [];
  return (await lake.build({ nodes: [...staged, `model.moraine.${model}`], env }))[model];
}

const models: readonly (readonly [string, AssetKey, string, Record<string, string>, RegExp])[] = [
  [
    "stg_sf_user",
    keys.staging,
    "keyed table",
    { STAGED_TYPE: "varchar" },
    /is_active +\| VARCHAR +\| BOOLEAN/,
  ],
  [
    "dim_sf_user_scd",
    keys.dimension,
    "keyed table",
    { DIMENSION_TYPE: "date" },
    /recorded_at +\| DATE +\| TIMESTAMP/,
  ],
  ["plain", plain, "table", { PLAIN_TYPE: "bigint" }, /total +\| BIGINT +\| INTEGER/],
];

describe("a model whose contract is enforced", () => {
  it.each(models)("is not made with another type: %s", async (model, key, _kind, env, words) => {
    const failed = await build(model, env);
    expect([failed?.status, failed?.message]).toEqual(["error", expect.stringMatching(words)]);
    expect(failed?.message).toContain("enforced contract that failed");
    expect(await lake.version(key)).toBe(undefined);
    expect((await build(model))?.status).toBe("success");
  });

  it.each(models)(
    "is left as it is by a run that gives another type: %s",
    async (model, key, _kind, env, words) => {
      expect((await build(model))?.status).toBe("success");
      const before = await lake.version(key);
      expect(before).not.toBe(undefined);
      await lake.land("l2", [{ id: "005A", system_modstamp: day(2), division: "IT" }]);
      const failed = await build(model, env);
      expect([failed?.status, failed?.message]).toEqual(["error", expect.stringMatching(words)]);
      expect(await lake.version(key)).toBe(before);
      expect((await build(model))?.status).toBe("success");
    },
  );
});
