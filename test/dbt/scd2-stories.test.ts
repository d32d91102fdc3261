import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { lines } from "./support/dimension-row.ts";
import { absent, day, extractedAt, type LandedRow } from "./support/landed-row.ts";
import { type Dbt, keys, type PipelineLake, startDbt } from "./support/dbt-rig.ts";

let dbt: Dbt;
let lake: PipelineLake;

beforeAll(async () => {
  dbt = await startDbt();
});
afterAll(() => dbt.close());
beforeEach(async () => {
  lake = await dbt.openLake();
});
afterEach(() => lake.close());

const ada: LandedRow = { id: "005A", system_modstamp: day(1) };

test("first load gives one open version per user, in the columns of the table definition", async () => {
  await lake.land("l1", [
    {
      ...ada,
      system_modstamp: "2026-01-01 09:30:00.123456",
      last_modified_date: "2025-12-24 00:00:00.000000",
    },
  ]);
  expect(await lake.run()).toEqual([
    {
      // Golden: sha256 of {"user_id":"005A","valid_from":"2026-01-01 09:30:00.123456"}. If it changes, ids that people stored no longer find their version.
      scd_id: "1379da82644213e1ce646aeeea87319bffc48581cdb55e512d38142d8e1ecba2",
      user_id: "005A",
      name: "Ada Ny",
      email: "005A@mail.example.com",
      username: "005A@example.com",
      title: "Auditor",
      department: "Audit",
      division: "Finance",
      audit_phase: "Planning",
      is_active: true,
      valid_from: "2026-01-01 09:30:00.123456",
      valid_to: null,
      update_date: "2025-12-24 00:00:00.000000",
      recorded_at: extractedAt,
      is_current: true,
      is_deleted: false,
      delete_reason: null,
    },
  ]);
});

test("dbt makes the dimension itself where there is no table yet", async () => {
  await lake.close();
  lake = await dbt.openLake({ withDimension: false });
  await lake.land("l1", [ada]);
  expect(lines(await lake.run())).toEqual(["005A | Finance | Planning | 01.. | current | Ada Ny"]);
  await lake.land("l2", [{ ...ada, system_modstamp: day(2), division: "IT" }]);
  expect(lines(await lake.run())).toEqual([
    "005A | Finance | Planning | 01..02 |  | Ada Ny",
    "005A | IT | Planning | 02.. | current | Ada Ny",
  ]);
});

test("an empty log gives an empty dimension", async () => {
  expect(await lake.run()).toEqual([]);
});

test("a changed division or phase closes a version and opens the next", async () => {
  await lake.land("l1", [ada, { ...ada, id: "005B" }]);
  await lake.run();
  await lake.land("l2", [{ ...ada, system_modstamp: day(3), division: "IT" }]);
  await lake.run();
  await lake.land("l3", [{ ...ada, system_modstamp: day(5), division: "IT", audit_phase: "Closed" }]);
  expect(lines(await lake.run())).toEqual([
    "005A | Finance | Planning | 01..03 |  | Ada Ny",
    "005A | IT | Planning | 03..05 |  | Ada Ny",
    "005A | IT | Closed | 05.. | current | Ada Ny",
    "005B | Finance | Planning | 01.. | current | Ada Ny",
  ]);
});

test("another name changes the version in place and opens none", async () => {
  await lake.land("l1", [ada]);
  await lake.run();
  await lake.land("l2", [{ ...ada, system_modstamp: day(2), name: "Ada Berg", title: "Head" }]);
  const [row, ...others] = await lake.run();
  expect(others).toEqual([]);
  expect(row).toMatchObject({
    name: "Ada Berg",
    title: "Head",
    valid_from: day(1),
    recorded_at: extractedAt,
  });
});

test("deactivation is a deletion, reactivation another version", async () => {
  await lake.land("l1", [ada]);
  await lake.run();
  await lake.land("l2", [{ ...ada, system_modstamp: day(2), is_active: false }]);
  expect(lines(await lake.run())).toEqual([
    "005A | Finance | Planning | 01..02 |  | Ada Ny",
    "005A | Finance | Planning | 02.. | current inactive | Ada Ny",
  ]);
  await lake.land("l3", [{ ...ada, system_modstamp: day(3) }]);
  expect(lines(await lake.run())).toEqual([
    "005A | Finance | Planning | 01..02 |  | Ada Ny",
    "005A | Finance | Planning | 02..03 | inactive | Ada Ny",
    "005A | Finance | Planning | 03.. | current | Ada Ny",
  ]);
});

