import { cpSync, readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { expect, it } from "vitest";
import { openStore } from "../../framework/store/open-store.ts";
import type { TickRecord } from "../../framework/store/schedules.ts";
import type { Store } from "../../framework/store/store.ts";
import { control, urlOf } from "../support/faulty-pipeline.ts";
import { lakeProject } from "../support/lake-project.ts";
import { printed, type Project } from "../support/moraine.ts";

/** In real time; `MORAINE_SOAK_MINUTES` makes it shorter. */
const minutes = Number(process.env["MORAINE_SOAK_MINUTES"] ?? 30);
const checkout = resolve(import.meta.dirname, "../..");

/** The shipped log of users, read every five seconds, and a schedule whose ticks come faster than its runs. */
const config = `
import { dbthub, defineAsset, defineConfig, defineSchedule } from "moraine";
import { sfUserRaw } from "./assets/sf_user/tables.ts";
const users = dbthub({ file: new URL("./assets/sf_user/dbthub.yml", import.meta.url), table: sfUserRaw });
const beat = defineAsset({ key: "soak/beat", refresh: { everyMs: 0 }, materialize: () => {} });
const retry = { maxAttempts: 5, baseDelayMs: 500, maxDelayMs: 4000 };
export default defineConfig({
  name: "soak",
  assets: [users, beat],
  targets: { local: { lakehouse: { type: "embedded" }, secrets: { type: "sandbox" } } },
  schedules: [
    defineSchedule({ name: "users", everyMs: 5000, selection: "sf_raw/sf_user", retry, deadlineMs: 120_000 }),
    defineSchedule({ name: "beat", everyMs: 3000, selection: "soak/beat", retry, overlap: "queue", catchUp: "all" }),
  ],
});`;

const faults = [
  "429",
  "500",
  "503",
  "reset",
  "slow",
  "truncated",
  "403-concurrent",
  "query-timeout",
] as const;

/** What a process holds: resident memory, open files. */
interface Held {
  readonly megabytes: number;
  readonly files: number;
}

async function soakProject(): Promise<Project> {
  const project = await lakeProject({ "moraine.config.ts": config });
  cpSync(join(checkout, "assets"), join(project.directory, "assets"), { recursive: true });
  return project;
}

/** A project with a daemon that is killed and started again, runs that are killed, and an org with faults. */
class Soak {
  readonly project: Project;
  readonly url: string;
  readonly store: Store;
  readonly killed = { runs: 0, daemons: 0, faults: 0, days: 0 };
  #daemon: ReturnType<Project["start"]>;

  constructor(project: Project, url: string) {
    this.project = project;
    this.url = url;
    this.#daemon = this.#start();
    this.store = openStore({ path: join(project.directory, ".moraine/moraine.db"), target: "local" });
  }

  #start(): ReturnType<Project["start"]> {
    return this.project.start(["daemon"], { MORAINE_SALESFORCE_URL: this.url });
  }

  /** Disturbs it for a while. @returns what the daemon held meanwhile, oldest first */
  async disturb(ms: number, killsDaemons: boolean): Promise<readonly Held[]> {
    const held: Held[] = [];
    for (const end = performance.now() + ms; performance.now() < end;) {
      await wait(500 + Math.random() * 2500);
      const dice = Math.random();
      if (dice < 0.3) await this.#arm();
      else if (dice < 0.6) this.#killRun();
      else if (dice < 0.7) await this.#letDayPass();
      else if (dice < 0.8 && killsDaemons) await this.#killDaemon();
      held.push(heldBy(this.#daemon.pid ?? 0));
    }
    return held;
  }

  async #arm(): Promise<void> {
    const kind = faults[Math.floor(Math.random() * faults.length)];
    await control(this.url, "POST", "faults", { kind, after: Math.floor(Math.random() * 4) });
    this.killed.faults += 1;
  }

  async #letDayPass(): Promise<void> {
    await control(this.url, "POST", "advance", { days: 1 });
    this.killed.days += 1;
  }

  #killRun(): void {
    const [run] = this.store.runs({ status: "running" });
    const owner = run === undefined ? undefined : this.store.runOwner(run.id);
    if (owner === undefined) return;
    try {
      process.kill(owner.pid, "SIGKILL");
      this.killed.runs += 1;
    } catch {
      // It has ended meanwhile.
    }
  }

  async #killDaemon(): Promise<void> {
    this.#daemon.kill("SIGKILL");
    await this.#daemon.finished;
    this.killed.daemons += 1;
    await wait(Math.random() * 8000);
    this.#daemon = this.#start();
    await printed(this.#daemon, "daemon-started");
  }

  /** Ends the daemon in good order, and lets the ticks that wait come to their ends. */
  async drain(): Promise<void> {
    await control(this.url, "DELETE", "faults");
    this.#daemon.kill("SIGTERM");
    const { code, stderr } = await this.#daemon.finished;
    if (code !== 0) throw new Error(`expected a daemon that drains, got ${code}: ${stderr}`);
    while (this.store.scheduling.openTicks().length > 0) await this.run("daemon", "--once");
  }

  async run(...args: readonly string[]): Promise<void> {
    const { code, stderr } = await this.project.start(args, { MORAINE_SALESFORCE_URL: this.url }).finished;
    if (code !== 0) throw new Error(`moraine ${args.join(" ")} ended with ${code}: ${stderr}`);
  }
}

