import { spawn } from "node:child_process";
import { once } from "node:events";
import { chmodSync, existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import Database from "better-sqlite3";
import { describe, expect, it, onTestFinished } from "vitest";
import { assetKey } from "moraine";
import type { RunEvent } from "../../framework/event/event.ts";
import { openStore, openStoreReader } from "../../framework/store/open-store.ts";
import { type RunOwner, whereIsOwner } from "../../framework/store/run-owner.ts";
import type { Store, Tags } from "../../framework/store/store.ts";
import { StoreError } from "../../framework/store/store-error.ts";
import { processStart } from "../../framework/util/process-start.ts";
import { temporaryDirectory } from "../support/rig.ts";

const users = assetKey("raw/users");
const unit = { key: users, partition: "" };
const at = (seconds: number) => new Date(Date.UTC(2026, 0, 1, 0, 0, seconds)).toISOString();
const event = (runId: string, message: string): RunEvent => ({
  type: "log",
  runId,
  at: at(0),
  level: "info",
  message,
});

function open(path: string, target = "local"): Store {
  const store = openStore({ path, target });
  onTestFinished(() => store.close());
  return store;
}

function startRun(store: Store, id: string, startedAt = at(0)): void {
  store.startRun({ id, trigger: "cli", selection: "", startedAt }, event(id, "started"));
}

function materialize(store: Store, runId: string, dataVersion: string, seconds = 1): void {
  store.acquireLeases(runId, [unit], at(0));
  store.finishMaterialization({
    runId,
    ...unit,
    attempt: 1,
    startedAt: at(0),
    finishedAt: at(seconds),
    codeVersion: "c1",
    dataVersion,
    snapshotId: undefined,
    metadata: { rows: { type: "rows", value: 3 } },
    upstreams: [{ key: assetKey("src/a"), partition: "", dataVersion: "a1" }],
    cursor: { page: 1 },
    failure: undefined,
    event: event(runId, "finished"),
  });
}

/** Gives a run another owner on this machine, behind the store's back. */
function own(path: string, runId: string, owner: Pick<RunOwner, "pid" | "processStart">): void {
  const raw = new Database(path);
  raw
    .prepare("UPDATE runs SET pid = @pid, process_start = @processStart WHERE id = @runId")
    .run({ ...owner, runId });
  raw.close();
}

function problemOf(path: string): unknown {
  try {
    openStore({ path, target: "local" }).close();
    return undefined;
  } catch (error) {
    return error instanceof StoreError ? error.problem : error;
  }
}

describe("the store", () => {
  it("tells what attempts may go back to: those under way, and dead ones until they are undone", () => {
    const path = join(temporaryDirectory(), "moraine.db");
    const store = open(path);
    startRun(store, "run1");
    const attempt = { runId: "run1", ...unit, attempt: 1, startedAt: at(0) };
    store.startAttempt({ ...attempt, snapshotBefore: "s1" }, event("run1", "starts"));
    const inUse = () => [users, assetKey("raw/others")].map((key) => store.snapshotsInUse(key));
    expect(inUse()).toEqual([["s1"], []]);
    expect(open(path, "aws").snapshotsInUse(users)).toEqual([]);
    store.interruptRun("run1");
    expect(inUse()).toEqual([["s1"], []]);
    store.markReconciled(store.unreconciledAttempts(), "undone");
    expect(inUse()).toEqual([[], []]);
    startRun(store, "run2");
    const second = { ...attempt, runId: "run2" };
    store.startAttempt({ ...second, snapshotBefore: "" }, event("run2", "starts on an empty table"));
    store.startAttempt({ ...second, attempt: 2, snapshotBefore: "s2" }, event("run2", "starts"));
    expect(inUse()).toEqual([["s2"], []]);
    const failed = {
      ...second,
      attempt: 2,
      finishedAt: at(1),
      outcome: "failed",
      failure: undefined,
    } as const;
    store.finishAttempt(failed, event("run2", "failed"));
    expect(inUse()).toEqual([[], []]);
  });

  it("gives back what was written, also after it was closed", () => {
    const path = join(temporaryDirectory(), "state", "moraine.db");
    const first = openStore({ path, target: "local" });
    startRun(first, "run1");
    materialize(first, "run1", "d1");
    first.close();
    const store = open(path);
    expect(store.latestMaterializations().get(users)).toMatchObject({
      runId: "run1",
      codeVersion: "c1",
      dataVersion: "d1",
      metadata: { rows: { type: "rows", value: 3 } },
      upstreams: [{ upstream: "src/a", downstream: "raw/users", dataVersion: "a1" }],
    });
    expect(store.cursor(unit)).toEqual({ page: 1 });
    expect(store.events({ runId: "run1" }).map(({ event: stored }) => stored.type)).toEqual(["log", "log"]);
  });

  it("gives back what one run wrote, with what it read", () => {
    const store = open(join(temporaryDirectory(), "moraine.db"));
    for (const id of ["run1", "run2"]) {
      startRun(store, id);
      materialize(store, id, `of ${id}`);
    }
    expect(store.runMaterializations("run1")).toMatchObject([
      {
        runId: "run1",
        key: users,
        dataVersion: "of run1",
        upstreams: [{ upstream: "src/a", dataVersion: "a1" }],
      },
    ]);
    expect(store.runMaterializations("run3")).toEqual([]);
  });

  it("keeps the targets apart", () => {
    const path = join(temporaryDirectory(), "moraine.db");
    const local = open(path);
    startRun(local, "run1");
    materialize(local, "run1", "d1");
    const aws = open(path, "aws");
    expect(aws.latestMaterializations().size).toBe(0);
    expect(aws.cursor(unit)).toBeUndefined();
    expect(aws.runs()).toEqual([]);
  });

  it("takes the median of the last ten durations as the usual one", () => {
    const store = open(join(temporaryDirectory(), "moraine.db"));
    for (let index = 0; index < 12; index++) {
      startRun(store, `run${index}`);
      materialize(store, `run${index}`, `d${index}`, index < 2 ? 59 : index);
    }
    expect(store.usualDurations().get(users)).toBe(6_500);
  });

  it("finds a run by a unique beginning of its id, and by no other", () => {
    const store = open(join(temporaryDirectory(), "moraine.db"));
    for (const id of ["abcd11", "abcd22"]) startRun(store, id);
    expect(store.run("abcd1")?.id).toBe("abcd11");
    expect(store.run("abcd")).toBeUndefined();
    expect(store.run("abc")).toBeUndefined();
  });

  it("lets a reader see another connection's commit, and notice it by the change counter", () => {
    const path = join(temporaryDirectory(), "moraine.db");
    const store = open(path);
    const reader = openStoreReader({ path, target: "local" });
    onTestFinished(() => reader.close());
    const before = reader.changeCounter();
    expect(reader.changeCounter()).toBe(before);
    startRun(store, "run1");
    expect(reader.changeCounter()).not.toBe(before);
    expect(reader.runs().map((run) => run.id)).toEqual(["run1"]);
  });

  it("marks a run interrupted whose process was killed, and leaves a living one alone", async () => {
    const path = join(temporaryDirectory(), "moraine.db");
    const store = open(path);
    startRun(store, "mine", new Date().toISOString());
    const child = spawn(process.execPath, ["-e", "setInterval(() => {}, 1000)"]);
    const pid = child.pid ?? 0;
    const now = new Date().toISOString();
    startRun(store, "theirs", now);
    own(path, "theirs", { pid, processStart: processStart(pid) ?? null });
    expect(store.interruptDeadRuns(now)).toEqual([]);
    child.kill("SIGKILL");
    await once(child, "exit");
    expect(store.interruptDeadRuns(now)).toEqual(["theirs"]);
    expect(store.run("theirs")?.status).toBe("interrupted");
    expect(store.run("mine")?.status).toBe("running");
  });

  it("does not take a later process with the same number for the owner of a run", () => {
    const path = join(temporaryDirectory(), "moraine.db");
    const store = open(path);
    const now = new Date().toISOString();
    for (const id of ["mine", "reused", "unknown"]) startRun(store, id, now);
    own(path, "reused", { pid: process.pid, processStart: "another boot:42" });
    own(path, "unknown", { pid: process.pid, processStart: null });
    const owners = ["mine", "reused", "unknown"].flatMap((id) => store.runOwner(id) ?? []);
    expect(owners.map(whereIsOwner)).toEqual(["here", "gone", "unsure"]);
    expect(store.interruptDeadRuns(now)).toEqual(["reused"]);
  });

  it("finds runs by all of some tags, and by selection and start", () => {
    const store = open(join(temporaryDirectory(), "moraine.db"));
    const start = (id: string, seconds: number, selection: string, tags: Tags) =>
      store.startRun({ id, trigger: "cli", selection, startedAt: at(seconds), tags }, event(id, "started"));
    start("run1", 1, "a+", { team: "crm", 'odd"name': "x" });
    start("run2", 2, "a+", { team: "crm", reason: "backfill" });
    start("run3", 3, "", { team: "finance" });
    const found = (filter: Parameters<Store["runs"]>[0]) => store.runs(filter).map((run) => run.id);
    expect(found({ tags: {} })).toEqual(["run3", "run2", "run1"]);
    expect(found({ tags: { team: "crm" } })).toEqual(["run2", "run1"]);
    expect(found({ tags: { team: "crm", reason: "backfill" } })).toEqual(["run2"]);
    expect(found({ tags: { 'odd"name': "x" } })).toEqual(["run1"]);
    expect(found({ tags: { team: "crm", reason: "fun" } })).toEqual([]);
    expect(found({ selection: "a+", before: at(2) })).toEqual(["run1"]);
    expect(store.run("run2")?.tags).toEqual({ team: "crm", reason: "backfill" });
  });

  it("follows the runs that go on with a run, and with these in turn", () => {
    const store = open(join(temporaryDirectory(), "moraine.db"));
    const start = (id: string, seconds: number, resumes?: string) =>
      store.startRun(
        { id, trigger: "cli", selection: "", startedAt: at(seconds), resumes },
        event(id, "started"),
      );
    start("first", 1);
    start("second", 2, "first");
    start("other", 3);
    start("third", 4, "second");
    start("again", 5, "first");
    expect(store.resumersOf("first").map((run) => run.id)).toEqual(["second", "third", "again"]);
    expect(store.resumersOf("other")).toEqual([]);
    expect(store.run("third")?.resumes).toBe("second");
  });
});

describe("a store that can't be used", () => {
  it("is refused when a newer moraine wrote it, and stays as it is", () => {
    const path = join(temporaryDirectory(), "moraine.db");
    openStore({ path, target: "local" }).close();
    const raw = new Database(path);
    raw.pragma("user_version = 999");
    raw.close();
    expect(problemOf(path)).toBe("newer");
    const after = new Database(path, { readonly: true });
    expect(after.pragma("user_version", { simple: true })).toBe(999);
    after.close();
  });

  it("is refused when the file is something else", () => {
    const path = join(temporaryDirectory(), "moraine.db");
    writeFileSync(path, "this is no database, whatever its name says; ".repeat(100));
    expect(problemOf(path)).toBe("not-a-store");
  });

  it("is refused when its place is a folder", () => {
    expect(problemOf(temporaryDirectory())).toBe("unwritable");
  });

  it.skipIf(process.getuid?.() === 0)("is refused in a folder that can't be written", () => {
    const directory = temporaryDirectory();
    chmodSync(directory, 0o500);
    expect(problemOf(join(directory, "moraine.db"))).toBe("unwritable");
    expect(existsSync(join(directory, "moraine.db"))).toBe(false);
  });
});