test("a tombstone of an absent user is the current version until the user returns", async () => {
  await lake.land("l1", [ada]);
  await lake.run();
  await lake.land("l2", [absent({ ...ada, system_modstamp: day(4) })]);
  const gone = await lake.run();
  expect(lines(gone)).toEqual([
    "005A | Finance | Planning | 01..04 |  | Ada Ny",
    "005A | Finance | Planning | 04.. | current absent | Ada Ny",
  ]);
  expect(gone[1]).toMatchObject({ update_date: day(4), is_active: true });
  await lake.land("l3", [{ ...ada, system_modstamp: day(6) }]);
  expect(lines(await lake.run())).toEqual([
    "005A | Finance | Planning | 01..04 |  | Ada Ny",
    "005A | Finance | Planning | 04..06 | absent | Ada Ny",
    "005A | Finance | Planning | 06.. | current | Ada Ny",
  ]);
});

test("an inactive user who then is absent stays in one deleted version", async () => {
  await lake.land("l1", [{ ...ada, is_active: false }]);
  await lake.run();
  await lake.land("l2", [absent({ ...ada, system_modstamp: day(2), is_active: false })]);
  expect(lines(await lake.run())).toEqual(["005A | Finance | Planning | 01.. | current absent | Ada Ny"]);
});

test("several changes between two loads all become versions, and so does a return to an earlier value", async () => {
  await lake.land("l1", [
    ada,
    { ...ada, system_modstamp: day(2), division: "IT" },
    { ...ada, system_modstamp: day(3), division: "Legal" },
    { ...ada, system_modstamp: day(4) },
  ]);
  expect(lines(await lake.run())).toEqual([
    "005A | Finance | Planning | 01..02 |  | Ada Ny",
    "005A | IT | Planning | 02..03 |  | Ada Ny",
    "005A | Legal | Planning | 03..04 |  | Ada Ny",
    "005A | Finance | Planning | 04.. | current | Ada Ny",
  ]);
});

test("several loads between two runs all arrive, though the server's clock stood still", async () => {
  await lake.land("l1", [ada]);
  await lake.run();
  await lake.land("l2", [{ ...ada, system_modstamp: day(2), division: "IT" }]);
  await lake.land("l3", [{ ...ada, id: "005B" }]);
  expect(lines(await lake.run())).toEqual([
    "005A | Finance | Planning | 01..02 |  | Ada Ny",
    "005A | IT | Planning | 02.. | current | Ada Ny",
    "005B | Finance | Planning | 01.. | current | Ada Ny",
  ]);
});

test("a load whose clock and id lie before all others arrives", async () => {
  await lake.land("l5", [ada]);
  await lake.run();
  await lake.land("l1", [
    { ...ada, system_modstamp: day(2), division: "IT", extracted_at: "2020-01-01 00:00:00.000000" },
  ]);
  expect(lines(await lake.run())).toEqual([
    "005A | Finance | Planning | 01..02 |  | Ada Ny",
    "005A | IT | Planning | 02.. | current | Ada Ny",
  ]);
});

test("a late row is spliced in, the neighbours are cut again, ids stay", async () => {
  await lake.land("l1", [ada, { ...ada, system_modstamp: day(9), division: "IT" }]);
  const before = await lake.run();
  await lake.land("l2", [
    { ...ada, system_modstamp: day(5), division: "Legal", extracted_at: "2026-07-01 00:00:00.000000" },
  ]);
  const after = await lake.run();
  expect(lines(after)).toEqual([
    "005A | Finance | Planning | 01..05 |  | Ada Ny",
    "005A | Legal | Planning | 05..09 |  | Ada Ny",
    "005A | IT | Planning | 09.. | current | Ada Ny",
  ]);
  expect([after[0]?.scd_id, after[2]?.scd_id]).toEqual(before.map((row) => row.scd_id));
  expect(after.map((row) => row.recorded_at)).toEqual([
    extractedAt,
    "2026-07-01 00:00:00.000000",
    extractedAt,
  ]);
});

test("a late row that shows an earlier beginning moves it, and the old beginning goes", async () => {
  await lake.land("l1", [ada, { ...ada, system_modstamp: day(9), division: "IT" }]);
  await lake.run();
  await lake.land("l2", [{ ...ada, system_modstamp: day(5), division: "IT" }]);
  expect(lines(await lake.run())).toEqual([
    "005A | Finance | Planning | 01..05 |  | Ada Ny",
    "005A | IT | Planning | 05.. | current | Ada Ny",
  ]);
});

