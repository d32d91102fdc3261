import { EventEmitter } from "node:events";
import { PassThrough } from "node:stream";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { StoreReader } from "../../framework/store/store.ts";
import { runInteractive } from "../../framework/tui/interactive.ts";
import { openStore } from "../../framework/store/open-store.ts";
import { fixtureGraph, schedulingOf, seedStore, observationsFrom } from "./fixture-project.ts";

const tick = setImmediate;
const settle = async () => {
  for (let turn = 0; turn < 5; turn++) await new Promise((resolve) => tick(resolve));
};
setFlagsFromString("--expose_gc");
const collect = runInNewContext("gc") as () => void;

/** A terminal that remembers how often it was written to. */
class FakeTerminal extends EventEmitter {
  readonly isTTY = true;
  readonly columns = 80;
  readonly rows = 24;
  writes: string[] = [];

  write(text: string, callback?: () => void): boolean {
    this.writes.push(text);
    callback?.();
    return true;
  }
}

function fakeKeyboard() {
  const stream = new PassThrough();
  return Object.assign(stream, {
    isTTY: true,
    setRawMode: () => stream,
    ref: () => stream,
    unref: () => stream,
  });
}

/** Loading Ink takes seconds where other work has the processors. */
const patient = { timeout: 20_000 };

let terminal: FakeTerminal;
let keyboard: ReturnType<typeof fakeKeyboard>;
beforeEach(() => {
  vi.useFakeTimers({
    now: Date.parse("2026-11-23T12:00:00Z"),
    toFake: ["setInterval", "clearInterval", "Date"],
  });
  terminal = new FakeTerminal();
  keyboard = fakeKeyboard();
});
afterEach(() => {
  vi.useRealTimers();
});

async function start(change: (reader: StoreReader) => StoreReader = (reader) => reader) {
  const graph = fixtureGraph();
  const store = openStore({ path: ":memory:", target: "local" });
  seedStore(store, Date.now());
  const exited = runInteractive({
    graph,
    reader: change(store),
    observe: () => observationsFrom(graph, store),
    freshness: () => new Map(),
    ...schedulingOf(store),
    startVerb: () => {
      throw new Error("not here");
    },
    projectName: "demo",
    target: "local",
    readOnly: true,
    ascii: false,
    color: true,
    motion: true,
    stdin: keyboard as unknown as NodeJS.ReadStream,
    stdout: terminal as unknown as NodeJS.WriteStream,
  });
  await vi.waitFor(() => expect(terminal.writes.join("")).toContain("? help"), patient);
  const leave = async () => {
    keyboard.write("q");
    const code = await exited;
    store.close();
    return code;
  };
  return { store, leave };
}

test("an idle screen writes nothing", async () => {
  const { leave } = await start();
  terminal.writes = [];
  await vi.advanceTimersByTimeAsync(20_000);
  await settle();
  expect(terminal.writes).toEqual([]);
  expect(await leave()).toBe(0);
});

test("thousands of ticks leave listeners and heap flat, and leaving takes every listener away", async () => {
  const signals = ["SIGINT", "SIGTERM", "SIGHUP", "SIGTSTP", "exit", "uncaughtException"] as const;
  const counts = () => signals.map((name) => process.listenerCount(name as "SIGINT"));
  const before = counts();
  const { store, leave } = await start();
  // A run that works all the time keeps the 8 Hz clock going.
  const at = new Date().toISOString();
  const startedAt = at;
  store.startRun(
    { id: "live00", trigger: "cli", selection: "", startedAt },
    {
      type: "run-started",
      runId: "live00",
      at,
      target: "local",
      trigger: "cli",
      selection: "",
      keys: [],
      workers: 1,
      usualMs: {},
    },
  );
  const attempt = { runId: "live00", key: "sf_raw/sf_user" as never, partition: "", attempt: 1, startedAt };
  store.startAttempt(
    { ...attempt, snapshotBefore: undefined },
    { type: "asset-started", at, causes: [], maxAttempts: 1, runId: "live00", key: attempt.key, attempt: 1 },
  );
  keyboard.write("3");
  await settle();
  keyboard.write("\r");
  await settle();
  const spin = async (ticks: number) => {
    for (let done = 0; done < ticks; done += 100) {
      await vi.advanceTimersByTimeAsync(100 * 125);
      await settle();
      terminal.writes = [];
    }
    collect();
    return process.memoryUsage().heapUsed;
  };
  await spin(200);
  const listeners = terminal.eventNames().map((name) => terminal.listenerCount(name));
  const heap = await spin(200);
  const later = await spin(800);
  expect(terminal.eventNames().map((name) => terminal.listenerCount(name))).toEqual(listeners);
  expect((later - heap) / 1_000_000).toBeLessThan(3);
  expect(await leave()).toBe(0);
  expect(counts()).toEqual(before);
  expect(terminal.eventNames().flatMap((name) => terminal.listeners(name))).toEqual([]);
});

test("a key sends the lines that changed, not the screen", async () => {
  const { leave } = await start();
  terminal.writes = [];
  keyboard.write("j");
  await vi.waitFor(() => expect(terminal.writes).not.toEqual([]), patient);
  expect(terminal.writes.join("").length).toBeLessThan(1000);
  await leave();
});

test("a failed read shows what is known and how old it is", async () => {
  let isBusy = false;
  const busy = Object.assign(new Error("database is locked"), { code: "SQLITE_BUSY" });
  const { leave } = await start(
    (reader) =>
      new Proxy(reader, {
        get(target, name: keyof StoreReader) {
          if (name === "changeCounter" && isBusy) throw busy;
          const value = target[name];
          return typeof value === "function" ? value.bind(target) : value;
        },
      }),
  );
  isBusy = true;
  await vi.advanceTimersByTimeAsync(4000);
  await vi.waitFor(() => expect(terminal.writes.join("")).toMatch(/store busy[^]*[34]s old/), patient);
  isBusy = false;
  await leave();
});
