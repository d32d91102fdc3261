import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import type { DaemonEvent } from "../../framework/event/daemon-event.ts";
import { printed, Project } from "../support/moraine.ts";

const config = (schedule: string, more = "") => `
import { defineAsset, defineConfig, defineSchedule } from "moraine";
const users = defineAsset({ key: "raw/users", refresh: { everyMs: 0 }, materialize: () => ({}) });
export default defineConfig({ name: "shop", assets: [users], schedules: [defineSchedule(${schedule})], ${more} });`;

const often = `{ name: "often", everyMs: 1000 }`;
const never = `{ name: "yearly", cron: "0 0 1 1 *", timezone: "UTC" }`;

/** A daemon with an endpoint, and how to ask that. */
async function serving(project: Project, ...args: readonly string[]) {
  const daemon = project.start(["daemon", "--json", "--metrics-port", "0", ...args]);
  let out = "";
  daemon.stdout?.on("data", (text: string) => (out += text));
  await printed(daemon, '"daemon-started"');
  const events = () =>
    out
      .split("\n")
      .slice(0, -1)
      .map((line) => JSON.parse(line) as DaemonEvent);
  const listening = events().find((event) => event.type === "service-listening");
  if (listening === undefined) throw new Error(`expected an endpoint, got ${out}`);
  const ask = async (path: string, headers: Readonly<Record<string, string>> = {}) => {
    const answer = await fetch(new URL(path, listening.url), { headers });
    return { status: answer.status, text: await answer.text() };
  };
  return { daemon, events, ask, url: listening.url };
}

/** The fields of each line of a JSON log. */
function linesOf(text: string): readonly Readonly<Record<string, unknown>>[] {
  return text
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as Record<string, unknown>);
}

