import { once } from "node:events";
import { join } from "node:path";
import Database from "better-sqlite3";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { asStoreError, StoreError } from "../../framework/store/store-error.ts";
import { backupStore } from "../../framework/store/upkeep/backup-store.ts";
import { checkStore } from "../../framework/store/upkeep/check-store.ts";
import { pruneStore } from "../../framework/store/upkeep/prune-store.ts";
import { temporaryDirectory } from "../support/rig.ts";
import { countRows, History } from "./history.ts";
import { bundledScript, finished } from "../support/scripts.ts";

let script: Awaited<ReturnType<typeof bundledScript>>;
beforeAll(async () => {
  script = await bundledScript("store/hammer-process");
});
afterAll(() => script.remove());

const findings = async (path: string) => (await checkStore({ path, now: new Date().toISOString() })).findings;

describe("several processes on one store", () => {
  it.each([2, 4])("%i writers lose nothing and never see it locked", async (writers) => {
    const path = join(temporaryDirectory(), "moraine.db");
    // Nobody has made the store yet: all of them do.
    await Promise.all(
      Array.from({ length: writers }, (_, index) =>
        finished(script.run("write", path, `w${index}`, "10", "40")),
      ),
    );
    expect(countRows(path)).toMatchObject({
      runs: writers * 10,
      attempts: writers * 400,
      events: writers * 820,
      materializations: writers * 400,
      lineage: writers * 400,
      cursors: writers * 40,
    });
    expect(await findings(path)).toEqual([]);
  });

  it("that open and close it all the time never see it locked", async () => {
    const path = join(temporaryDirectory(), "moraine.db");
    await Promise.all(
      ["a", "b", "c", "d"].map((name) => finished(script.run("reopen", path, name, "60", "2"))),
    );
    expect(countRows(path)).toMatchObject({ runs: 240, materializations: 480 });
    expect(await findings(path)).toEqual([]);
  });

  it("write on while a reader keeps a whole transaction open", async () => {
    const history = new History();
    history.run("first", 1, ["a/x"]);
    const reader = new Database(history.path, { readonly: true, timeout: 0 });
    reader.exec("BEGIN");
    const count = () => reader.prepare("SELECT count(*) FROM runs").pluck().get();
    expect(count()).toBe(1);
    await finished(script.run("write", history.path, "w", "5", "10"));
    expect(count()).toBe(1);
    reader.exec("COMMIT");
    expect(count()).toBe(6);
    reader.close();
  });

  it("read while one transaction writes, without waiting for it", () => {
    const history = new History();
    history.run("first", 1, ["a/x"]);
    const writer = new Database(history.path);
    writer.exec("BEGIN IMMEDIATE; UPDATE runs SET selection = 'half-way'");
    const reader = new Database(history.path, { readonly: true, timeout: 0 });
    expect(reader.prepare("SELECT selection FROM runs").pluck().get()).toBe("");
    reader.close();
    writer.exec("ROLLBACK");
    writer.close();
  });

  it("go on while it is read, pruned and backed up", async () => {
    const history = new History();
    for (let number = 1; number <= 20; number++) {
      const keys = Array.from({ length: 40 }, (_, index) => `a/t${index}`);
      history.run(`old${number}`, number, keys);
    }
    const reader = script.run("read", history.path);
    const isReading = once(reader.stdout, "data");
    const read = finished(reader);
    await isReading;
    const to = join(temporaryDirectory(), "copy.db");
    const writers = ["a", "b"].map((name) => finished(script.run("write", history.path, name, "20", "20")));
    const [pruned] = await Promise.all([
      pruneStore({ path: history.path, retention: { before: "2026-03-01T00:00:00.000Z" } }),
      backupStore({ path: history.path, to }),
      ...writers,
    ]);
    reader.kill("SIGTERM");
    await read;
    expect(pruned.removed.runs).toBe(19);
    // The newest of each asset stays with its run.
    expect(countRows(history.path)).toMatchObject({ runs: 41, materializations: 840 });
    expect(await findings(history.path)).toEqual([]);
    expect(await findings(to)).toEqual([]);
  });

  it("leave a sound store when one is killed in the middle of it, for the others and for later", async () => {
    const history = new History();
    const victim = script.run("write", history.path, "victim", "100000", "5");
    const other = finished(script.run("write", history.path, "other", "20", "20"));
    const begun = history.store.changeCounter();
    while (history.store.changeCounter() === begun || history.store.runs({ limit: 1 }).length === 0)
      await new Promise(setImmediate);
    victim.kill("SIGKILL");
    await once(victim, "close");
    await other;
    const running = history.store.runs({ status: "running" }).length;
    expect(history.store.interruptDeadRuns(new Date().toISOString())).toHaveLength(running);
    expect(history.store.runs().filter((run) => run.id.startsWith("other-"))).toHaveLength(20);
    expect(await findings(history.path)).toEqual([]);
  });
});

describe("a store that another process keeps locked beyond all patience", () => {
  it("is called busy, with what to do, and not in SQLite's words", () => {
    const history = new History();
    const holder = new Database(history.path);
    holder.exec("BEGIN IMMEDIATE");
    const impatient = new Database(history.path, { timeout: 0 });
    const attempt = () => {
      try {
        impatient.exec("BEGIN IMMEDIATE");
        return undefined;
      } catch (error) {
        return asStoreError(error, history.path);
      }
    };
    const error = attempt();
    expect(error).toBeInstanceOf(StoreError);
    expect(error).toMatchObject({
      problem: "busy",
      message: "another process has kept the store locked",
      next: "find who holds it open, then run the same command again",
    });
    impatient.close();
    holder.close();
  });
});