test("business time never orders history", async () => {
  await lake.land("l1", [
    ada,
    { ...ada, system_modstamp: day(2), last_modified_date: day(1), division: "IT" },
  ]);
  await lake.run();
  await lake.land("l2", [
    { ...ada, system_modstamp: day(3), last_modified_date: "2019-01-01 00:00:00.000000", division: "Legal" },
  ]);
  const rows = await lake.run();
  expect(rows.map((row) => [row.division, row.valid_from, row.update_date])).toEqual([
    ["Finance", day(1), day(1)],
    ["IT", day(2), day(1)],
    ["Legal", day(3), "2019-01-01 00:00:00.000000"],
  ]);
});

test("of rows with one stamp the one landed last wins, and staging counts them", async () => {
  await lake.land("l1", [{ ...ada, division: "IT" }]);
  await lake.run();
  await lake.land("l2", [{ ...ada, division: "Legal" }]);
  expect(lines(await lake.run())).toEqual(["005A | Legal | Planning | 01.. | current | Ada Ny"]);
  // Extracted earlier, though it landed after: the older view of the same change.
  await lake.land("l3", [{ ...ada, division: "Sales", extracted_at: "2026-05-01 00:00:00.000000" }]);
  expect(lines(await lake.run())).toEqual(["005A | Legal | Planning | 01.. | current | Ada Ny"]);
  expect(await lake.query("SELECT landed_rows, last_load_id, load_id FROM sf_staging.stg_sf_user")).toEqual([
    { landed_rows: 3, last_load_id: "l3", load_id: "l2" },
  ]);
});

test("NULL, an empty text and blanks are one; NA is a value", async () => {
  await lake.land("l1", [
    { ...ada, division: null },
    { ...ada, system_modstamp: day(2), division: "" },
    { ...ada, system_modstamp: day(3), division: "  " },
    { ...ada, system_modstamp: day(4), division: "NA" },
    { ...ada, system_modstamp: day(5), division: " NA " },
    { ...ada, system_modstamp: day(6), division: null },
    { ...ada, system_modstamp: day(7), division: null, audit_phase: null },
  ]);
  expect(lines(await lake.run())).toEqual([
    "005A | null | Planning | 01..04 |  | Ada Ny",
    "005A | NA | Planning | 04..06 |  | Ada Ny",
    "005A | null | Planning | 06..07 |  | Ada Ny",
    "005A | null | null | 07.. | current | Ada Ny",
  ]);
});

test("the same load twice leaves the dimension as it was and commits nothing there", async () => {
  const rows = [ada, { ...ada, system_modstamp: day(2), division: "IT" }];
  await lake.land("l1", rows);
  const before = await lake.run();
  const version = await lake.version(keys.dimension);
  await lake.land("l1", rows);
  expect(await lake.run()).toEqual(before);
  expect(await lake.version(keys.dimension)).toBe(version);
});

test("a run without change commits nothing, whole or not", async () => {
  await lake.land("l1", [ada, { ...ada, id: "005B", is_active: false }]);
  await lake.run();
  const versions = () => Promise.all([keys.staging, keys.dimension].map((key) => lake.version(key)));
  const before = await versions();
  const finished = await lake.build();
  expect(finished["dim_sf_user_scd"]).toMatchObject({
    status: "success",
    message: "0 inserted, 0 updated, 0 deleted, 0 versions_opened, 0 versions_closed, 0 versions_retired",
    rowsAffected: 0,
  });
  await lake.run({ replay: true });
  expect(await versions()).toEqual(before);
});

test("a run writes the rows that changed and leaves the others", async () => {
  await lake.land(
    "l1",
    ["005A", "005B", "005C"].map((id) => ({ ...ada, id })),
  );
  await lake.run();
  await lake.land("l2", [{ ...ada, id: "005B", system_modstamp: day(2), division: "IT" }]);
  const finished = await lake.build();
  expect(finished["stg_sf_user"]?.message).toBe("1 inserted, 0 updated, 0 deleted");
  expect(finished["dim_sf_user_scd"]?.message).toBe(
    "1 inserted, 1 updated, 0 deleted, 1 versions_opened, 1 versions_closed, 0 versions_retired",
  );
  expect((await lake.lake.history(keys.dimension)).length).toBeGreaterThan(1);
});

test("a dimension that a killed run left behind staging catches up", async () => {
  await lake.land("l1", [ada]);
  await lake.run();
  await lake.land("l2", [{ ...ada, system_modstamp: day(2), division: "IT" }]);
  await lake.build({ nodes: ["model.moraine.stg_sf_user"] });
  expect(lines(await lake.run())).toEqual([
    "005A | Finance | Planning | 01..02 |  | Ada Ny",
    "005A | IT | Planning | 02.. | current | Ada Ny",
  ]);
});
