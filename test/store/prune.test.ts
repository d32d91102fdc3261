import { describe, expect, it } from "vitest";
import fc from "fast-check";
import { assetKey } from "moraine";
import { openStore } from "../../framework/store/open-store.ts";
import { checkStore } from "../../framework/store/upkeep/check-store.ts";
import { pruneStore } from "../../framework/store/upkeep/prune-store.ts";
import { day, History } from "./history.ts";

const prune = (history: History, retention: { before?: string; keepRuns?: number }, dryRun = false) =>
  pruneStore({ path: history.path, retention, dryRun });
const runIds = (history: History) => history.store.runs().map((run) => run.id);

/** Ten days, the same two assets every day. */
function tenDays(): History {
  const history = new History();
  for (let number = 1; number <= 10; number++) history.run(`run${number}`, number, ["a/x", "a/y"]);
  return history;
}

describe("pruning", () => {
  it("by age removes what ended before, with everything that belongs to it", async () => {
    const history = tenDays();
    const before = history.counts();
    const { removed } = await prune(history, { before: day(8) });
    expect(runIds(history)).toEqual(["run10", "run9", "run8"]);
    expect(removed).toEqual({
      runs: 7,
      attempts: 14,
      events: 56,
      materializations: 14,
      lineage: 14,
      checkResults: 14,
      alerts: 0,
      ticks: 0,
    });
    expect(history.counts()).toEqual({
      runs: 3,
      attempts: 6,
      events: 24,
      materializations: 6,
      lineage: 6,
      check_results: 6,
      cursors: before["cursors"],
    });
  });

  it("by count keeps the newest runs", async () => {
    const history = tenDays();
    await prune(history, { keepRuns: 4 });
    expect(runIds(history)).toEqual(["run10", "run9", "run8", "run7"]);
  });

  it("by age and count keeps what either of them keeps", async () => {
    const history = tenDays();
    await prune(history, { before: day(4), keepRuns: 2 });
    expect(runIds(history)).toHaveLength(7);
    await prune(history, { before: day(100), keepRuns: 2 });
    expect(runIds(history)).toEqual(["run10", "run9"]);
  });

  it("counts the runs of each target for itself", async () => {
    const history = tenDays();
    const aws = openStore({ path: history.path, target: "aws" });
    history.run("aws1", 1, ["a/x"], aws);
    aws.close();
    await prune(history, { keepRuns: 1 });
    expect(history.counts()["runs"]).toBe(2);
  });

  it("keeps the newest materialization, check result and cursor of an asset, however old", async () => {
    const history = new History();
    history.run("old", 1, ["a/rare"]);
    history.run("new", 200, ["a/daily"]);
    await prune(history, { before: day(190) });
    const { store } = history;
    expect(store.latestMaterializations().get(assetKey("a/rare"))).toMatchObject({
      runId: "old",
      upstreams: [{ upstream: "src/a", dataVersion: "old-read" }],
    });
    expect(store.latestCheckResults().get(assetKey("a/rare"))).toHaveLength(1);
    expect(store.latestOutcomes().get(assetKey("a/rare"))?.outcome).toBe("materialized");
    expect(store.cursor({ key: assetKey("a/rare"), partition: "" })).toEqual({ day: 1 });
    expect(store.run("old")?.counts.materialized).toBe(1);
    expect(store.events({ runId: "old" })).toEqual([]);
  });

  it("keeps the counts of a kept run true, also of assets that have newer runs", async () => {
    const history = new History();
    history.run("old", 1, ["a/rare", "a/daily"]);
    history.run("new", 2, ["a/daily"]);
    await prune(history, { keepRuns: 1 });
    expect(history.store.run("old")?.counts.materialized).toBe(2);
    expect(history.store.materializations(assetKey("a/daily"))).toHaveLength(1);
  });

  it("keeps the last outcome of an asset that was only ever skipped or failed", async () => {
    const history = new History();
    history.begin("old", 1);
    history.fail("old", 1, "a/broken");
    history.end("old", 1);
    history.run("new", 2, ["a/daily"]);
    await prune(history, { keepRuns: 1 });
    expect(history.store.latestOutcomes().get(assetKey("a/broken"))?.outcome).toBe("failed");
  });

  it("keeps when an asset was last known good, however often it has failed since", async () => {
    const history = new History();
    history.run("made", 1, ["a/x"]);
    history.begin("unchanged", 2);
    history.fresh("unchanged", 2, "a/x");
    history.end("unchanged", 2);
    for (let number = 3; number <= 6; number++) {
      history.begin(`failed${number}`, number);
      history.fail(`failed${number}`, number, "a/x");
      history.end(`failed${number}`, number);
    }
    await prune(history, { keepRuns: 1 });
    expect(runIds(history)).toEqual(["failed6", "unchanged", "made"]);
    const key = assetKey("a/x");
    expect(history.store.knownGood([key], day(7)).get(key)).toBe(day(2, 1));
  });

  it("never touches a running run", async () => {
    const history = tenDays();
    history.begin("long", 1);
    history.materialize("long", 1, "a/x");
    history.run("last", 11, ["a/x", "a/y"]);
    await prune(history, { keepRuns: 1 });
    expect(runIds(history)).toEqual(["last", "long"]);
    expect(history.store.events({ runId: "long" })).toHaveLength(4);
    expect(history.store.materializations(assetKey("a/x"))).toHaveLength(2);
  });

  it("does not remove a run that was resumed after the plan was made", async () => {
    const history = tenDays();
    const pruning = prune(history, { keepRuns: 1 });
    // The plan stands and the first batch is written when the call returns; the rest waits for the event loop.
    history.exec("UPDATE runs SET status = 'running', finished_at = NULL WHERE id = 'run1'");
    await pruning;
    expect(runIds(history)).toEqual(["run10", "run1"]);
    expect(history.store.attempts("run1")).toHaveLength(2);
    expect(history.store.materializations(assetKey("a/x"))).toHaveLength(2);
  });

  it("as a trial says the same and removes nothing", async () => {
    const history = tenDays();
    const before = history.counts();
    const trial = await prune(history, { keepRuns: 3 }, true);
    expect(history.counts()).toEqual(before);
    expect((await prune(history, { keepRuns: 3 })).removed).toEqual(trial.removed);
  });

  it("gives the room back to the file system", async () => {
    const history = new History();
    for (let number = 1; number <= 30; number++) {
      const keys = Array.from({ length: 40 }, (_, index) => `a/t${index}`);
      history.run(`run${number}`, number, keys);
    }
    const result = await prune(history, { keepRuns: 1 });
    expect(result.bytesAfter).toBeLessThan(result.bytesBefore / 4);
    expect(result.bytesReusable).toBe(0);
  });

  it("leaves a sound store when it is stopped half-way, and goes on the next time", async () => {
    const history = new History();
    for (let number = 1; number <= 20; number++) {
      const keys = Array.from({ length: 60 }, (_, index) => `a/t${index}`);
      history.run(`run${number}`, number, keys);
    }
    const controller = new AbortController();
    const pruning = pruneStore({
      path: history.path,
      retention: { keepRuns: 2 },
      signal: controller.signal,
    });
    controller.abort(new Error("stop"));
    await expect(pruning).rejects.toThrow("stop");
    const left = history.counts()["events"];
    expect(left).toBeGreaterThan(182 * 2);
    expect((await checkStore({ path: history.path, now: day(21) })).findings).toEqual([]);
    await prune(history, { keepRuns: 2 });
    expect(history.counts()["events"]).toBe(182 * 2);
  });

  it("leaves what staleness reads untouched, and a sound store, whatever the history", async () => {
    const days = fc.array(
      fc.record({
        keys: fc.uniqueArray(fc.constantFrom("a/x", "a/y", "a/z"), { maxLength: 3 }),
        fresh: fc.uniqueArray(fc.constantFrom("b/x", "b/y"), { maxLength: 2 }),
        rejects: fc.boolean(),
      }),
      { maxLength: 12 },
    );
    await fc.assert(
      fc.asyncProperty(
        days,
        fc.integer({ min: 1, max: 6 }),
        fc.integer({ min: 1, max: 14 }),
        async (all, keep, age) => {
          const history = new History();
          for (const [index, { keys, fresh, rejects }] of all.entries()) {
            history.begin(`run${index}`, index + 1);
            for (const key of keys) {
              if (rejects) history.reject(`run${index}`, index + 1, key);
              else history.materialize(`run${index}`, index + 1, key);
            }
            for (const key of fresh) history.fresh(`run${index}`, index + 1, key);
            history.end(`run${index}`, index + 1);
          }
          const { store } = history;
          const read = () => [
            store.latestMaterializations(),
            store.latestCheckResults(),
            store.latestOutcomes(),
            store.knownGood(["a/x", "a/y", "a/z", "b/x", "b/y"].map(assetKey), day(20)),
            ["a/x", "a/y", "a/z"].map((key) => store.cursor({ key: assetKey(key), partition: "" })),
          ];
          const before = read();
          await prune(history, { keepRuns: keep, before: day(age) });
          expect(read()).toEqual(before);
          expect((await checkStore({ path: history.path, now: day(20) })).findings).toEqual([]);
          const again = await prune(history, { keepRuns: keep, before: day(age) });
          expect(Object.values(again.removed).filter((count) => count > 0)).toEqual([]);
        },
      ),
      { numRuns: 25 },
    );
  });
});
