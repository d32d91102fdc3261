import { expect, it } from "vitest";
import { defineTable } from "moraine";
import { sfUserRaw } from "../../assets/sf_user/tables.ts";
import { DbthubRig } from "./rig.ts";

it("lands every user once on the first load, with no lower bound", async () => {
  const rig = await DbthubRig.open();
  const { result, reports, announced } = await rig.materialize();
  expect(await rig.count()).toBe(60);
  expect(await rig.count("op = 'upsert' AND delete_reason IS NULL")).toBe(60);
  expect(result.metadata).toMatchObject({ landed: { value: 60 }, visible_users: { value: 60 } });
  expect(reports.get("source_count")).toMatchObject({ passed: true });
  expect(announced).toBe(1);
});

it("commits nothing when nothing changed, so that the data version stays", async () => {
  const rig = await DbthubRig.open();
  await rig.materialize();
  const before = await rig.lake.dataVersion(rig.asset.key);
  const { announced, reports, result } = await rig.materialize();
  expect(await rig.lake.dataVersion(rig.asset.key)).toBe(before);
  expect(announced).toBe(0);
  expect(reports.get("source_count")).toMatchObject({ passed: true });
  expect(result.metadata).toMatchObject({ landed: { value: 0 } });
});

it("lands one row per change and keeps the rows before it", async () => {
  const rig = await DbthubRig.open();
  await rig.materialize();
  const [id] = await rig.someIds(1);
  await rig.control("POST", "clock", { now: "2026-01-06T09:00:00Z" });
  await rig.post({ Id: id, Division: "NA", Audit_Phase__c: "Closed" });
  const { result, announced } = await rig.materialize();
  expect(announced).toBe(1);
  expect(result.metadata).toMatchObject({ landed: { value: 1 }, open_tail: { value: 1 } });
  expect(
    await rig.rows(
      `SELECT division, audit_phase, system_modstamp FROM raw WHERE id = '${id}' ORDER BY system_modstamp DESC LIMIT 1`,
    ),
  ).toEqual([{ division: "NA", audit_phase: "Closed", system_modstamp: "2026-01-06 09:00:00.000000" }]);
  expect(await rig.count()).toBe(61);
});

it("reads the open tail again and lands nothing twice", async () => {
  const rig = await DbthubRig.open();
  await rig.materialize();
  const [id] = await rig.someIds(1);
  await rig.post({ Id: id, Title: "Partner" });
  await rig.materialize();
  await rig.control("POST", "clock", { now: "2026-01-05T18:20:00Z" });
  const { reports } = await rig.materialize();
  expect(await rig.count()).toBe(61);
  expect(reports.get("source_count")).toMatchObject({ passed: true, value: 1, expected: 1 });
});

it("leaves the tail for the next window when read_tail is off", async () => {
  const rig = await DbthubRig.open({ yaml: (text) => text.replace("read_tail: true", "read_tail: false") });
  await rig.materialize();
  const [id] = await rig.someIds(1);
  await rig.post(
    { Id: id, Title: "Partner" },
    { Username: "new@moraine.example", LastName: "New", Email: "new@moraine.example" },
  );
  await rig.materialize();
  expect(await rig.count("title = 'Partner' OR last_name = 'New'")).toBe(0);
  await rig.control("POST", "clock", { now: "2026-01-05T18:20:00Z" });
  await rig.materialize();
  expect(await rig.count("title = 'Partner' OR last_name = 'New'")).toBe(2);
});

it("lands a tie: other content under the same stamp", async () => {
  const rig = await DbthubRig.open();
  await rig.materialize();
  const [id] = await rig.someIds(1);
  const stamp = { SystemModstamp: "2026-01-05T17:59:30.000Z", LastModifiedDate: "2026-01-05T17:59:30.000Z" };
  await rig.post({ Id: id, Division: "Legal", ...stamp });
  await rig.materialize();
  await rig.post({ Id: id, Division: "IT", ...stamp });
  const { result } = await rig.materialize();
  expect(result.metadata).toMatchObject({ ties: { value: 1 }, landed: { value: 1 } });
  expect(
    await rig.rows(
      `SELECT division FROM raw WHERE id = '${id}' ORDER BY system_modstamp DESC, extracted_at DESC, load_id DESC LIMIT 1`,
    ),
  ).toEqual([{ division: "IT" }]);
});

it("keeps NA and N/A as text and lands the empty string as NULL, by REST as by Bulk", async () => {
  const contents = [];
  for (const method of ["rest", "bulk"]) {
    const rig = await DbthubRig.open({
      yaml: (text) =>
        text.replace("secret: moraine/salesforce", `secret: moraine/salesforce\n  read_method: ${method}`),
    });
    await rig.materialize();
    const ids = await rig.someIds(3);
    await rig.post(
      { Id: ids[0], Division: "N/A" },
      { Id: ids[1], Division: "" },
      { Id: ids[2], Division: "NA" },
    );
    await rig.materialize();
    expect(await rig.count("division = 'N/A'")).toBeGreaterThan(0);
    expect(await rig.count("division = ''")).toBe(0);
    contents.push(await rig.content());
  }
  expect(contents[0]).toEqual(contents[1]);
});

it("reads the whole source again when forced, and adds nothing", async () => {
  const rig = await DbthubRig.open();
  await rig.materialize();
  const { result } = await rig.materialize({ forced: true });
  expect(result.metadata).toMatchObject({ rows_read: { value: 60 }, landed: { value: 0 } });
});

it("loads whole when the table was dropped, although the cursor is there", async () => {
  const rig = await DbthubRig.open();
  await rig.materialize();
  await rig.lake.drop(rig.asset.key);
  await rig.materialize();
  expect(await rig.count()).toBe(60);
});

it("reads everything again when the table no longer holds what the cursor stands behind", async () => {
  const rig = await DbthubRig.open();
  await rig.materialize();
  const [id] = await rig.someIds(1);
  await rig.control("POST", "clock", { now: "2026-01-06T09:00:00Z" });
  await rig.post({ Id: id, Division: "Legal" });
  await rig.materialize();
  await rig.control("POST", "clock", { now: "2026-01-09T09:00:00Z" });
  await rig.materialize();
  await rig.lake.query(`DELETE FROM ${rig.sql} WHERE extracted_at > '2026-01-06'`, { readOnly: false });
  const { logs } = await rig.materialize();
  expect(logs.some((line) => line.includes("no longer holds load"))).toBe(true);
  expect(await rig.count("division = 'Legal' AND system_modstamp > '2026-01-06'")).toBe(1);
  expect((await rig.materialize()).result.metadata).toMatchObject({ rows_read: { value: 0 } });
});

it("fills a field that is added later for every user, without a new stamp", async () => {
  const { title: _, ...columns } = sfUserRaw.columns;
  const table = defineTable({ ...sfUserRaw, columns });
  const rig = await DbthubRig.open({
    table,
    yaml: (text) => text.replace("  Title: { column: title }\n", ""),
  });
  await rig.materialize();
  rig.asset = rig.define((text) => text, sfUserRaw);
  const { result } = await rig.materialize();
  const titled = await rig.count("title IS NOT NULL");
  expect(titled).toBeGreaterThan(0);
  expect(result.metadata).toMatchObject({ landed: { value: titled }, ties: { value: titled } });
  const stamps = await rig.rows("SELECT id FROM raw GROUP BY id HAVING count(DISTINCT system_modstamp) > 1");
  expect(stamps).toEqual([]);
  expect((await rig.materialize()).result.metadata).toMatchObject({ landed: { value: 0 } });
});
