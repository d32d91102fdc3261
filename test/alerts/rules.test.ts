import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { defineAsset, defineCheck, fail, type Metadata } from "moraine";
import type { Alert } from "../../framework/event/alert.ts";
import { toldAlert } from "../../framework/tui/words/alert.ts";
import { alertBlock } from "../../framework/tui/words/alert-message.ts";
import { DbthubRig } from "../dbthub/rig.ts";
import { WatchRig } from "./watch-rig.ts";

const hour = 3_600_000;

/** An asset that does what the test says, whose code is the same all the time. */
function settable(key: string, options: Partial<Parameters<typeof defineAsset>[0]> = {}) {
  const says: { fails: string | undefined; metadata: Metadata } = { fails: undefined, metadata: {} };
  const asset = defineAsset({
    key,
    codeVersion: "1",
    refresh: { everyMs: 0 },
    retry: { maxAttempts: 1 },
    owners: ["crm"],
    ...options,
    materialize: () => {
      if (says.fails !== undefined)
        fail({
          reason: "unreachable",
          message: says.fails,
          retryable: false,
          expected: "an answer",
          got: "none",
        });
      return { metadata: says.metadata, dataVersion: String(Math.random()) };
    },
  });
  return Object.assign(says, { asset });
}

function inWords(alert: Alert | undefined, now: Date) {
  if (alert === undefined) throw new Error("expected an alert");
  return toldAlert(alert, "firing", now);
}

it("tells a failed run and the failed asset with owner, cause and command, until a later run makes them good", async () => {
  const rig = new WatchRig();
  const users = settable("raw/users");
  const report = defineAsset({ key: "mart/report", deps: { users: users.asset }, materialize: () => {} });
  const assets = [users.asset, report];
  users.fails = "the source is away";
  const { runId } = await rig.run(assets);
  rig.now = new Date();
  const [run, asset, ...more] = rig.judge(assets);
  expect(more).toEqual([]);
  expect(run).toMatchObject({ rule: "run-failed", subject: "", severity: "critical", owners: ["crm"] });
  expect(run?.facts).toMatchObject({ runId, skipped: 1, failed: [{ key: "raw/users" }] });
  expect(asset).toMatchObject({ rule: "asset-failed", subject: "raw/users", resolvedAt: null });
  expect(inWords(asset, rig.now)).toMatchObject({
    title: "raw/users failed [unreachable]",
    why: ["the source is away", "expected an answer, got none"],
    command: `moraine logs ${runId} raw/users --target local`,
    handbook: "docs/operations.md#asset-failed",
  });
  users.fails = undefined;
  // By hand and under another selection: what counts is what became of the assets.
  await rig.run(assets, { selection: "raw/users mart/report" });
  rig.now = new Date();
  expect(rig.told(assets)).toEqual([]);
});

it("does not tell an asset that the same run will try again", async () => {
  const rig = new WatchRig();
  const told: (readonly string[])[] = [];
  let calls = 0;
  const users = defineAsset({
    key: "raw/users",
    retry: { maxAttempts: 2, baseDelayMs: 1, maxDelayMs: 1 },
    materialize: () => {
      calls += 1;
      told.push(rig.told([users]));
      if (calls === 1) fail({ reason: "unreachable", message: "away", retryable: true });
    },
  });
  await rig.run([users]);
  expect([calls, told]).toEqual([2, [[], []]]);
});

it("tells a run whose process was killed", async () => {
  const rig = new WatchRig();
  const { asset } = settable("raw/users");
  const dead = spawn("true");
  await new Promise((resolve) => dead.once("exit", resolve));
  const startedAt = rig.now.toISOString();
  const keys = ["raw/users"];
  rig.store.startRun(
    { id: "0000deadbeef", trigger: "cli", selection: "raw/users", startedAt },
    {
      type: "run-started",
      runId: "0000deadbeef",
      at: startedAt,
      target: "local",
      trigger: "cli",
      selection: "raw/users",
      keys,
      workers: 1,
      usualMs: {},
    },
  );
  expect(rig.told([asset])).toEqual([]);
  const { default: Database } = await import("better-sqlite3");
  const database = new Database(`${rig.directory}/moraine.db`);
  database.prepare("UPDATE runs SET pid = ?").run(dead.pid);
  database.close();
  expect(rig.told([asset])).toEqual(["run-failed: raw/users"]);
});

