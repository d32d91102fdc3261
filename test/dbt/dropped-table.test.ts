import { afterAll, beforeAll, expect, test } from "vitest";
import { lines } from "./support/dimension-row.ts";
import { day, type LandedRow } from "./support/landed-row.ts";
import { type Dbt, keys, startDbt } from "./support/dbt-rig.ts";

let dbt: Dbt;
beforeAll(async () => {
  dbt = await startDbt();
});
afterAll(() => dbt.close());

test("a table that somebody dropped is made again by the process that had written it", async () => {
  const lake = await dbt.openLake();
  const ada: LandedRow = { id: "005A", system_modstamp: day(1) };
  await lake.land("l1", [ada]);
  await lake.run();
  // DuckDB keeps the names that an attached catalog once listed.
  await lake.lake.drop(keys.staging);
  await lake.lake.drop(keys.dimension);
  await lake.land("l2", [{ ...ada, system_modstamp: day(2), division: "IT" }]);
  expect(lines(await lake.run())).toEqual([
    "005A | Finance | Planning | 01..02 |  | Ada Ny",
    "005A | IT | Planning | 02.. | current | Ada Ny",
  ]);
  await lake.close();
});
