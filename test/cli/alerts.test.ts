import { unlinkSync } from "node:fs";
import { join } from "node:path";
import Database from "better-sqlite3";
import { expect, it } from "vitest";
import { HttpReceiver } from "../alerts/http-receiver.ts";
import { found, textsBelow } from "../support/left-behind.ts";
import { Project } from "../support/moraine.ts";

const secret = "pl4nted-s3cret";

/** A project that fails while there is a file `away`, and tells a webhook on localhost. */
function projectOf(url: string, alerts = ""): Project {
  return new Project({
    "moraine.config.ts": `
import { existsSync } from "node:fs";
import { defineAsset, defineConfig, fail } from "moraine";
const users = defineAsset({
  key: "raw/users", owners: ["crm"], refresh: { everyMs: 0 }, retry: { maxAttempts: 1 },
  materialize: () => {
    if (existsSync(new URL("./away", import.meta.url)))
      fail({ reason: "unreachable", message: "the source is away", retryable: false });
  },
});
const alerts = {
  channels: { team: { type: "slack", url: { env: "HOOK" } } },
  heartbeat: { success: { url: "${url}/alive" } },
  ${alerts}
};
export default defineConfig({ name: "crm", assets: [users], ...(process.env["UNWATCHED"] ? {} : { alerts }) });`,
  });
}

const texts = (server: HttpReceiver) =>
  server.received
    .filter(({ body }) => body !== "")
    .map(({ body }) => (JSON.parse(body) as { text: string }).text.split("\n")[0]);

it("tells a channel of a failed run at its end, once, and that it is over; the heartbeat hears of success alone", async () => {
  const server = await HttpReceiver.start();
  const project = projectOf(server.url);
  const env = { HOOK: `${server.url}/${secret}` };
  const run = async (...args: string[]) => {
    const { stdout, stderr, code } = await project.start(args, env).finished;
    return { code, text: stdout + stderr };
  };
  const heartbeats = () => server.received.filter(({ path }) => path === "/alive").length;
  expect((await run("materialize")).code).toBe(0);
  expect([server.received.length, heartbeats()]).toEqual([1, 1]);
  project.write("away", "");
  expect((await run("materialize")).code).toBe(1);
  expect((await run("materialize")).code).toBe(1);
  expect(texts(server)).toEqual([
    `*[moraine crm local] critical: run ${await failedRun(project)} of everything failed and 1 more*`,
  ]);
  expect(heartbeats()).toBe(1);
  const listed = await run("alerts", "--exit-code");
  expect(listed.code).toBe(3);
  expect(listed.text).toContain("raw/users failed [unreachable]");
  expect(listed.text).toMatch(/told {3}team at /);
  expect((await run("alerts", "evaluate")).text).toContain("2 alerts firing, 0 of them new; 0 over");
  unlinkSync(join(project.directory, "away"));
  expect((await run("materialize")).code).toBe(0);
  expect(texts(server)).toHaveLength(2);
  expect(texts(server)[1]).toContain("over: run");
  expect(heartbeats()).toBe(2);
  expect((await run("alerts")).text).toContain("nothing fires");
  for (const { text } of [listed, await run("alerts", "--all", "--json")]) expect(text).not.toContain(secret);
  expect(leftBehind(project)).toEqual([]);
});

/** The first of the two runs that failed: the alert is about the newest one, but was told of that. */
async function failedRun(project: Project): Promise<string> {
  const runs = await project.json<{ id: string; status: string }[]>("runs");
  return runs.findLast(({ status }) => status === "failed")?.id ?? "";
}

/** The secret's places in the project's state. */
function leftBehind({ directory }: Project): readonly string[] {
  return found({ secret }, textsBelow(join(directory, ".moraine")));
}

it("keeps a run's outcome when a channel is dead, says so without its URL, and tells it later", async () => {
  const server = await HttpReceiver.start();
  const project = projectOf(server.url);
  project.write("away", "");
  server.statuses.push(200, 200);
  const dead = { HOOK: `http://127.0.0.1:9/${secret}` };
  const { code, stdout, stderr } = await project.start(["materialize", "--json"], dead).finished;
  expect(code).toBe(1);
  expect(stderr).toContain("alerts: channel team: 127.0.0.1:9 can't be reached; it is tried again");
  expect(stdout.trim().split("\n").at(-1)).toContain('"type":"run-finished"');
  expect(leftBehind(project)).toEqual([]);
  const [alert] = await project.json<{ notices: unknown[] }[]>("alerts");
  expect(alert?.notices).toMatchObject([{ sentAt: null, attempts: 1, failure: { reason: "unreachable" } }]);
});

