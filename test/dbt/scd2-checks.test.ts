import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { type Dbt, keys, type PipelineLake, startDbt } from "./support/dbt-rig.ts";
import { absent, day, type LandedRow } from "./support/landed-row.ts";

let dbt: Dbt;

beforeAll(async () => {
  dbt = await startDbt();
});
afterAll(() => dbt.close());

/** A lake with three users, built: one who moved, one inactive, one absent. */
async function openLake(): Promise<PipelineLake> {
  const lake = await dbt.openLake();
  await lake.land("l1", [
    ada,
    { ...ada, system_modstamp: day(5), division: "IT" },
    { ...ada, id: "005B", is_active: false },
    { ...ada, id: "005C" },
    absent({ ...ada, id: "005C", system_modstamp: day(3) }),
  ]);
  await lake.run();
  return lake;
}

const ada: LandedRow = { id: "005A", system_modstamp: day(1) };
const dimension = "sf_curated.dim_sf_user_scd";

/** Runs all tests of the project; gives those that fail or warn. Those that dbt skips then are downstream. */
async function broken(lake: PipelineLake): Promise<Readonly<Record<string, string>>> {
  const tests = dbt.manifest.nodes
    .filter((node) => node.resourceType === "test")
    .map((node) => node.uniqueId);
  const finished = await lake.build({ nodes: tests });
  expect(Object.keys(finished)).toHaveLength(tests.length);
  return Object.fromEntries(
    Object.entries(finished).flatMap(([name, { status }]) =>
      status === "pass" || status === "skipped" ? [] : [[name, status]],
    ),
  );
}

describe("the project's tests", () => {
  // One lake for all: whatever a case breaks, its replay repairs.
  let lake: PipelineLake;
  beforeAll(async () => {
    lake = await openLake();
  });
  afterAll(() => lake.close());

  test("pass on what the models make", async () => {
    expect(await broken(lake)).toEqual({});
  });

  test.each([
    [
      "a second current version",
      `UPDATE ${dimension} SET is_current = true, valid_to = NULL WHERE user_id = '005A' AND valid_to IS NOT NULL`,
      ["each_user_has_one_current_version", "versions_do_not_overlap"],
    ],
    [
      "a gap while the user was there",
      `UPDATE ${dimension} SET valid_to = valid_to - INTERVAL 1 HOUR WHERE user_id = '005A' AND valid_to IS NOT NULL`,
      ["versions_leave_no_gap"],
    ],
    [
      "an overlap",
      `UPDATE ${dimension} SET valid_to = valid_to + INTERVAL 1 HOUR WHERE user_id = '005A' AND valid_to IS NOT NULL`,
      ["versions_do_not_overlap"],
    ],
    [
      "a version that ends before it begins",
      `UPDATE ${dimension} SET valid_to = valid_from WHERE user_id = '005A' AND valid_to IS NOT NULL`,
      ["versions_begin_before_they_end", "versions_leave_no_gap"],
    ],
    [
      "neighbours that do not differ",
      `UPDATE ${dimension} SET division = 'IT' WHERE user_id = '005A'`,
      ["neighbouring_versions_differ"],
    ],
    [
      "an open version that is not current",
      `UPDATE ${dimension} SET is_current = false WHERE user_id = '005B'`,
      ["each_user_has_one_current_version", "current_versions_are_open"],
    ],
    [
      "a user whom the dimension forgot",
      `DELETE FROM ${dimension} WHERE user_id = '005B'`,
      ["every_landed_user_has_a_version"],
    ],
    [
      "a deleted user shown as present",
      `UPDATE ${dimension} SET is_deleted = false, delete_reason = NULL WHERE user_id = '005B'`,
      ["current_users_are_active_in_raw"],
    ],
    [
      "a version that stands twice",
      `INSERT INTO ${dimension} SELECT * FROM ${dimension} WHERE user_id = '005B'`,
      [
        "each_user_has_one_current_version",
        "unique_dim_sf_user_scd_scd_id",
        "neighbouring_versions_differ",
        "versions_do_not_overlap",
      ],
    ],
    [
      "a staged row that stands twice",
      "INSERT INTO sf_staging.stg_sf_user SELECT * FROM sf_staging.stg_sf_user WHERE user_id = '005B'",
      ["one_staged_row_per_user_and_stamp"],
    ],
  ])("find %s, and a replay repairs it", async (_what, corruption, expected) => {
    const before = await lake.dimension();
    await lake.execute(corruption);
    expect(await broken(lake)).toEqual(Object.fromEntries(expected.map((name) => [name, "fail"])));
    expect(await lake.run({ replay: true })).toEqual(before);
  });

  test("warn of an unknown division or phase, and the rows land all the same", async () => {
    await lake.land("l2", [{ ...ada, system_modstamp: day(9), division: "Magic", audit_phase: "Someday" }]);
    expect((await lake.run()).at(2)).toMatchObject({ division: "Magic", audit_phase: "Someday" });
    expect(await broken(lake)).toEqual({ division_is_accepted: "warn", audit_phase_is_accepted: "warn" });
  });

  test("accept NULL and NA", async () => {
    await lake.land("l3", [
      // Landed last, at the stamp of the case before.
      { ...ada, system_modstamp: day(9), division: "NA" },
      { ...ada, system_modstamp: day(10), division: null, audit_phase: null },
    ]);
    await lake.run();
    expect(await broken(lake)).toEqual({});
  });
});

