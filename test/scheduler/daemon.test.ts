import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { setImmediate } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { openStore } from "../../framework/store/open-store.ts";
import { printed, Project } from "../support/moraine.ts";
import { ended, isThere } from "../support/processes.ts";

/** An asset that says which process makes it, and waits for a file `go`. */
const config = (schedule: string) => `
import { appendFileSync, existsSync } from "node:fs";
import { setTimeout as wait } from "node:timers/promises";
import { defineAsset, defineConfig, defineSchedule } from "moraine";
const slow = defineAsset({
  key: "raw/slow",
  refresh: { everyMs: 0 },
  materialize: async ({ projectDir, signal }) => {
    appendFileSync(projectDir + "/pids", process.pid + "\\n");
    while (!existsSync(projectDir + "/go")) await wait(20, undefined, { signal });
  },
});
export default defineConfig({ name: "shop", assets: [slow], schedules: [defineSchedule(${schedule})] });`;

const often = `{ name: "often", everyMs: 2000, selection: "raw/slow", retry: { maxAttempts: 2, baseDelayMs: 0 } }`;

async function pids(project: Project, count: number): Promise<readonly number[]> {
  const file = join(project.directory, "pids");
  for (;;) {
    const found = existsSync(file) ? readFileSync(file, "utf8").trim().split("\n").map(Number) : [];
    if (found.length >= count) return found;
    await setImmediate();
  }
}

function ticksOf(project: Project) {
  const store = openStore({ path: join(project.directory, ".moraine/moraine.db"), target: "local" });
  const ticks = store.scheduling.ticks();
  store.close();
  return ticks;
}

describe("the daemon", () => {
  it("tries a tick again whose run was killed, drains at SIGTERM, and says what it is", async () => {
    const project = new Project({ "moraine.config.ts": config(often) });
    const daemon = project.start(["daemon"]);
    const [first = 0] = await pids(project, 1);
    expect((await project.run("daemon", "--status")).code).toBe(0);
    process.kill(first, "SIGKILL");
    const [, second = 0] = await pids(project, 2);
    const draining = printed(daemon, "draining");
    daemon.kill("SIGTERM");
    await draining;
    expect(isThere(second)).toBe(true);
    project.write("go", "");
    expect((await daemon.finished).code).toBe(0);
    const tried = ticksOf(project).filter(({ attempt }) => attempt > 0);
    expect(tried.map(({ status, attempt }) => [status, attempt])).toEqual([["succeeded", 2]]);
    expect((await project.run("daemon", "--status")).code).toBe(3);
  });

  it("killed, leaves its run to itself, and the next one neither loses nor repeats its tick", async () => {
    const project = new Project({ "moraine.config.ts": config(often) });
    const killed = project.start(["daemon"]);
    const [pid = 0] = await pids(project, 1);
    killed.kill("SIGKILL");
    await killed.finished;
    expect((await project.run("daemon", "--status")).code).toBe(3);
    const next = project.start(["daemon", "--json"]);
    await printed(next, "tick-skipped");
    project.write("go", "");
    await ended([pid]);
    next.kill("SIGTERM");
    await next.finished;
    const [oldest] = ticksOf(project).toReversed();
    expect([oldest?.status, oldest?.attempt]).toEqual(["succeeded", 1]);
  });

  it("gives each tick to one of two daemons", async () => {
    const project = new Project({ "moraine.config.ts": config(often), go: "" });
    const two = [project.start(["daemon"]), project.start(["daemon"])];
    await pids(project, 2);
    for (const each of two) each.kill("SIGTERM");
    await Promise.all(two.map(({ finished }) => finished));
    const done = ticksOf(project).filter(({ status }) => status === "succeeded");
    expect(new Set(done.map(({ tick }) => tick)).size).toBe(done.length);
    expect(await pids(project, done.length)).toHaveLength(done.length);
  });

  it("keeps the last good definitions at SIGHUP with a broken edit, and says so", async () => {
    const project = new Project({ "moraine.config.ts": config(often), go: "" });
    const daemon = project.start(["daemon"]);
    await printed(daemon, "tick-succeeded");
    const refused = printed(daemon, "reload-refused");
    project.write("moraine.config.ts", config(`{ name: "often" }`));
    daemon.kill("SIGHUP");
    await refused;
    const reloaded = printed(daemon, "reloaded ");
    project.write("moraine.config.ts", config(`{ name: "often", everyMs: 1000, selection: "raw/slow" }`));
    daemon.kill("SIGHUP");
    await reloaded;
    await printed(daemon, "tick-succeeded");
    daemon.kill("SIGTERM");
    expect((await daemon.finished).stdout).toContain("expected one of cron and everyMs");
  });
});
