import { expect, it } from "vitest";
import { DbthubRig } from "./rig.ts";

const history = (rig: DbthubRig, id: string) =>
  rig.rows(
    `SELECT op, delete_reason, division, system_modstamp, last_modified_date FROM raw WHERE id = '${id}' ORDER BY system_modstamp, extracted_at, load_id`,
  );

/** A rig whose first load is done, and one of its users. */
async function loaded(yaml?: (text: string) => string): Promise<{ rig: DbthubRig; id: string }> {
  const rig = await DbthubRig.open(yaml === undefined ? {} : { yaml });
  await rig.materialize();
  const [id = ""] = await rig.someIds(1);
  await rig.control("POST", "clock", { now: "2026-01-06T09:00:00Z" });
  return { rig, id };
}

it("lands a tombstone in the first run after a user is gone, with the last known values and the sweep's time", async () => {
  const { rig, id } = await loaded();
  const [before] = await history(rig, id);
  await rig.control("DELETE", `records/${id}`);
  const { result, announced } = await rig.materialize();
  expect(announced).toBe(1);
  expect(result.metadata).toMatchObject({ tombstones: { value: 1 }, landed: { value: 1 } });
  expect((await history(rig, id)).at(-1)).toEqual({
    op: "delete",
    delete_reason: "absent",
    division: before?.["division"],
    system_modstamp: "2026-01-06 09:00:00.000000",
    last_modified_date: "2026-01-06 09:00:00.000000",
  });
});

it("lands one tombstone per absence, however often the sweep finds it", async () => {
  const { rig, id } = await loaded();
  await rig.control("DELETE", `records/${id}`);
  await rig.materialize();
  await rig.control("POST", "clock", { now: "2026-01-07T09:00:00Z" });
  const { announced } = await rig.materialize();
  expect(announced).toBe(0);
  expect(await rig.count("op = 'delete'")).toBe(1);
});

it("lands the return of a user as it comes", async () => {
  const { rig, id } = await loaded();
  await rig.control("DELETE", `records/${id}`);
  await rig.materialize();
  await rig.control("POST", "clock", { now: "2026-01-08T09:00:00Z" });
  await rig.post({
    Id: id,
    Username: "back@moraine.example",
    LastName: "Back",
    Email: "b@moraine.example",
    Division: "Legal",
  });
  await rig.materialize();
  const rows = await history(rig, id);
  expect(rows.map((row) => row["op"])).toEqual(["upsert", "delete", "upsert"]);
  expect(rows.at(-1)).toMatchObject({ division: "Legal", system_modstamp: "2026-01-08 09:00:00.000000" });
  await rig.control("DELETE", `records/${id}`);
  await rig.control("POST", "clock", { now: "2026-01-09T09:00:00Z" });
  await rig.materialize();
  expect((await history(rig, id)).map((row) => row["op"])).toEqual(["upsert", "delete", "upsert", "delete"]);
});

it("orders the return of a user whose stamp is older than the tombstone behind it, once", async () => {
  const { rig, id } = await loaded();
  await rig.fault({ kind: "reduced-visibility", share: 0.02 });
  await rig.materialize();
  const hidden = await rig.rows("SELECT id FROM raw WHERE op = 'delete'");
  expect(hidden.length).toBeGreaterThan(0);
  await rig.clearFaults();
  await rig.control("POST", "clock", { now: "2026-01-07T09:00:00Z" });
  const { result } = await rig.materialize();
  expect(result.metadata).toMatchObject({ returned: { value: hidden.length } });
  const back = await history(rig, hidden[0]?.["id"] as string);
  expect(back.at(-1)).toMatchObject({ op: "upsert", system_modstamp: "2026-01-07 09:00:00.000000" });
  expect((await rig.materialize()).result.metadata).toMatchObject({ landed: { value: 0 } });
  expect(await history(rig, id)).toHaveLength(1);
});

it("does not believe a single sweep: who shows up in the second one is not retired", async () => {
  const { rig } = await loaded();
  await rig.fault({ kind: "late-visible", match: "ORDER BY Id", seconds: 86_400, times: 1 });
  const { result } = await rig.materialize();
  expect(result.metadata).toMatchObject({ tombstones: { value: 0 }, landed: { value: 0 } });
});

it("reads a user by id who became visible with an old stamp", async () => {
  const { rig } = await loaded();
  await rig.post({
    Username: "old@moraine.example",
    LastName: "Old",
    Email: "o@moraine.example",
    SystemModstamp: "2020-01-01T00:00:00.000Z",
    LastModifiedDate: "2020-01-01T00:00:00.000Z",
  });
  const { result } = await rig.materialize();
  expect(result.metadata).toMatchObject({ strays: { value: 1 }, landed: { value: 1 } });
  expect(await rig.count("last_name = 'Old'")).toBe(1);
});

it("sweeps nothing when told not to", async () => {
  const { rig, id } = await loaded((text) => text.replace("sweep: every-run", "sweep: never"));
  await rig.control("DELETE", `records/${id}`);
  await rig.materialize();
  expect(await rig.count("op = 'delete'")).toBe(0);
});

it("lands a change that was stamped back behind the window", async () => {
  const { rig, id } = await loaded();
  await rig.post({ Id: id, Division: "Legal", SystemModstamp: "2019-03-01T00:00:00.000Z" });
  const { result } = await rig.materialize();
  expect(result.metadata).toMatchObject({ strays: { value: 1 }, landed: { value: 1 } });
  expect((await history(rig, id))[0]).toMatchObject({
    division: "Legal",
    system_modstamp: "2019-03-01 00:00:00.000000",
  });
  expect((await rig.materialize()).result.metadata).toMatchObject({
    strays: { value: 0 },
    landed: { value: 0 },
  });
});

it("lands a change that became visible after its window was closed", async () => {
  const { rig, id } = await loaded();
  await rig.post({ Id: id, Division: "Legal" });
  await rig.fault({ kind: "late-visible", times: null, seconds: 1 });
  await rig.control("POST", "clock", { now: "2026-01-06T12:00:00Z" });
  await rig.run();
  await rig.clearFaults();
  await rig.control("POST", "clock", { now: "2026-01-06T15:00:00Z" });
  await rig.materialize();
  expect(await rig.count(`id = '${id}' AND division = 'Legal' AND system_modstamp > '2026-01-06'`)).toBe(1);
});
