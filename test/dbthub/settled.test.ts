import { readdirSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { expect, it, vi } from "vitest";
import { collectRows } from "../../framework/lakehouse/lakehouse.ts";
import type { Json } from "../../framework/util/hash.ts";
import { DbthubRig } from "./rig.ts";

/** Runs once and counts what was asked of the lake's engine. */
async function queriesOf(rig: DbthubRig): Promise<number> {
  const query = vi.spyOn(rig.lake, "query");
  const load = vi.spyOn(rig.lake, "load");
  await rig.materialize();
  const calls = query.mock.calls.length + load.mock.calls.length;
  query.mockRestore();
  load.mockRestore();
  return calls;
}

const packagesOf = (rig: DbthubRig) => readdirSync(join(rig.dir, "loads"));

it("asks the lake's engine nothing while the source shows what has landed, and leaves no package", async () => {
  const rig = await DbthubRig.open();
  await rig.materialize();
  const packages = packagesOf(rig);
  for (const now of ["2026-01-06T09:00:00Z", "2026-01-07T09:00:00Z"]) {
    await rig.control("POST", "clock", { now });
    expect(await queriesOf(rig)).toBe(0);
  }
  expect(packagesOf(rig)).toEqual(packages);
  expect((await rig.materialize()).result.metadata).toMatchObject({
    rows: { value: 60 },
    visible_users: { value: 60 },
    landed: { value: 0 },
  });
});

it("still sweeps: a user who goes after quiet runs gets a tombstone", async () => {
  const rig = await DbthubRig.open();
  await rig.materialize();
  await rig.control("POST", "clock", { now: "2026-01-06T09:00:00Z" });
  await rig.materialize();
  const [id] = await rig.someIds(1);
  await rig.control("DELETE", `records/${id}`);
  await rig.materialize();
  expect(await rig.count(`id = '${id}' AND op = 'delete'`)).toBe(1);
  expect(await queriesOf(rig)).toBe(0);
});

it("does so also of a load that came on top of a compaction", async () => {
  const rig = await DbthubRig.open();
  await rig.materialize();
  const [id = ""] = await rig.someIds(1);
  for (const [day, division] of ["IT", "Legal"].entries()) {
    await rig.lake.optimize(rig.asset.key);
    await rig.post({ ...named(id), Division: division });
    // Until its stamp is minutes old a row is landed but not proven, and read again.
    await rig.control("POST", "clock", { now: `2026-01-0${6 + day}T09:00:00Z` });
    await rig.materialize();
    expect(await queriesOf(rig)).toBe(0);
  }
});

it("asks again when the YAML has changed, or another writer has written", async () => {
  const rig = await DbthubRig.open();
  await rig.materialize();
  await rig.control("POST", "clock", { now: "2026-01-06T09:00:00Z" });
  await rig.materialize();
  rig.asset = rig.define((text) => text.replace("max_retired_share: 0.05", "max_retired_share: 0.06"));
  expect(await queriesOf(rig)).toBeGreaterThan(0);
  expect(await queriesOf(rig)).toBe(0);
  const [id] = await rig.someIds(1);
  await rig.lake.query(`DELETE FROM ${rig.sql} WHERE id = '${id}'`, { readOnly: false });
  expect(await queriesOf(rig)).toBeGreaterThan(0);
  expect(await rig.count(`id = '${id}'`)).toBe(1);
});

const user = fc.nat(19);
const step = fc.oneof(
  fc.record({ type: fc.constant("change" as const), user, division: fc.constantFrom("IT", "Legal", "NA") }),
  fc.record({ type: fc.constant("go" as const), user }),
  fc.record({ type: fc.constant("deactivate" as const), user }),
  fc.record({ type: fc.constant("other-writer" as const), user }),
  fc.record({ type: fc.constant("clock" as const), hours: fc.integer({ min: -3, max: 30 }) }),
  fc.record({ type: fc.constant("nothing" as const) }),
);

type Change = typeof step extends fc.Arbitrary<infer Value> ? Value : never;

/** Fields without which a user that is new to the org is refused. */
const named = (id: string) => ({
  Id: id,
  Username: `${id}@moraine.example`,
  LastName: "X",
  Email: "x@moraine.example",
});

/** Makes one change at the source, or in the lake. */
async function take(rig: DbthubRig, ids: readonly string[], change: Change): Promise<void> {
  const id = "user" in change ? (ids[change.user] ?? "") : "";
  switch (change.type) {
    case "change":
      // Also brings back who was gone.
      await rig.post({ ...named(id), Division: change.division });
      break;
    case "go":
      await rig.control("DELETE", `records/${id}`).catch(() => undefined);
      break;
    case "deactivate":
      await rig.post({ ...named(id), IsActive: false });
      break;
    case "other-writer":
      await collectRows(
        await rig.lake.query(`DELETE FROM ${rig.sql} WHERE id = '${id}'`, { readOnly: false }),
      );
      break;
    case "clock": {
      const { now } = (await rig.control("GET", "clock")) as { readonly now: string };
      const moved = new Date(Date.parse(now) + change.hours * 3_600_000);
      await rig.control("POST", "clock", { now: moved.toISOString() });
      break;
    }
    case "nothing":
      break;
  }
}

it("gives the same table as a load that holds everything against the lake every time", async () => {
  const yaml = (text: string) =>
    text.replace("max_retired_share: 0.05", "max_retired_share: 1\n  max_visible_drop: 1");
  const compare = async (changes: readonly Change[]) => {
    const [rig, plain] = await Promise.all([
      DbthubRig.start({ users: 20, yaml }),
      DbthubRig.start({ users: 20, yaml }),
    ]);
    try {
      await Promise.all([rig.materialize(), plain.materialize()]);
      const ids = await rig.someIds(20, "TRUE");
      for (const change of changes) {
        for (const each of [rig, plain]) {
          await take(each, ids, change);
          if (each === plain)
            each.cursor = { ...(each.cursor as object), tableVersion: null, settled: null } as Json;
          await each.materialize();
        }
        expect(await rig.content()).toEqual(await plain.content());
      }
    } finally {
      await Promise.all([rig.close(), plain.close()]);
    }
  };
  await fc.assert(fc.asyncProperty(fc.array(step, { minLength: 6, maxLength: 10 }), compare), {
    numRuns: 4,
    endOnFailure: true,
  });
}, 120_000);