it("tells a failed check once, with what was expected and no row of the table, and not the asset as well", async () => {
  const rig = new WatchRig();
  const { asset } = settable("raw/users");
  let bad = 12;
  const check = defineCheck({
    asset,
    name: "has_email",
    run: () => ({ passed: bad === 0, value: bad, expected: 0, samples: [{ email: "ada@example.com" }] }),
  });
  const warning = defineCheck({
    asset,
    name: "known_country",
    severity: "warn",
    run: () => ({ passed: false }),
  });
  await rig.run([asset], { checks: [check, warning] });
  rig.now = new Date();
  expect(rig.told([asset], [check, warning])).toEqual(["run-failed: ", "check-failed: raw/users has_email"]);
  const [, alert] = rig.store.alerts.firing();
  expect(inWords(alert, rig.now).why).toEqual(["12, expected 0", "what reads it waits until it passes"]);
  expect(JSON.stringify(rig.store.alerts.firing())).not.toContain("ada@example.com");
  rig.rules({ type: "check-failed", atLeast: "warn" });
  expect(rig.told([asset], [check, warning])).toContain("check-failed: raw/users known_country");
  bad = 0;
  await rig.run([asset], { checks: [check, warning] });
  rig.now = new Date();
  expect(rig.told([asset], [check, warning])).toEqual(["check-failed: raw/users known_country"]);
});

it("tells an overdue asset by its policy, and what it waits for", async () => {
  const rig = new WatchRig();
  const users = settable("raw/users");
  const report = defineAsset({
    key: "mart/report",
    codeVersion: "1",
    deps: { users: users.asset },
    freshness: { maxAgeMs: 26 * hour },
    materialize: () => {},
  });
  const assets = [users.asset, report];
  await rig.run(assets);
  rig.now = new Date();
  expect(rig.told(assets)).toEqual([]);
  users.fails = "the source is away";
  await rig.run(assets);
  rig.later(27 * hour);
  const overdue = rig.judge(assets).find(({ rule }) => rule === "overdue");
  expect(overdue).toMatchObject({ subject: "mart/report", facts: { because: [{ key: "raw/users" }] } });
  expect(inWords(overdue, rig.now).why.at(-1)).toBe("waits for raw/users [unreachable] the source is away");
});

it("tells that a selection had no success in time, and who is late", async () => {
  const rig = new WatchRig();
  const [users, orders] = [settable("raw/users").asset, settable("raw/orders").asset];
  rig.rules({ type: "no-success", name: "nightly", assets: "raw/*", withinMs: 26 * hour });
  await rig.run([users, orders]);
  rig.now = new Date();
  expect(rig.told([users, orders])).toEqual([]);
  rig.later(26 * hour + 1);
  const [alert] = rig.judge([users, orders]);
  expect(alert).toMatchObject({
    rule: "nightly",
    subject: "raw/*",
    facts: { of: 2, late: [{ key: "raw/orders" }, { key: "raw/users" }] },
  });
  expect(Date.parse(alert?.since ?? "")).toBeLessThanOrEqual(rig.now.getTime());
});

it("tells rows that are far from those of the runs before, and not their usual growth", async () => {
  const rig = new WatchRig();
  const users = settable("raw/users");
  const run = async (rows: number) => {
    users.metadata = { rows: { type: "rows", value: rows } };
    await rig.run([users.asset]);
    return rig.told([users.asset]);
  };
  for (const rows of [2000, 2010, 2025, 2030, 2041, 2055]) expect(await run(rows)).toEqual([]);
  expect(await run(900)).toEqual(["volume-anomaly: raw/users rows"]);
  const [alert] = rig.store.alerts.firing();
  expect(inWords(alert, rig.now).title).toBe("raw/users has 900 rows, usually 2,027.50");
  expect(await run(2060)).toEqual([]);
});