it("tells once more, under the same id, when the process is killed before it has recorded that it told", async () => {
  const server = await HttpReceiver.start();
  const project = projectOf(server.url, `channels: { team: { type: "webhook", url: { env: "HOOK" } } },`);
  project.write("away", "");
  await project.start(["materialize"], { UNWATCHED: "1" }).finished;
  const env = { HOOK: `${server.url}/hook` };
  server.silent.add("/hook");
  const received = server.next("/hook");
  const killed = project.start(["alerts", "evaluate"], env);
  await received;
  killed.kill("SIGKILL");
  await killed.finished;
  server.silent.clear();
  const evaluate = () => project.start(["alerts", "evaluate"], env).finished;
  expect((await evaluate()).stdout).toContain("2 alerts firing, 0 of them new; 0 over");
  expect(server.received).toHaveLength(1);
  // As if the time had passed in which nobody else may tell it.
  const database = new Database(join(project.directory, ".moraine/moraine.db"));
  database.exec("UPDATE alert_notices SET claimed_until = '2026-01-01T00:00:00.000Z'");
  database.close();
  expect((await evaluate()).stdout).toContain("team  told of 2 alerts");
  expect((await evaluate()).stdout).not.toContain("team");
  const ids = server.received.map(({ headers }) => headers["x-moraine-delivery"]);
  expect(ids).toEqual([ids[0], ids[0]]);
});

it("tests channels one by one, with exit code 1 for one that does not work", async () => {
  const server = await HttpReceiver.start();
  const project = projectOf(server.url);
  const good = await project.start(["alerts", "test"], { HOOK: server.url }).finished;
  expect(good).toMatchObject({
    code: 0,
    stdout: expect.stringContaining("team  took the test message") as string,
  });
  expect(texts(server)).toEqual(["*[moraine crm local] test: this channel works*"]);
  const bad = await project.start(["alerts", "test", "team"], { HOOK: "" }).finished;
  expect(bad).toMatchObject({
    code: 1,
    stdout: expect.stringContaining("the variable HOOK is not set") as string,
  });
  expect(await project.run("alerts", "test", "tema")).toMatchObject({
    code: 2,
    stderr: expect.stringContaining("moraine alerts test team") as string,
  });
});

it("says everything that is wrong with `alerts` at once, and repeats no secret", async () => {
  const project = projectOf(
    "http://127.0.0.1:9",
    `quietHours: { from: "25:00", to: "07:00", timezone: "Oslo" }, rules: [{ type: "overdu" }, { type: "no-success" }],
     channels: { team: { type: "slack", url: "https://hooks.example.com/${secret}" }, x: { type: "pager" } },`,
  );
  const { code, stderr } = await project.run("list");
  expect(code).toBe(2);
  for (const part of [
    "alerts.channels.team.url: expected { secret:",
    "alerts.channels.x.type: expected a known type",
    "alerts.quietHours.from: expected a time of day like 22:00",
    "alerts.quietHours.timezone: expected an IANA time zone",
    "alerts.rules.0.type: expected a known type",
    "alerts.rules.1.withinMs",
    "definitions to correct; nothing ran",
  ])
    expect(stderr).toContain(part);
  expect(stderr).not.toContain(secret);
  const selection = projectOf("http://127.0.0.1:9", `rules: [{ type: "overdue", assets: "raw/usres" }],`);
  expect((await selection.run("list")).stderr).toContain("no asset matches raw/usres");
});

it("tells by the daemon what happened while nobody looked, and a monitor that the daemon lives", async () => {
  const server = await HttpReceiver.start();
  const project = projectOf(server.url);
  project.write("away", "");
  expect((await project.start(["materialize"], { UNWATCHED: "1" }).finished).code).toBe(1);
  expect(server.received).toEqual([]);
  const told = server.next("/hook");
  const asked = server.next("/daemon");
  const daemon = project.start(["daemon", "--heartbeat", `${server.url}/daemon`], {
    HOOK: `${server.url}/hook`,
  });
  await Promise.all([told, asked]);
  daemon.kill("SIGTERM");
  expect((await daemon.finished).code).toBe(0);
  expect(texts(server)).toContainEqual(expect.stringContaining("critical: run"));
  expect(await project.run("daemon", "--heartbeat", "monitor")).toMatchObject({ code: 2 });
});
