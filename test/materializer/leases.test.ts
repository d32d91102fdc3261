import { join } from "node:path";
import Database from "better-sqlite3";
import { describe, expect, it, onTestFinished } from "vitest";
import type { Asset } from "moraine";
import { assetKey, defineAsset } from "moraine";
import { openStore } from "../../framework/store/open-store.ts";
import { StoreError } from "../../framework/store/store-error.ts";
import type { Store } from "../../framework/store/store.ts";
import { deferred } from "../../framework/util/deferred.ts";
import { FakeClock } from "../support/fake-clock.ts";
import { countingAsset, Rig } from "../support/rig.ts";

const hourMs = 3_600_000;

/** A rig with a second connection to its store, as another process would have, and one to look behind the scenes. */
class SharedRig extends Rig {
  readonly clock = new FakeClock();
  readonly other: Store = openStore({ path: join(this.directory, "moraine.db"), target: "local" });
  readonly database = new Database(join(this.directory, "moraine.db"));

  constructor() {
    super();
    onTestFinished(() => {
      this.other.close();
      this.database.close();
    });
  }

  leftovers() {
    const count = (sql: string) => this.database.prepare(sql).pluck().get();
    return [
      count("SELECT count(*) FROM leases"),
      count("SELECT count(*) FROM runs WHERE status = 'running'"),
    ];
  }
}

/** Commits to its table, says so, and ends when it is told to; further calls end at once. */
function appendingAsset(rig: Rig, deps: readonly Asset[] = [], codeVersion = "1") {
  const [committed, end] = [deferred<void>(), deferred<void>()];
  const key = assetKey("a/x");
  const asset = defineAsset({
    key,
    deps: Object.fromEntries(deps.map((dep, index) => [`dep${index}`, dep])),
    codeVersion,
    retry: { maxAttempts: 1 },
    materialize: async () => {
      rig.lakehouse.commit(key);
      committed.resolve();
      await end.promise;
      return {};
    },
  });
  return { asset, committed: committed.promise, end };
}

describe("a run that has lost a lease", () => {
  it("fails the asset as locked, records nothing of it and takes its table back", async () => {
    const rig = new SharedRig();
    const first = countingAsset("a/x", [], { lakehouse: rig.lakehouse });
    await rig.run([first.asset]);
    const before = rig.store.latestOf({ key: first.asset.key, partition: "" });
    const second = defineAsset({
      key: "a/x",
      codeVersion: "2",
      materialize: ({ key }) => {
        rig.lakehouse.commit(key);
        rig.database.exec("DELETE FROM leases");
      },
    });
    const summary = await rig.run([second]);
    expect(summary).toMatchObject({ status: "failed", outcomes: { "a/x": "failed" } });
    expect(rig.eventsOf("asset-finished").at(-1)?.failure).toMatchObject({
      reason: "locked",
      message: "another run took over a/x while this one did not answer; nothing was recorded",
    });
    expect(rig.store.latestOf({ key: second.key, partition: "" })).toEqual(before);
    expect(await rig.lakehouse.dataVersion(second.key)).toBe(before?.snapshotId);
    expect(rig.leftovers()).toEqual([0, 0]);
  });
});

describe("an upstream that another run writes while a body reads it", () => {
  it("makes the reader stale, even when that write was taken back", async () => {
    const rig = new SharedRig();
    const up = countingAsset("a/up", [], { lakehouse: rig.lakehouse });
    const [started, end] = [deferred<void>(), deferred<void>()];
    let reads = 0;
    const down = defineAsset({
      key: "a/down",
      deps: { up: up.asset },
      codeVersion: "1",
      materialize: async () => {
        reads += 1;
        started.resolve();
        await end.promise;
      },
    });
    await rig.run([up.asset]);
    const reading = rig.run([up.asset, down], { keys: [down.key] });
    await started.promise;
    const failing = defineAsset({
      key: "a/up",
      codeVersion: "1",
      materialize: ({ key }) => {
        rig.lakehouse.commit(key);
        end.resolve();
        return reading.then(() => {
          throw new Error("half-way");
        });
      },
    });
    await rig.run([failing], { forced: new Set([failing.key]), store: rig.other });
    await reading;
    // The table is what it was when the reader began, which met something else in between.
    const again = await rig.run([up.asset, down]);
    expect(again.outcomes).toEqual({ "a/up": "fresh", "a/down": "materialized" });
    expect((await rig.run([up.asset, down])).outcomes).toEqual({ "a/up": "fresh", "a/down": "fresh" });
    expect(reads).toBe(2);
  });
});