it("tells many versions that were opened at once, by their share", async () => {
  const rig = new WatchRig();
  const dimension = settable("mart/dim");
  const run = async (opened: number) => {
    const number = (value: number) => ({ type: "rows", value }) as const;
    dimension.metadata = {
      rows: number(2000),
      versions_opened: number(opened),
      versions_closed: number(3),
      versions_retired: number(0),
    };
    await rig.run([dimension.asset]);
    return rig.told([dimension.asset]);
  };
  for (const opened of [20, 0, 31, 12, 25, 60]) expect(await run(opened)).toEqual([]);
  expect(await run(800)).toEqual(["scd-anomaly: mart/dim versions_opened"]);
  expect(await run(14)).toEqual([]);
});

it("tells a source whose API calls run out, by what Salesforce says", async () => {
  const rig = new WatchRig();
  const users = settable("raw/users");
  const number = (value: number) => ({ type: "number", value }) as const;
  users.metadata = { api_quota_used: number(79_000), api_quota_limit: number(100_000) };
  await rig.run([users.asset]);
  rig.now = new Date();
  expect(rig.told([users.asset])).toEqual([]);
  users.metadata = { api_quota_used: number(80_000), api_quota_limit: number(100_000) };
  await rig.run([users.asset]);
  rig.now = new Date();
  expect(rig.judge([users.asset])).toMatchObject([{ rule: "quota", severity: "warning" }]);
  // A day later the count begins anew, whoever asks.
  rig.later(24 * hour + 60_000);
  expect(rig.told([users.asset])).toEqual([]);
});

it("tells a mass retirement that the breaker refused, and calls that are used up", async () => {
  const rig = new WatchRig();
  const org = await DbthubRig.open({ users: 100, yaml: (text) => `owners: [crm]\n${text}` });
  const places = {
    lakehouse: org.lake,
    resources: { secrets: { name: "sandbox", get: async () => ({ ...org.sandbox.credentials() }) } },
  };
  const assets = [org.asset];
  const judge = () => {
    rig.now = new Date();
    return rig.told(assets);
  };
  await rig.run(assets, places);
  expect(judge()).toEqual([]);
  // What the org says of its calls, with a limit that one load reaches.
  rig.rules({ type: "quota", share: 0.000_01 });
  expect(judge()).toEqual(["quota: sf_raw/sf_user"]);
  rig.rules();
  expect(judge()).toEqual([]);
  const ids = await org.someIds(30);
  await org.control("POST", "clock", { now: "2026-01-06T09:00:00Z" });
  for (const id of ids) await org.control("DELETE", `records/${id}`);
  await rig.run(assets, places);
  expect(judge()).toEqual(["run-failed: ", "breaker: sf_raw/sf_user"]);
  const [, refused] = rig.store.alerts.firing();
  const told = alertBlock(inWords(refused, rig.now), rig.now).join("\n");
  const shown = told
    .replace(/since .*/, "since  04:00Z, 3h")
    .replace(/http:\S+/, "https://crm.my.salesforce.com")
    .replace(/logs \w+/, "logs 8f21c4000000");
  expect(readFileSync("docs/alerts.md", "utf8")).toContain(`\n${shown}\n`);
  await org.fault({ kind: "403-total", times: 5 });
  await rig.run(assets, places);
  expect(judge()).toEqual(["run-failed: ", "quota: sf_raw/sf_user"]);
  expect(rig.store.alerts.firing().at(-1)).toMatchObject({ severity: "critical" });
  expect(rig.store.alerts.history(10).map(({ rule, resolvedAt }) => [rule, resolvedAt === null])).toEqual([
    ["quota", true],
    ["breaker", false],
    ["run-failed", true],
    ["quota", false],
  ]);
});

it("leaves a failure to the rule that knows most of it, unless that one is off", async () => {
  const rig = new WatchRig();
  const asset = defineAsset({
    key: "raw/users",
    retry: { maxAttempts: 1 },
    materialize: () => fail({ reason: "breaker", message: "too many", retryable: false }),
  });
  await rig.run([asset]);
  rig.now = new Date();
  rig.rules({ type: "run-failed", off: true }, { type: "breaker", off: true });
  expect(rig.told([asset])).toEqual(["asset-failed: raw/users"]);
  rig.rules({ type: "run-failed", off: true });
  expect(rig.told([asset])).toEqual(["breaker: raw/users"]);
  expect(rig.store.alerts.history(5)).toHaveLength(2);
  expect(rig.store.alerts.firing()[0]?.facts).toMatchObject({ key: "raw/users" });
});
