import { rmSync } from "node:fs";
import { expect, it } from "vitest";
import {
  dimension,
  dimensionUpkeep,
  FaultyPipeline,
  raw,
  rawUpkeep,
  staging,
} from "../support/faulty-pipeline.ts";

const pipeline = new FaultyPipeline();
/** What is downstream of the staging model waits; what is beside it, the upkeep of the log, does not. */
const stopped = {
  [raw]: "materialized",
  [staging]: "failed",
  [dimension]: "skipped",
  [dimensionUpkeep]: "skipped",
};

it("wrong SQL in a model fails that model alone; raw goes on, what is published stays", async () => {
  await pipeline.filled();
  const before = await pipeline.snapshots();
  const restore = pipeline.edit("dbt/models/staging/stg_sf_user.sql", /^[^]*$/, "selec t");
  const ran = await pipeline.materialize();
  expect(ran.code).toBe(1);
  expect(ran.outcomes).toEqual({ ...stopped, [rawUpkeep]: "fresh" });
  expect(ran.failure).toMatchObject({
    reason: "dbt-failed",
    message: expect.stringContaining('syntax error at or near "selec"'),
    where: "dbt/models/staging/stg_sf_user.sql",
  });
  expect(await pipeline.snapshots()).toEqual(before);
  restore();
  expect((await pipeline.recovers()).outcomes).toMatchObject({ [dimension]: "fresh" });
});

it("a failing test of severity error holds back what is downstream", async () => {
  await pipeline.filled();
  const before = await pipeline.snapshots();
  const file = "dbt/tests/nobody_is_here.sql";
  pipeline.project.write(file, "select user_id from {{ ref('stg_sf_user') }}");
  await pipeline.project.run("sandbox", "advance");
  const ran = await pipeline.materialize();
  expect(ran.code).toBe(1);
  expect(ran.outcomes).toEqual({ ...stopped, [rawUpkeep]: "materialized" });
  expect(ran.failure).toMatchObject({
    reason: "check-failed",
    message: expect.stringContaining("nobody_is_here"),
    next: `moraine check ${staging} --rows nobody_is_here`,
  });
  const after = await pipeline.snapshots();
  expect(after[dimension]).toBe(before[dimension]);
  expect((await pipeline.project.run("check", "--name", "nobody_is_here")).code).toBe(1);
  rmSync(pipeline.path(file));
  expect((await pipeline.recovers()).outcomes).toMatchObject({ [dimension]: "materialized" });
});
