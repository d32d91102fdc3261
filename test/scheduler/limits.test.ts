import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { openStore } from "../../framework/store/open-store.ts";
import { printed, Project } from "../support/moraine.ts";

const config = `
import { setTimeout as wait } from "node:timers/promises";
import { defineAsset, defineConfig, defineSchedule, defineSensor } from "moraine";
const asset = (name, materialize) => defineAsset({ key: "raw/" + name, refresh: { everyMs: 0 }, materialize });
const large = asset("large", async ({ signal }) => {
  for (const held = []; ; held.push(Buffer.alloc(2 ** 25, 1))) await wait(20, undefined, { signal });
});
const endless = asset("endless", ({ signal }) => wait(2 ** 30, undefined, { signal }));
const once = { everyMs: 2000, retry: { maxAttempts: 1 } };
export default defineConfig({
  name: "shop",
  assets: [large, endless],
  schedules: [
    defineSchedule({ name: "large", ...once, selection: "raw/large", memoryMb: 256 }),
    defineSchedule({ name: "late", ...once, selection: "raw/endless", deadlineMs: 1 }),
    defineSensor({ name: "slow", everyMs: 1000, timeoutMs: 1, poll: () => wait(2 ** 30) }),
    defineSensor({ name: "broken", everyMs: 1000, poll: () => { throw new Error("no such folder"); } }),
  ],
});`;

const eager = `
import { appendFileSync } from "node:fs";
import { defineAsset, defineConfig, eager } from "moraine";
const make = ({ key, projectDir }) => appendFileSync(projectDir + "/ran.txt", key + "\\n");
const orders = defineAsset({ key: "raw/orders", automation: eager(), materialize: make });
const revenue = defineAsset({ key: "mart/revenue", deps: { orders }, automation: eager(), materialize: make });
export default defineConfig({ name: "shop", assets: [orders, revenue], daemon: { automationMs: 1000 } });`;

describe("the daemon", () => {
  it("ends runs that take too much memory or time, and polls that hang, and says of each why", async () => {
    const project = new Project({ "moraine.config.ts": config });
    const daemon = project.start(["daemon"]);
    await Promise.all([printed(daemon, "reason=memory"), printed(daemon, "reason=deadline")]);
    daemon.kill("SIGTERM");
    expect((await daemon.finished).stdout).toMatch(/held \d+ MB of memory, and may hold 256/);
    const store = openStore({ path: join(project.directory, ".moraine/moraine.db"), target: "local" });
    const { slow, broken } = Object.fromEntries(store.scheduling.schedules());
    store.close();
    expect(slow).toMatchObject({ failures: expect.any(Number), note: "took longer than 1 ms" });
    expect(broken?.note).toContain("threw: no such folder");
    expect(Math.min(slow?.failures ?? 0, broken?.failures ?? 0)).toBeGreaterThan(0);
  });

  it("starts what is due by the conditions of assets, once though two daemons evaluate them", async () => {
    const project = new Project({ "moraine.config.ts": eager });
    const daemons = [project.start(["daemon"]), project.start(["daemon"])];
    await Promise.all(daemons.map((daemon) => printed(daemon, "child-ended")));
    for (const daemon of daemons) daemon.kill("SIGTERM");
    await Promise.all(daemons.map(({ finished }) => finished));
    expect(readFileSync(join(project.directory, "ran.txt"), "utf8")).toBe("raw/orders\nmart/revenue\n");
    const runs = await project.json("runs", "--tag", "automation=daemon");
    expect(runs).toEqual([expect.objectContaining({ trigger: "automation", status: "succeeded" })]);
  });
});
