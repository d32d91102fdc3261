import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Asset, type AssetKey, defineAsset } from "moraine";
import { buildGraph } from "../../framework/graph/build-graph.ts";
import {
  failedKeys,
  type PastRun,
  readPastRun,
  unfinishedKeys,
} from "../../framework/materializer/past-run.ts";
import type { RunSummary } from "../../framework/materializer/run-request.ts";
import { Rig } from "../support/rig.ts";

/** One asset of a random project: what it reads, and in which of the runs it fails. */
interface Shape {
  readonly upstreams: readonly number[];
  readonly failsIn: ReadonlySet<number>;
}

const shapes = fc
  .array(
    fc.record({
      picks: fc.array(fc.nat(), { maxLength: 3 }),
      failsIn: fc.array(fc.nat({ max: 3 }), { maxLength: 2 }),
    }),
    { minLength: 1, maxLength: 10 },
  )
  .map((raw) =>
    raw.map(({ picks, failsIn }, index): Shape => ({
      upstreams: index === 0 ? [] : [...new Set(picks.map((pick) => pick % index))],
      failsIn: new Set(failsIn),
    })),
  );

const history = fc.record({
  shapes,
  forced: fc.array(fc.nat(), { maxLength: 4 }),
  failFast: fc.boolean(),
  /** Which of the runs so far the next one goes on with; counted from the newest. */
  picks: fc.array(fc.record({ back: fc.nat(), retry: fc.boolean() }), { minLength: 4, maxLength: 6 }),
});

/** The assets of a project, which count their successful calls. */
class World {
  readonly assets: Asset[] = [];
  readonly done = new Map<AssetKey, number>();
  /** The number of the run that works, from 0. */
  now = 0;

  constructor(project: readonly Shape[]) {
    for (const [index, { upstreams, failsIn }] of project.entries()) {
      const deps = Object.fromEntries(
        upstreams.flatMap((upstream) => {
          const asset = this.assets[upstream];
          return asset === undefined ? [] : [[`d${upstream}`, asset]];
        }),
      );
      const asset = defineAsset({
        key: `a/t${index}`,
        deps,
        codeVersion: "1",
        retry: { maxAttempts: 1 },
        materialize: ({ key }) => {
          if (failsIn.has(this.now)) throw new Error("told to fail");
          this.done.set(key, (this.done.get(key) ?? 0) + 1);
          return { dataVersion: `${key}@${this.now}` };
        },
      });
      this.assets.push(asset);
    }
  }
}

describe("going on with a run, again and again, from any of the runs before", () => {
  it("gets every asset of the run done exactly once, forced or not", async () => {
    await fc.assert(
      fc.asyncProperty(history, async ({ shapes: project, forced, failFast, picks }) => {
        const rig = new Rig();
        const world = new World(project);
        const graph = buildGraph({ assets: world.assets, checks: [], problems: [] });
        // Everything is fresh already, so that only what is forced has to run.
        world.now = -1;
        await rig.run(world.assets);
        world.done.clear();
        const asked = new Set(forced.flatMap((index) => graph.keys[index % graph.size] ?? []));
        const summaries: RunSummary[] = [];
        const goOn = async (from: PastRun | undefined, keys: readonly AssetKey[]) => {
          world.now = summaries.length;
          const again = keys.filter((key) => (from?.forced ?? asked).has(key));
          const resumes = from === undefined ? {} : { resumes: from.run.id };
          summaries.push(await rig.run(world.assets, { keys, forced: new Set(again), failFast, ...resumes }));
        };
        await goOn(undefined, graph.keys);
        const past = (index: number) => {
          const run = rig.store.run(summaries.at(index)?.runId ?? "");
          const read = run === undefined ? undefined : readPastRun(rig.store, run);
          if (read === undefined) throw new Error("expected a run that can be read back");
          return read;
        };
        for (const { back, retry } of picks) {
          const from = past(summaries.length - 1 - (back % summaries.length));
          const failed = failedKeys(from, graph);
          const unfinished = unfinishedKeys(from);
          expect(unfinished).toEqual(expect.arrayContaining([...failed]));
          await goOn(from, retry ? failed : unfinished);
        }
        const first = past(0);
        // No asset fails after the fourth run, so one more gets the rest done.
        await goOn(first, unfinishedKeys(first));
        expect(unfinishedKeys(past(0))).toEqual([]);
        for (const key of asked) expect([key, world.done.get(key)]).toEqual([key, 1]);
      }),
      { numRuns: 40 },
    );
  });
});