describe("tables that are not what the log says", () => {
  let lake: PipelineLake;
  beforeEach(async () => {
    lake = await openLake();
  });
  afterEach(() => lake.close());

  test("a dimension that was rolled back catches up", async () => {
    const before = await lake.dimension();
    await lake.execute(`DELETE FROM ${dimension} WHERE user_id IN ('005A', '005C')`);
    expect(await lake.run()).toEqual(before);
  });

  test("a staging table that was rolled back catches up", async () => {
    const before = await lake.query("SELECT * FROM sf_staging.stg_sf_user ORDER BY user_id, system_modstamp");
    await lake.execute("DELETE FROM sf_staging.stg_sf_user WHERE user_id <> '005B'");
    await lake.run();
    expect(
      await lake.query("SELECT * FROM sf_staging.stg_sf_user ORDER BY user_id, system_modstamp"),
    ).toEqual(before);
  });

  test("staged rows that other code made are made again", async () => {
    const before = await lake.query("SELECT * FROM sf_staging.stg_sf_user ORDER BY user_id, system_modstamp");
    await lake.execute(
      "UPDATE sf_staging.stg_sf_user SET title = 'old', definition = 'old' WHERE user_id = '005A'",
    );
    const finished = await lake.build();
    expect(finished["stg_sf_user"]?.message).toBe("0 inserted, 2 updated, 0 deleted");
    expect(
      await lake.query("SELECT * FROM sf_staging.stg_sf_user ORDER BY user_id, system_modstamp"),
    ).toEqual(before);
  });
});

describe("history that the log no longer explains", () => {
  let lake: PipelineLake;
  beforeEach(async () => {
    lake = await openLake();
  });
  afterEach(() => lake.close());

  const lose = "DELETE FROM sf_raw.sf_user WHERE id = '005A'";

  test.each([false, true])(
    "is not removed; the run fails and writes nothing (replay: %s)",
    async (replay) => {
      const before = await lake.dimension();
      const version = await lake.version(keys.dimension);
      await lake.execute(lose);
      const { dim_sf_user_scd: finished } = await lake.build({ replay });
      expect(finished?.status).toBe("error");
      expect(finished?.message).toContain(
        "sf_curated/dim_sf_user_scd: 2 row(s) would be lost that their source no longer explains, " +
          "e.g. 005A 2026-01-01 00:00:00; 005A 2026-01-05 00:00:00. Nothing was written.",
      );
      expect(await lake.version(keys.dimension)).toBe(version);
      expect(await lake.dimension()).toEqual(before);
    },
  );

  test("goes when a person says so", async () => {
    await lake.execute(lose);
    const finished = await lake.build({ env: { MORAINE_ALLOW_HISTORY_LOSS: "1" } });
    expect(finished["dim_sf_user_scd"]?.status).toBe("success");
    expect((await lake.dimension()).map((row) => row.user_id)).toEqual(["005B", "005C", "005C"]);
  });

  test("is still there when the log is restored", async () => {
    const before = await lake.dimension();
    await lake.execute(lose);
    await lake.build();
    await lake.land("l2", [ada, { ...ada, system_modstamp: day(5), division: "IT" }]);
    expect(await lake.run()).toEqual(before);
  });
});
