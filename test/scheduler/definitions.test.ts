import { describe, expect, it } from "vitest";
import { defineSchedule, defineSensor } from "moraine";
import { Project } from "../support/moraine.ts";

const config = (schedules: string) => `
import { defineAsset, defineConfig, defineSchedule, defineSensor } from "moraine";
const users = defineAsset({ key: "raw/users", materialize: () => {} });
export default defineConfig({ name: "shop", assets: [users], schedules: ${schedules} });`;

describe("schedules and sensors", () => {
  it("say everything that is wrong with them at once, before anything runs", async () => {
    const project = new Project({
      "moraine.config.ts": config(`[
        defineSchedule({ name: "Daily!", cron: "0 25 * * *", timezone: "Oslo", overlap: "wait", jitterMs: -1 }),
        defineSchedule({ name: "twice", everyMs: 500, selection: "raw/userz" }),
        defineSchedule({ name: "twice", cron: "@daily", timezone: "UTC", everyMs: 5000, target: "moon" }),
        defineSchedule({ name: "late", everyMs: 5000, catchUp: "all", overlap: "cancel", tags: { tick: "mine" } }),
        defineSensor({ name: "nosy", everyMs: 10, poll: "now" }),
      ]`),
    });
    const { code, stderr } = await project.run("schedules");
    expect(code).toBe(2);
    for (const text of [
      'schedule Daily!.name: expected letters, digits and dashes, like "daily", got "Daily!"',
      "schedule Daily!.timezone: expected an IANA time zone",
      'schedule Daily!.overlap: expected skip, queue, cancel, got "wait"',
      "schedule Daily!.jitterMs: expected a whole number from 0, got -1",
      "schedule twice.everyMs: expected a whole number from 1000, got 500",
      "schedule twice: no asset matches raw/userz",
      "schedule twice: expected one of cron and everyMs",
      "two schedules have the name twice",
      "schedule twice: no target moon; this project has local",
      'schedule late.catchUp: expected no "all" beside overlap "cancel"',
      "schedule late.tags.tick: expected text without line breaks",
      "sensor nosy.everyMs: expected a whole number from 1000, got 10",
      "sensor nosy.poll: expected a function",
    ])
      expect(stderr).toContain(text);
  });

  it("are found by globs as assets are, and read only by what needs them", async () => {
    const project = new Project({
      "moraine.config.ts": config(`"schedules/*.ts"`),
      "schedules/daily.ts": `
        import { defineSchedule } from "moraine";
        export const daily = defineSchedule({ name: "daily", cron: "0 5 * * *", timezone: "UTC", selection: "raw/*" });`,
    });
    expect((await project.run("schedules")).code).toBe(0);
    project.write(
      "schedules/daily.ts",
      `import { defineSchedule } from "moraine"; export const daily = defineSchedule({ name: "daily" });`,
    );
    const { code, stderr } = await project.run("schedules");
    expect([code, stderr]).toEqual([2, expect.stringContaining("expected one of cron and everyMs")]);
    expect((await project.run("list")).code).toBe(0);
  });

  it("are frozen values", () => {
    const schedule = defineSchedule({ name: "daily", everyMs: 60_000 });
    const sensor = defineSensor({ name: "files", everyMs: 60_000, poll: () => {} });
    expect([Object.isFrozen(schedule), Object.isFrozen(sensor)]).toEqual([true, true]);
    expect(schedule.problems.concat(sensor.problems)).toEqual([]);
  });
});
