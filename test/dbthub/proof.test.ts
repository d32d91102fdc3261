import { expect, it } from "vitest";
import { DbthubRig } from "./rig.ts";

it("reads the window again when the count differs, and fails when it stays different", async () => {
  const rig = await DbthubRig.open({ users: 40 });
  await rig.fault({ kind: "reduced-visibility", share: 0.3, match: "ORDER BY SystemModstamp, Id" });
  const { failure, reports } = await rig.run();
  expect(failure).toMatchObject({ reason: "proof-failed", expected: "40 rows by COUNT()" });
  expect(reports.get("source_count")).toMatchObject({ passed: false, expected: 40 });
  expect(await rig.count()).toBe(0);
});

it("is satisfied by the second reading when the first came too early", async () => {
  const rig = await DbthubRig.open({ users: 40 });
  await rig.fault({ kind: "reduced-visibility", share: 0.3, times: 1, match: "ORDER BY SystemModstamp, Id" });
  const { logs, reports } = await rig.materialize();
  expect(logs.some((line) => line.includes("reading the window again"))).toBe(true);
  expect(reports.get("source_count")).toMatchObject({ passed: true, value: 40 });
  expect(await rig.count()).toBe(40);
});