describe("a run that can't go on", () => {
  it("keeps what is recorded when what shows it throws, and is left as interrupted", async () => {
    const rig = new SharedRig();
    const { asset } = countingAsset("a/x", [], { lakehouse: rig.lakehouse });
    const run = rig.run([asset], {
      onEvent: (event) => {
        if (event.type === "asset-finished") throw new Error("broken pipe");
      },
    });
    await expect(run).rejects.toThrow("broken pipe");
    expect(rig.store.runs().map((one) => one.status)).toEqual(["interrupted"]);
    expect(rig.leftovers()).toEqual([0, 0]);
    expect(await rig.lakehouse.dataVersion(asset.key)).toBe("a/x#1");
    expect((await rig.run([asset])).outcomes).toEqual({ "a/x": "fresh" });
  });

  it("leaves nothing in the way of the next run of the same process, which takes its write back", async () => {
    const rig = new SharedRig();
    const { asset } = countingAsset("a/x", [], { lakehouse: rig.lakehouse });
    const finish = rig.store.finishMaterialization.bind(rig.store);
    rig.store.finishMaterialization = () => {
      throw new StoreError("full", "moraine.db", "the disk of the store is full or failing", "free space");
    };
    await expect(rig.run([asset])).rejects.toThrow("the disk of the store is full");
    rig.store.finishMaterialization = finish;
    expect(rig.leftovers()).toEqual([0, 0]);
    expect((await rig.run([asset])).outcomes).toEqual({ "a/x": "materialized" });
    expect(await rig.lakehouse.history(asset.key)).toHaveLength(1);
  });

  it("says so by what it throws when not even its being cancelled can be recorded", async () => {
    const rig = new SharedRig();
    const controller = new AbortController();
    const record = rig.store.recordEvent.bind(rig.store);
    const asset = defineAsset({
      key: "a/x",
      materialize: ({ signal }) => {
        rig.store.recordEvent = () => {
          throw new StoreError("unwritable", "moraine.db", "the store can't be written", "give access");
        };
        controller.abort("SIGINT");
        signal.throwIfAborted();
      },
    });
    await expect(rig.run([asset], { signal: controller.signal })).rejects.toThrow(
      "the store can't be written",
    );
    rig.store.recordEvent = record;
    expect(rig.leftovers()).toEqual([0, 0]);
  });
});

describe("a clock that jumps", () => {
  it.each([hourMs * 24 * 365, -hourMs * 24 * 365])(
    "by %i ms within a run makes no living run of this machine dead",
    async (ms) => {
      const rig = new SharedRig();
      const { asset, committed, end } = appendingAsset(rig);
      const first = rig.run([asset], { clock: rig.clock });
      await committed;
      rig.clock.jump(ms);
      const waiting = deferred<void>();
      const second = rig.run([asset], {
        clock: rig.clock,
        store: rig.other,
        onEvent: (event) => {
          if (event.type === "asset-waiting") waiting.resolve();
        },
      });
      await waiting.promise;
      rig.clock.jump(ms);
      end.resolve();
      expect((await first).outcomes).toEqual({ "a/x": "materialized" });
      expect((await second).outcomes).toEqual({ "a/x": "fresh" });
      expect(await rig.lakehouse.history(asset.key)).toHaveLength(1);
      const durations = rig.events.flatMap((event) => ("durationMs" in event ? [event.durationMs] : []));
      expect(durations.filter((duration) => duration < 0)).toEqual([]);
      expect(rig.leftovers()).toEqual([0, 0]);
    },
  );

  it("between two runs, forth and back, makes nothing run that has not changed", async () => {
    const rig = new SharedRig();
    const a = countingAsset("a/a");
    const b = countingAsset("a/b", [a.asset]);
    for (const ms of [0, 400 * 24 * hourMs, -800 * 24 * hourMs, hourMs]) {
      rig.clock.jump(ms);
      await rig.run([a.asset, b.asset], { clock: rig.clock });
    }
    expect([a.count, b.count]).toEqual([1, 1]);
  });

  it.each([
    { silentMs: 119_000, taken: false },
    { silentMs: 121_000, taken: true },
  ])(
    "a run of another machine that was silent for $silentMs ms is taken over: $taken",
    async ({ silentMs, taken }) => {
      const rig = new SharedRig();
      const { asset, committed, end } = appendingAsset(rig);
      const first = rig.run([asset], { clock: rig.clock });
      await committed;
      rig.database.exec("UPDATE runs SET host = 'elsewhere'");
      rig.clock.jump(silentMs);
      const met = deferred<string>();
      const second = rig.run([asset], {
        // It stands still, or waiting would make the first one silent for longer.
        clock: { now: () => rig.clock.now(), sleep: () => new Promise(setImmediate) },
        store: rig.other,
        onEvent: ({ type }) => {
          if (type === "asset-waiting" || type === "asset-started") met.resolve(type);
        },
      });
      expect(await met.promise).toBe(taken ? "asset-started" : "asset-waiting");
      end.resolve();
      const outcomes = [(await first).outcomes["a/x"], (await second).outcomes["a/x"]];
      expect(outcomes).toEqual(taken ? ["failed", "materialized"] : ["materialized", "fresh"]);
      // Whoever was slower, the table holds what one run wrote.
      expect(await rig.lakehouse.history(asset.key)).toHaveLength(1);
      expect(rig.leftovers()).toEqual([0, 0]);
    },
  );
});