function heldBy(pid: number): Held {
  const status = readFileSync(`/proc/${pid}/status`, "utf8");
  const kilobytes = Number(/^VmRSS:\s+(\d+)/m.exec(status)?.[1] ?? 0);
  return { megabytes: kilobytes / 1024, files: readdirSync(`/proc/${pid}/fd`).length };
}

/** The last version of every user, without what tells when and by what load it landed. */
async function lastVersions(project: Project): Promise<readonly unknown[]> {
  const sql = `SELECT * EXCLUDE (extracted_at, load_id) FROM sf_raw.sf_user
    QUALIFY row_number() OVER (PARTITION BY id ORDER BY system_modstamp DESC, extracted_at DESC) = 1 ORDER BY id`;
  return project.json("query", sql, "--limit", "100000");
}

/** Of an interval: how many ticks its records stand for, and how many there were from the first to the last of them. */
function counted(ticks: readonly TickRecord[], everyMs: number) {
  const oldestFirst = ticks.toSorted((a, b) => (a.tick < b.tick ? -1 : 1));
  const [first] = oldestFirst;
  const last = oldestFirst.at(-1);
  if (first === undefined || last === undefined) throw new Error("expected ticks");
  return {
    decided: ticks.reduce((sum, { count }) => sum + count, 0) - (first.count - 1),
    passed: (Date.parse(last.tick) - Date.parse(first.tick)) / everyMs + 1,
  };
}

const median = (values: readonly number[]) => values.toSorted((a, b) => a - b)[values.length >> 1] ?? 0;

it(`loses and repeats nothing in ${minutes} minutes of faults, killed runs and killed daemons, and grows by nothing`, async () => {
  const org = (await soakProject()).start(["sandbox", "serve", "--port", "0", "--users", "300", "--json"]);
  const soak = new Soak(await soakProject(), await urlOf(org));
  await soak.disturb(minutes * 60_000 * 0.5, true);
  const held = await soak.disturb(minutes * 60_000 * 0.5, false);
  await soak.drain();
  const { store, project } = soak;

  expect(store.runs({ status: "running" })).toEqual([]);
  const outcomes: Record<string, number> = {};
  for (const [schedule, everyMs] of [
    ["users", 5000],
    ["beat", 3000],
  ] as const) {
    const ticks = store.scheduling.ticks({ schedule });
    const { decided, passed } = counted(ticks, everyMs);
    expect(decided).toBe(passed);
    for (const { status, reason = "", count } of ticks) {
      const outcome = `${schedule} ${status} ${reason}`.trim();
      outcomes[outcome] = (outcomes[outcome] ?? 0) + count;
    }
    const succeeded = store.runs({ tags: { schedule }, status: "succeeded" }).map(({ tags }) => tags["tick"]);
    expect(new Set(succeeded).size).toBe(succeeded.length);
    expect(succeeded.length).toBe(ticks.filter(({ status }) => status === "succeeded").length);
  }
  // Every tick of the queue had its run in the end, however often that was killed.
  expect(outcomes["beat succeeded"]).toBeGreaterThan(0);

  await soak.run("materialize", "sf_raw/sf_user");
  const undisturbed = await soakProject();
  const { code } = await undisturbed.start(["materialize", "sf_raw/sf_user"], {
    MORAINE_SALESFORCE_URL: soak.url,
  }).finished;
  expect(code).toBe(0);
  const users = await lastVersions(project);
  expect(users.length).toBeGreaterThanOrEqual(300);
  expect(users).toEqual(await lastVersions(undisturbed));
  const doubled = `SELECT id, system_modstamp FROM sf_raw.sf_user GROUP BY ALL HAVING count(*) > 1`;
  expect(await project.json("query", doubled)).toEqual([]);
  expect((await project.run("store", "check")).code).toBe(0);

  const quarter = Math.ceil(held.length / 4);
  const [early, late] = [held.slice(0, quarter), held.slice(-quarter)];
  const growth = {
    megabytes: [early, late].map((some) => Math.round(median(some.map(({ megabytes }) => megabytes)))),
    files: [early, late].map((some) => median(some.map(({ files }) => files))),
  };
  process.stdout.write(`${JSON.stringify({ ...soak.killed, outcomes, ...growth })}\n`);
  expect(growth.megabytes[1]).toBeLessThan((growth.megabytes[0] ?? 0) * 1.1 + 10);
  expect(growth.files[1]).toBeLessThanOrEqual((growth.files[0] ?? 0) + 2);
  store.close();
  org.kill("SIGTERM");
});
