import { describe, expect, it } from "vitest";
import { mismatches } from "../support/json-shape.ts";
import { documentedShapes, shapeNamed } from "../support/documented-shapes.ts";
import { Project } from "../support/moraine.ts";

const config = `
import { defineAsset, defineConfig, defineSchedule, defineSensor } from "moraine";
const files = defineAsset({ key: "raw/files", refresh: { everyMs: 0 }, materialize: () => {} });
const daily = defineSchedule({
  name: "daily",
  cron: "30 2 29 2 *",
  timezone: "Europe/Oslo",
  selection: "raw/*",
  partitions: ({ at }) => (at.getUTCFullYear() % 8 === 0 ? "leap" : []),
  retry: { maxAttempts: 1 },
});
const exports = defineSensor({
  name: "exports",
  everyMs: 3_600_000,
  poll: ({ cursor = 0 }) => ({ cursor: Number(cursor) + 1, runs: [{ selection: "raw/files", tags: { file: "a.csv" } }] }),
});
export default defineConfig({ name: "shop", assets: [files], schedules: [daily, exports] });`;

const shapes = documentedShapes();
const expectShape = (value: unknown, shape: string) =>
  expect(mismatches(value, shapeNamed(shapes, shape), shapes)).toEqual([]);

interface Told {
  readonly daemon: string;
  readonly ticks: readonly {
    readonly tick: string;
    readonly status: string;
    readonly runId: string | null;
  }[];
}

describe("moraine schedules", () => {
  it("tells, previews and switches, by words and by the documented JSON", async () => {
    const project = new Project({ "moraine.config.ts": config });
    const listed = (await project.run("schedules")).stdout;
    for (const text of [
      "daily     ",
      "on day 29 in Feb at 02:30 Europe/Oslo",
      "polled every 1h",
      "no daemon has ever",
    ])
      expect(listed).toContain(text);
    expectShape(await project.json("schedules"), "schedules");
    const preview = await project.json<Told>("schedules", "--preview", "3");
    expectShape(preview, "schedules --preview");
    expect(preview.ticks.map((tick) => tick.tick.slice(4))).toEqual(Array(3).fill("-02-29T01:30:00.000Z"));
    expect((await project.run("schedules", "daily", "--preview", "2")).stdout).toMatch(
      /02-29 02:30 \+01:00 .*leap/,
    );
    const off = await project.json<{ state: string; nextTick: string | null }>("schedules", "daily", "--off");
    expectShape(off, "schedules NAME --on");
    expect([off.state, off.nextTick]).toEqual(["off", null]);
    expect((await project.run("schedules", "--on", "daily")).stdout).toContain(
      "schedule daily is on, next in",
    );
  });

  it("ticks by hand what a daemon then runs, and polls a sensor at once", async () => {
    const project = new Project({ "moraine.config.ts": config });
    const args = ["schedules", "daily", "--tick", "2025-03-01T00:00:00Z"];
    const fired = await project.json<Told>(...args);
    expectShape(fired, "schedules NAME --tick");
    expect([fired.daemon, fired.ticks.map(({ tick, status }) => [tick, status])]).toEqual([
      "none",
      [["2025-03-01T00:00:00.000Z", "queued"]],
    ]);
    expect((await project.run(...args)).stderr).toContain("waits or runs already");
    const polled = await project.run("schedules", "exports", "--tick");
    expect(polled.stdout).toMatch(/exports .* queued\nno daemon works: `moraine daemon --once`/);
    const daemon = await project.run("daemon", "--once");
    expect([daemon.code, daemon.stdout.match(/tick-succeeded/g)?.length]).toEqual([0, 2]);
    for (const name of ["daily", "exports"]) {
      const shown = await project.json<Told>("schedules", name);
      expectShape(shown, "schedules NAME");
      expect(shown.ticks.map(({ status, runId }) => [status, runId?.length])).toEqual([["succeeded", 12]]);
    }
    expect((await project.run("schedules", "daily")).stdout).toMatch(
      /2025-03-01 00:00:00Z {2}succeeded .*by hand/,
    );
    expectShape(await project.json("daemon", "--status"), "daemon --status");
    expect((await project.run("doctor", "--only", "schedules")).stdout).toContain(
      "2 schedules, daemon stopped",
    );
  });

  it("says what is wrong with what was typed", async () => {
    const project = new Project({ "moraine.config.ts": config });
    const cases = [
      [["dialy"], "moraine schedules daily"],
      [["--off"], "--off needs the name of a schedule"],
      [["daily", "--on", "--off"], "--on and --off exclude each other"],
      [["daily", "exports"], "expected one schedule"],
      [["daily", "--tick", "noon"], "expects an instant"],
      [["exports", "--tick", "2026-01-01"], "polled now, not at"],
    ] as const;
    for (const [args, text] of cases) {
      const { code, stderr } = await project.run("schedules", ...args);
      expect([code, stderr]).toEqual([2, expect.stringContaining(text)]);
    }
  });
});