describe("the daemon's endpoint", () => {
  it("tells of schedules and heartbeat, and is not ready while a broken edit is on disk", async () => {
    const project = new Project({ "moraine.config.ts": config(never) });
    const { daemon, ask, url } = await serving(project);
    expect(url).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
    expect(await ask("/healthz")).toEqual({ status: 200, text: "ok\n" });
    expect(await ask("/readyz")).toEqual({ status: 200, text: "ready\n" });
    const { text } = await ask("/metrics");
    expect(text).toContain('moraine_daemons{state="ok",target="local"} 1');
    expect(text).toMatch(/moraine_daemon_heartbeat_timestamp_seconds\{target="local"\} 1\d{9}/);
    expect(text).toContain('moraine_schedule_late_seconds{schedule="yearly",target="local"} 0');
    expect(text).toMatch(/moraine_schedule_next_tick_timestamp_seconds\{schedule="yearly"/);

    project.write("moraine.config.ts", config(`{ name: "yearly" }`));
    const refused = printed(daemon, "reload-refused");
    daemon.kill("SIGHUP");
    await refused;
    expect(await ask("/readyz")).toEqual({
      status: 503,
      text: "the definitions on disk are wrong, and the last good ones in force; the log says what is wrong\n",
    });
    expect((await ask("/metrics")).text).toContain('moraine_project_readable{target="local"} 1');

    project.write("moraine.config.ts", config(`{ name: "often", cron: "0 0 2 1 *", timezone: "UTC" }`));
    const reloaded = printed(daemon, "reloaded");
    daemon.kill("SIGHUP");
    await reloaded;
    expect((await ask("/readyz")).status).toBe(200);
    expect((await ask("/metrics")).text).toContain('moraine_schedule_enabled{schedule="often"');
    daemon.kill("SIGTERM");
    expect((await daemon.finished).code).toBe(0);
    await expect(ask("/healthz")).rejects.toThrow("fetch failed");
  });

  it("is given by the config as well, wants the token for the metrics, and says when its port is taken", async () => {
    const taken = createServer();
    await new Promise<void>((listening) => taken.listen(0, "127.0.0.1", listening));
    onTestFinished(() => void taken.close());
    const { port } = taken.address() as AddressInfo;
    const project = new Project({
      "moraine.config.ts": config(never, `daemon: { metricsPort: ${port} }`),
    });
    const refused = await project.run("daemon");
    expect([refused.code, refused.stderr]).toEqual([1, expect.stringContaining(`127.0.0.1:${port}`)]);
    expect((await project.json<{ state: string }>("daemon", "--status")).state).toBe("none");

    taken.close();
    const daemon = project.start(["daemon"], { MORAINE_METRICS_TOKEN: "hunter2-of-the-metrics" });
    await printed(daemon, "service-listening");
    const url = `http://127.0.0.1:${port}/metrics`;
    expect((await fetch(url)).status).toBe(401);
    const authorization = "Bearer hunter2-of-the-metrics";
    expect((await fetch(url, { headers: { authorization } })).status).toBe(200);
    daemon.kill("SIGTERM");
    expect((await daemon.finished).stdout).not.toContain("hunter2");
  });

  it("needs a port when it is given a host", async () => {
    const { code, stderr } = await new Project({ "moraine.config.ts": config(never) }).run(
      "daemon",
      "--metrics-host",
      "127.0.0.1",
    );
    expect([code, stderr]).toEqual([2, expect.stringContaining("--metrics-host needs a port")]);
  });
});

describe("the JSON log", () => {
  it("of a daemon has schedule, tick and run, on stderr and in the file, and its runs' lines their assets", async () => {
    const project = new Project({ "moraine.config.ts": config(often, `logs: { file: "all.log" }`) });
    const daemon = project.start(["daemon", "--log-format", "json"]);
    await printed(daemon, '"tick-succeeded"');
    daemon.kill("SIGTERM");
    const { stdout, stderr } = await daemon.finished;
    expect(stdout).toBe("");
    const said = linesOf(stderr);
    const started = said.find(({ type }) => type === "tick-started");
    expect(started).toEqual({
      level: "info",
      pid: daemon.pid,
      time: expect.stringMatching(/^\d{4}-\d\d-\d\dT.+Z$/),
      type: "tick-started",
      schedule: "often",
      tick: expect.stringMatching(/Z$/),
      runId: expect.stringMatching(/^[0-9a-f]{12}$/),
      attempt: 1,
      msg: expect.stringContaining("of often is run"),
    });
    expect(said.some(({ type }) => type === "heartbeat")).toBe(false);
    const runId = String(started?.["runId"]);
    const ofRun = linesOf(readFileSync(join(project.directory, ".moraine/logs", `run-${runId}.log`), "utf8"));
    const finished = {
      type: "asset-finished",
      runId,
      asset: "raw/users",
      attempt: 1,
      outcome: "materialized",
    };
    expect(ofRun).toContainEqual(expect.objectContaining(finished));

    const file = join(project.directory, "all.log");
    expect(statSync(file).mode & 0o777).toBe(0o600);
    const all = linesOf(readFileSync(file, "utf8"));
    expect(all).toContainEqual(started);
    expect(all).toContainEqual(expect.objectContaining({ ...finished, pid: expect.any(Number) }));
  });

  it("of a run is whole lines of JSON on stderr, beside events on stdout with --json", async () => {
    const project = new Project({ "moraine.config.ts": config(never) });
    const { code, stdout, stderr } = await project.run("materialize", "--log-format", "json", "--json");
    expect(code).toBe(0);
    expect(linesOf(stdout).at(-1)).toMatchObject({ type: "run-finished" });
    expect(linesOf(stderr).map(({ type }) => type)).toEqual([
      "run-started",
      "asset-started",
      "asset-finished",
      "run-finished",
    ]);
  });

  it("moves its file away when that has grown too large, and says so when it can't be written", async () => {
    const logs = `logs: { file: "logs/all.log", maxMegabytes: 1, level: "warn" }`;
    const project = new Project({
      "moraine.config.ts": config(never, logs),
      "logs/all.log": "x".repeat(2 ** 20),
      "logs/all.log.1": "older",
    });
    expect((await project.run("materialize", "--plain")).code).toBe(0);
    expect(readdirSync(join(project.directory, "logs")).sort()).toEqual([
      "all.log",
      "all.log.1",
      "all.log.2",
    ]);
    expect(readFileSync(join(project.directory, "logs/all.log.2"), "utf8")).toBe("older");
    expect(readFileSync(join(project.directory, "logs/all.log"), "utf8")).toBe("");

    project.write("moraine.config.ts", config(never, `logs: { file: "logs" }`));
    const { code, stderr } = await project.run("materialize", "--plain");
    expect([code, stderr]).toEqual([1, expect.stringContaining("EISDIR")]);
  });

  it("is refused with everything else when its config is wrong", async () => {
    const wrong = `logs: { file: "", level: "loud", maxMegabytes: 0 }, daemon: { metricsPort: 70000, metricsHost: "" }`;
    const project = new Project({
      "moraine.config.ts": config(`{ name: "often" }`, wrong.replace('"loud"', '"loud" as never')),
    });
    const { code, stderr } = await project.run("daemon");
    expect(code).toBe(2);
    expect((await project.run("list")).stderr).toContain(
      "logs.level: expected one of debug, info, warn, error",
    );
    for (const text of [
      'logs.file: expected the path of a file, got ""',
      'logs.level: expected one of debug, info, warn, error, got "loud"',
      "logs.maxMegabytes: expected a whole number from 1, got 0",
      "daemon.metricsPort: expected a port, 0 to 65535, got 70000",
      'daemon.metricsHost: expected an address to listen on, got ""',
      "expected one of cron and everyMs",
    ])
      expect(stderr).toContain(text);
    expect(existsSync(join(project.directory, ".moraine/moraine.db"))).toBe(false);
  });
});
