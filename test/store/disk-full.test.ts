import { spawnSync } from "node:child_process";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import Database from "better-sqlite3";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { connect } from "../../framework/store/connect.ts";
import { SqliteStore } from "../../framework/store/sqlite-store.ts";
import { StoreError } from "../../framework/store/store-error.ts";
import { checkStore } from "../../framework/store/upkeep/check-store.ts";
import { Project } from "../support/moraine.ts";
import { temporaryDirectory } from "../support/rig.ts";
import { countRows, day, History, log } from "./history.ts";
import { bundledScript, finished, started } from "../support/scripts.ts";

let script: Awaited<ReturnType<typeof bundledScript>>;
beforeAll(async () => {
  script = await bundledScript("store/hammer-process");
});
afterAll(() => script.remove());

/** A mount that only one process and its children see; it goes with them. Needs Linux, and no special rights. */
const mounter = "unshare";
const ownMounts = ["--user", "--map-root-user", "--mount"];
const canMount = spawnSync(mounter, [...ownMounts, "mount", "-t", "tmpfs", "tmpfs", "/mnt"]).status === 0;

describe("a full disk", () => {
  it("is reported at the write that meets it; that write leaves nothing, the ones before stay", async () => {
    const path = join(temporaryDirectory(), "moraine.db");
    const database = connect(path);
    const store = new SqliteStore(database, "local");
    onTestFinished(() => store.close());
    const pages = Number(database.pragma("page_count", { simple: true }));
    database.pragma(`max_page_count = ${pages + 20}`);
    store.startRun({ id: "run", trigger: "cli", selection: "", startedAt: day(1) }, log("run", 1, "begins"));
    let written = 1;
    const fill = () => {
      for (; ; written++) store.recordEvent(log("run", 1, "x".repeat(500)));
    };
    expect(fill).toThrow(StoreError);
    expect(fill).toThrow("the disk of the store is full or failing");
    expect(store.events({ runId: "run" })).toHaveLength(written);
    database.pragma("max_page_count = 1000000");
    store.finishRun("run", "succeeded", day(1), log("run", 1, "ends"));
    expect(countRows(path)).toMatchObject({ runs: 1, events: written + 1 });
    expect((await checkStore({ path, now: day(1) })).findings).toEqual([]);
  });

  it.skipIf(!canMount)("that is a real one keeps every run that was recorded before", async () => {
    const directory = temporaryDirectory();
    const inside = join(directory, "disk");
    const steps = [
      `mkdir ${inside}`,
      `mount -t tmpfs -o size=12m tmpfs ${inside}`,
      `"$0" "$1" fill ${inside}/moraine.db full`,
      `cp -r ${inside} ${directory}/rescued`,
    ];
    const args = [...ownMounts, "sh", "-ec", steps.join(" && "), process.execPath, script.file];
    const { problem, done } = JSON.parse(await finished(started(mounter, args))) as Filled;
    expect(problem).toBe("full");
    expect(done).toBeGreaterThan(1);
    const path = join(directory, "rescued/moraine.db");
    const rescued = new Database(path);
    const succeeded = rescued.prepare("SELECT count(*) FROM runs WHERE status = 'succeeded'").pluck().get();
    rescued.close();
    expect(succeeded).toBe(done);
    const { findings } = await checkStore({ path, now: new Date().toISOString() });
    expect(findings.filter(({ level }) => level === "damaged")).toEqual([]);
  });

  it("met by a writer does not stop those who only read", () => {
    const history = new History();
    history.run("run", 1, ["a/x"]);
    const database = connect(history.path);
    const full = new SqliteStore(database, "local");
    database.pragma("max_page_count = 1");
    expect(() => {
      for (;;) full.recordEvent(log("run", 1, "x".repeat(5000)));
    }).toThrow(StoreError);
    expect(full.run("run")?.counts.materialized).toBe(1);
    full.close();
  });
});

describe("a backup onto a full disk", () => {
  it.skipIf(!canMount)("is called that, leaves no part of a file, and the store is well", async () => {
    const project = new Project({
      "moraine.config.ts": `
import { defineAsset, defineConfig } from "moraine";
export default defineConfig({ name: "small", assets: [defineAsset({ key: "a/b", materialize: () => {} })] });`,
    });
    await project.run("materialize");
    const inside = join(project.directory, "disk");
    mkdirSync(inside);
    const program = join(import.meta.dirname, "../../dist/moraine.js");
    const steps = [
      `mount -t tmpfs -o size=32k tmpfs ${inside}`,
      `"$0" ${program} store backup --project ${project.directory} --to ${inside}/copy.db 2>&1 || echo "exit code $?"`,
      `echo "files: $(ls ${inside})"`,
    ];
    const args = [...ownMounts, "sh", "-ec", steps.join("; "), process.execPath];
    const output = await finished(started(mounter, args));
    expect(output).toContain("ENOSPC: no room for the backup");
    expect(output).toMatch(/exit code 1\nfiles: \n$/);
    expect((await project.run("store", "check")).code).toBe(0);
  });
});

interface Filled {
  readonly problem: string;
  readonly done: number;
}
