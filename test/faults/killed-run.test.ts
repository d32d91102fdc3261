import { afterAll, beforeAll, expect, it } from "vitest";
import { FaultRig, nothingLeft, runScript } from "./fault-rig.ts";
import { expectKillsToLeaveNoTrace } from "./killed-runs.ts";

let script: Awaited<ReturnType<typeof runScript>>;
beforeAll(async () => {
  script = await runScript();
});
afterAll(() => script.remove());

it("leaves the tables and records of an undisturbed run when it is killed at random instants and run again", async () => {
  const audited = [2, 9, 17, 30];
  await expectKillsToLeaveNoTrace(script, { assets: 40, appends: 2, kills: 6, lines: 120, seed: 7, audited });
});

it("takes back a killed append once, also when that is killed before and after the table went back", async () => {
  const rig = new FaultRig(script);
  const order = { assets: 1, appends: 3, generation: 1, workers: 1 };
  for (const line of ["appended a/t000 1", "restore a/t000", "restored a/t000"])
    await rig.killAt(order, line);
  expect(await rig.run(order)).toContain("asset-finished a/t000 materialized");
  expect(rig.leftovers()).toEqual(nothingLeft);
  const [asset] = await rig.state(order);
  expect(asset).toMatchObject({ status: "fresh", isCurrent: true });
  expect(asset?.rows).toHaveLength(6);
});

it("forgets a draft whose run is killed before it is published, and takes it back when it is killed before that is recorded", async () => {
  const rig = new FaultRig(script);
  const order = { assets: 1, appends: 2, generation: 1, workers: 1, audited: [0] };
  for (const line of ["publish a/t000", "published a/t000", "restored a/t000"]) await rig.killAt(order, line);
  expect(await rig.run(order)).toContain("asset-finished a/t000 materialized");
  expect(rig.leftovers()).toEqual(nothingLeft);
  const [asset] = await rig.state(order);
  expect(asset).toMatchObject({ status: "fresh", isCurrent: true });
  expect(asset?.rows).toHaveLength(4);
});
