import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Asset, defineAsset, staticPartitions } from "moraine";
import { type Unit, unitId } from "../../framework/definition/unit.ts";
import { buildGraph } from "../../framework/graph/build-graph.ts";
import { PartitionGraph } from "../../framework/graph/partition-graph.ts";
import {
  failedUnits,
  type PastRun,
  readPastRun,
  unfinishedUnits,
} from "../../framework/materializer/past-run.ts";
import type { RunSummary } from "../../framework/materializer/run-request.ts";
import { Rig } from "../support/rig.ts";

/** One asset of a random project: what it reads, its partitions, and in which of the runs each of them fails. */
interface Shape {
  readonly upstreams: readonly number[];
  readonly isPartitioned: boolean;
  readonly failsIn: readonly ReadonlySet<number>[];
}

const partitions = ["x", "y"];

const shapes = fc
  .array(
    fc.record({
      picks: fc.array(fc.nat(), { maxLength: 3 }),
      isPartitioned: fc.boolean(),
      failsIn: fc.tuple(
        fc.array(fc.nat({ max: 3 }), { maxLength: 2 }),
        fc.array(fc.nat({ max: 3 }), { maxLength: 2 }),
      ),
    }),
    { minLength: 1, maxLength: 8 },
  )
  .map((raw) =>
    raw.map(({ picks, isPartitioned, failsIn }, index): Shape => ({
      upstreams: index === 0 ? [] : [...new Set(picks.map((pick) => pick % index))],
      isPartitioned,
      failsIn: failsIn.map((runs) => new Set(runs)),
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
  readonly done = new Map<string, number>();
  /** The number of the run that works, from 0. */
  now = -1;

  constructor(project: readonly Shape[]) {
    for (const [index, { upstreams, isPartitioned, failsIn }] of project.entries()) {
      const deps = Object.fromEntries(
        upstreams.flatMap((upstream) => {
          const asset = this.assets[upstream];
          return asset === undefined ? [] : [[`d${upstream}`, asset]];
        }),
      );
      const asset: Asset = defineAsset({
        key: `a/t${index}`,
        deps,
        codeVersion: "1",
        retry: { maxAttempts: 1 },
        ...(isPartitioned ? { partitions: staticPartitions(partitions) } : {}),
        materialize: ({ key, partition }) => {
          const unit = unitId({ key, partition: partition?.key ?? "" });
          if (failsIn[partition?.key === "y" ? 1 : 0]?.has(this.now) === true)
            throw new Error("told to fail");
          this.done.set(unit, (this.done.get(unit) ?? 0) + 1);
          return { dataVersion: `${unit}@${this.now}` };
        },
      });
      this.assets.push(asset);
    }
  }
}

/** One project, run and gone on with. */
class Story {
  readonly #rig = new Rig();
  readonly #failFast: boolean;
  readonly world: World;
  readonly graph;
  readonly partitionGraph;
  readonly summaries: RunSummary[] = [];

  constructor(project: readonly Shape[], failFast: boolean) {
    this.world = new World(project);
    this.graph = buildGraph({ assets: this.world.assets, checks: [], problems: [] });
    this.partitionGraph = new PartitionGraph(this.graph, new Date());
    this.#failFast = failFast;
  }

  /** Makes everything, so that afterwards only what is forced has to run. */
  async makeAll(): Promise<void> {
    await this.#rig.run(this.world.assets);
    this.world.done.clear();
  }

  async force(forced: ReadonlySet<Unit["key"]>): Promise<void> {
    this.world.now = 0;
    this.summaries.push(await this.#rig.run(this.world.assets, { forced, failFast: this.#failFast }));
  }

  async goOn(from: PastRun, units: readonly Unit[]): Promise<void> {
    this.world.now = this.summaries.length;
    const keys = [...new Set(units.map(({ key }) => key))];
    const named = keys.map(
      (key) => [key, units.flatMap((unit) => (unit.key === key ? [unit.partition] : []))] as const,
    );
    const summary = await this.#rig.run(this.world.assets, {
      keys,
      partitions: { type: "named", keys: new Map(named) },
      forced: new Set(keys.filter((key) => from.forced.has(key))),
      failFast: this.#failFast,
      resumes: from.run.id,
    });
    this.summaries.push(summary);
  }

  past(index: number): PastRun {
    const run = this.#rig.store.run(this.summaries.at(index)?.runId ?? "");
    const past = run === undefined ? undefined : readPastRun(this.#rig.store, run);
    if (past === undefined) throw new Error("expected a run that can be read back");
    return past;
  }
}

describe("going on with a run, again and again, from any of the runs before", () => {
  it("gets everything of the run done exactly once, forced or not", async () => {
    await fc.assert(
      fc.asyncProperty(history, async ({ shapes: project, forced, failFast, picks }) => {
        const story = new Story(project, failFast);
        const { graph, partitionGraph, world } = story;
        await story.makeAll();
        const asked = new Set(forced.flatMap((index) => graph.keys[index % graph.size] ?? []));
        await story.force(asked);
        for (const { back, retry } of picks) {
          const from = story.past(story.summaries.length - 1 - (back % story.summaries.length));
          const failed = failedUnits(from, partitionGraph, () => true);
          const unfinished = unfinishedUnits(from);
          expect(unfinished).toEqual(expect.arrayContaining([...failed]));
          await story.goOn(from, retry ? failed : unfinished);
        }
        // Nothing fails after the fourth run, so one more gets the rest done.
        const first = story.past(0);
        await story.goOn(first, unfinishedUnits(first));
        expect(unfinishedUnits(story.past(0))).toEqual([]);
        const units = first.units.filter(({ key }) => asked.has(key)).map(unitId);
        expect(units.map((unit) => [unit, world.done.get(unit)])).toEqual(units.map((unit) => [unit, 1]));
      }),
      { numRuns: 40 },
    );
  });
});
