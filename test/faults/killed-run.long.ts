import { afterAll, beforeAll, expect, it } from "vitest";
import { runScript } from "./fault-rig.ts";
import { expectKillsToLeaveNoTrace } from "./killed-runs.ts";

let script: Awaited<ReturnType<typeof runScript>>;
beforeAll(async () => {
  script = await runScript();
});
afterAll(() => script.remove());

it("leaves the tables, lineage and records of an undisturbed run when a run of 200 assets is killed 100 times", async () => {
  expect.hasAssertions();
  await expectKillsToLeaveNoTrace(script, { assets: 200, appends: 1, kills: 100, lines: 1000, seed: 100 });
});
