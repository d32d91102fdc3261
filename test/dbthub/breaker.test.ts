import { expect, it } from "vitest";
import { DbthubRig } from "./rig.ts";

/** A loaded rig, and its table as it stood. */
async function loaded(yaml?: (text: string) => string) {
  const rig = await DbthubRig.open({ users: 100, ...(yaml === undefined ? {} : { yaml }) });
  await rig.materialize();
  const ids = await rig.someIds(100);
  await rig.control("POST", "clock", { now: "2026-01-06T09:00:00Z" });
  const content = await rig.content();
  const version = await rig.lake.dataVersion(rig.asset.key);
  const expectUntouched = async () => {
    expect(await rig.content()).toEqual(content);
    expect(await rig.lake.dataVersion(rig.asset.key)).toBe(version);
  };
  return { rig, ids, expectUntouched };
}

/** The most that may go of the 100 known users at 5 %. */
const limit = 5;

it("lets 5 % of the known users go, and not one more", async () => {
  const { rig, ids, expectUntouched } = await loaded();
  for (const id of ids.slice(0, limit + 1)) await rig.control("DELETE", `records/${id}`);
  const { failure } = await rig.run();
  expect(failure).toMatchObject({ reason: "breaker", retryable: false });
  expect(failure?.message).toBe(
    `${limit + 1} of 100 known users would be retired at once; nothing was written`,
  );
  await expectUntouched();
  await rig.post({ Id: ids[0], Username: "b@moraine.example", LastName: "B", Email: "b@moraine.example" });
  await rig.materialize();
  expect(await rig.count("op = 'delete'")).toBe(limit);
});

it("counts deactivations as well", async () => {
  const { rig, ids, expectUntouched } = await loaded();
  await rig.post(...ids.slice(0, limit).map((Id) => ({ Id, IsActive: false })));
  await rig.control("DELETE", `records/${ids.at(-1)}`);
  expect((await rig.run()).failure?.got).toContain(`1 absent, ${limit} inactive`);
  await expectUntouched();
});

it("stops at an empty source", async () => {
  const { rig, expectUntouched } = await loaded();
  await rig.fault({ kind: "reduced-visibility", share: 1 });
  expect((await rig.run()).failure).toMatchObject({ reason: "breaker" });
  await expectUntouched();
});

it("stops at an empty source although the sweep is off", async () => {
  const { rig, expectUntouched } = await loaded((text) => text.replace("sweep: every-run", "sweep: never"));
  await rig.fault({ kind: "reduced-visibility", share: 1 });
  expect((await rig.run()).failure).toMatchObject({ reason: "breaker" });
  await expectUntouched();
});

it("stops when sharing hides a fifth of the users", async () => {
  const { rig, expectUntouched } = await loaded();
  await rig.fault({ kind: "reduced-visibility", share: 0.2 });
  expect((await rig.run()).failure).toMatchObject({ reason: "breaker" });
  await expectUntouched();
});

it("calls it a broken access contract when the breaker is opened wide and users still vanish", async () => {
  const { rig, expectUntouched } = await loaded((text) =>
    text.replace("max_retired_share: 0.05", "max_retired_share: 1"),
  );
  await rig.fault({ kind: "reduced-visibility", share: 0.4 });
  expect((await rig.run()).failure).toMatchObject({ reason: "access-contract" });
  await expectUntouched();
});

it("lets a mass retirement through when configured", async () => {
  const { rig, ids } = await loaded((text) =>
    text.replace("max_retired_share: 0.05", "max_retired_share: 0.5"),
  );
  await rig.post(...ids.slice(0, 20).map((Id) => ({ Id, IsActive: false })));
  await rig.materialize();
  expect(await rig.count("is_active = FALSE AND extracted_at > '2026-01-06'")).toBe(20);
});
