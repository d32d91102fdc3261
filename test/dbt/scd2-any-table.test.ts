import { cp, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { assetKey } from "../../framework/definition/asset-key.ts";
import { type Dbt, type PipelineLake, shippedProject, startDbt } from "./support/dbt-rig.ts";

let dbt: Dbt;
let lake: PipelineLake;
let project: string;

const copied = assetKey("sf_curated/copied");

/** A project with the shipped macros and other models: a key of two columns, an order that is a number, a plain table. */
beforeAll(async () => {
  project = await mkdtemp(join(tmpdir(), "moraine-project-"));
  await cp(join(shippedProject, "macros"), join(project, "macros"), { recursive: true });
  await cp(join(shippedProject, "models"), join(project, "models"), { recursive: true });
  await cp(join(shippedProject, "tests"), join(project, "tests"), { recursive: true });
  await cp(join(shippedProject, "dbt_project.yml"), join(project, "dbt_project.yml"));
  await writeFile(
    join(project, "models", "marts", "prices.sql"),
    `{{ config(materialized='keyed_table', unique_key=['shop', 'item', 'valid_from']) }}
     {{ scd2_versions(
       rows="lake.sf_raw.price",
       key=['shop', 'item'],
       order_column='sequence',
       tracked=['price'],
       carried=['label'],
       opened={'first_label': 'label'},
     ) }}`,
  );
  await writeFile(
    join(project, "models", "marts", "copied.sql"),
    "{{ config(materialized='table') }} select item, price from lake.sf_raw.price",
  );
  dbt = await startDbt(project);
});
afterAll(async () => {
  await dbt.close();
  await rm(project, { recursive: true, force: true });
});
beforeEach(async () => {
  lake = await dbt.openLake();
  await lake.execute(
    "CREATE TABLE sf_raw.price (shop VARCHAR, item VARCHAR, sequence BIGINT, price INTEGER, label VARCHAR)",
  );
  return () => lake.close();
});

const build = async (name: string) => {
  const finished = (await lake.build({ nodes: [`model.moraine.${name}`] }))[name];
  if (finished?.status !== "success") throw new Error(finished?.message ?? `expected ${name} to run`);
  return finished.message;
};

test("scd2_versions takes any key, order and tracked columns", async () => {
  await lake.execute(
    `INSERT INTO sf_raw.price VALUES ('north', 'tea', 1, 5, 'Tea'), ('north', 'tea', 4, 7, 'Tea'),
     ('south', 'tea', 1, 5, 'Tea'), ('south', 'tea', 2, 5, 'Green tea'), ('south', 'tea', 3, NULL, 'Green tea')`,
  );
  await build("prices");
  const rows = () => lake.query("SELECT * FROM sf_curated.prices ORDER BY shop, valid_from");
  const version = (fields: object) => ({
    item: "tea",
    is_current: false,
    label: "Tea",
    first_label: "Tea",
    ...fields,
  });
  expect(await rows()).toEqual([
    version({ shop: "north", price: 5, valid_from: 1, valid_to: 4 }),
    version({ shop: "north", price: 7, valid_from: 4, valid_to: null, is_current: true }),
    version({ shop: "south", price: 5, valid_from: 1, valid_to: 3, label: "Green tea" }),
    version({
      shop: "south",
      price: null,
      valid_from: 3,
      valid_to: null,
      is_current: true,
      label: "Green tea",
      first_label: "Green tea",
    }),
  ]);
  await lake.execute("INSERT INTO sf_raw.price VALUES ('north', 'tea', 2, 6, 'Late tea')");
  expect(await build("prices")).toBe("1 inserted, 1 updated, 0 deleted");
  expect((await rows()).slice(0, 3)).toEqual([
    version({ shop: "north", price: 5, valid_from: 1, valid_to: 2 }),
    version({
      shop: "north",
      price: 6,
      valid_from: 2,
      valid_to: 4,
      label: "Late tea",
      first_label: "Late tea",
    }),
    version({ shop: "north", price: 7, valid_from: 4, valid_to: null, is_current: true }),
  ]);
});

test("a plain table is made, replaced in place with its snapshots kept, and left alone when nothing differs", async () => {
  await lake.execute("INSERT INTO sf_raw.price VALUES ('north', 'tea', 1, 5, 'Tea')");
  await build("copied");
  const rows = () => lake.query("SELECT * FROM sf_curated.copied ORDER BY price");
  expect(await rows()).toEqual([{ item: "tea", price: 5 }]);
  const first = await lake.version(copied);

  expect(await build("copied")).toBe("0 inserted, 0 updated, 0 deleted");
  expect(await lake.version(copied)).toBe(first);

  // The same row once more: as a set nothing changed, as a table it did.
  await lake.execute("INSERT INTO sf_raw.price VALUES ('south', 'tea', 1, 5, 'Tea')");
  expect(await build("copied")).toBe("1 inserted, 0 updated, 0 deleted");
  expect(await rows()).toEqual([
    { item: "tea", price: 5 },
    { item: "tea", price: 5 },
  ]);
  const history = await lake.lake.history(copied);
  expect(history.at(-1)?.id).toBe(first);
});

test("a column that a model gains is added to the table that is there", async () => {
  await lake.execute("CREATE TABLE sf_curated.copied (item VARCHAR)");
  await lake.execute("INSERT INTO sf_curated.copied VALUES ('tea')");
  await lake.execute("INSERT INTO sf_raw.price VALUES ('north', 'tea', 1, 5, 'Tea')");
  await build("copied");
  expect(await lake.query("SELECT * FROM sf_curated.copied")).toEqual([{ item: "tea", price: 5 }]);
  await lake.execute(
    "CREATE TABLE sf_curated.prices (shop VARCHAR, item VARCHAR, price INTEGER, valid_from BIGINT)",
  );
  await lake.execute("INSERT INTO sf_curated.prices VALUES ('north', 'tea', 5, 1)");
  expect(await build("prices")).toBe("0 inserted, 1 updated, 0 deleted");
  expect(await lake.query("SELECT price, first_label, is_current FROM sf_curated.prices")).toEqual([
    { price: 5, first_label: "Tea", is_current: true },
  ]);
});
