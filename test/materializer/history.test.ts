import fc, { type Scheduler } from "fast-check";
import { describe, expect, it } from "vitest";
import { type Asset, defineAsset } from "moraine";
import { Rig } from "../support/rig.ts";

/** One asset of a random project: what it reads, and whether what it makes depends on all that it read. */
interface Shape {
  readonly upstreams: readonly number[];
  /** It forgets its input: whatever it reads, the same comes out as long as its code is the same. */
  readonly isConstant: boolean;
  /** It reads the outside world whenever asked, beside what it reads of the project. */
  readonly isRefreshed: boolean;
}

const shapes = fc
  .array(
    fc.record({
      picks: fc.array(fc.nat(), { maxLength: 3 }),
      isConstant: fc.boolean(),
      isRefreshed: fc.boolean(),
    }),
    { minLength: 2, maxLength: 8 },
  )
  .map((raw) =>
    raw.map(({ picks, ...shape }, index): Shape => ({
      ...shape,
      upstreams: index === 0 ? [] : [...new Set(picks.map((pick) => pick % index))],
    })),
  );

/** What changes before a run, and which assets the run is asked for; undefined: all. */
interface Step {
  readonly code: readonly number[];
  readonly outside: readonly number[];
  readonly workers: number;
  readonly selected: readonly boolean[] | undefined;
}

const someOf = fc.array(fc.nat(), { maxLength: 2 });
const steps = fc.array(
  fc.record({
    code: someOf,
    outside: someOf,
    workers: fc.integer({ min: 1, max: 4 }),
    selected: fc.option(fc.array(fc.boolean(), { minLength: 8, maxLength: 8 }), { nil: undefined }),
  }),
  { minLength: 1, maxLength: 4 },
);
const everything: Step = { code: [], outside: [], workers: 4, selected: undefined };

/** A project as it is at one moment, and what the simple model says of it. */
class History {
  readonly project: readonly Shape[];
  readonly code: number[];
  readonly outside: number[];
  /** What each asset holds. */
  readonly made: (string | undefined)[];
  /** What each was last made from. */
  readonly #madeFrom: (string | undefined)[];

  constructor(project: readonly Shape[]) {
    this.project = project;
    this.code = project.map(() => 1);
    this.outside = project.map(() => 1);
    this.made = project.map(() => undefined);
    this.#madeFrom = project.map(() => undefined);
  }

  change({ code, outside }: Step): void {
    for (const [edits, numbers] of [
      [code, this.code],
      [outside, this.outside],
    ] as const)
      for (const edit of edits) numbers[edit % numbers.length] = (numbers[edit % numbers.length] ?? 0) + 1;
  }

  /** Takes one run of the selected assets. @returns those whose bodies must be called */
  run(selected: readonly number[]): readonly number[] {
    return selected.filter((index) => {
      const { upstreams, isRefreshed } = this.#shape(index);
      const from = JSON.stringify([this.code[index], upstreams.map((upstream) => this.made[upstream])]);
      const runs = isRefreshed || from !== this.#madeFrom[index];
      this.#madeFrom[index] = from;
      if (runs)
        this.made[index] = this.content(
          index,
          upstreams.map((upstream) => this.made[upstream]),
        );
      return runs;
    });
  }

  /** What an asset's body makes of what it reads. */
  content(index: number, read: readonly (string | undefined)[]): string {
    const { isConstant, isRefreshed } = this.#shape(index);
    const own = [this.code[index], ...(isRefreshed ? [this.outside[index]] : [])];
    return JSON.stringify(isConstant ? own : [own, read]);
  }

  #shape(index: number): Shape {
    const shape = this.project[index];
    if (shape === undefined) throw new Error(`expected asset ${index}`);
    return shape;
  }
}

const keyAt = (index: number) => `a/t${index}`;

describe("random projects with random changes of code and data", () => {
  it("run exactly what a simple model says, upstreams first, whatever the order in which bodies end", async () => {
    await fc.assert(
      fc.asyncProperty(shapes, steps, fc.scheduler(), async (project, changes, scheduler) => {
        const rig = new Rig();
        const history = new History(project);
        for (const step of [everything, ...changes, everything]) {
          history.change(step);
          const selected = [...project.keys()].filter((index) => step.selected?.[index] ?? true);
          const assets = assetsOf(history, scheduler);
          const keys = selected.flatMap((index) => assets[index]?.key ?? []);
          rig.events.length = 0;
          const { outcomes } = await scheduler.waitFor(
            rig.runAsPlanned(assets, { keys, workers: step.workers }),
          );
          const ran = selected.filter((index) => outcomes[keyAt(index)] === "materialized");
          expect(ran).toEqual(history.run(selected));
          expectUpstreamsFirst(rig, project);
          const records = rig.store.latestMaterializations();
          expect(assets.map(({ key }) => records.get(key)?.dataVersion)).toEqual(history.made);
        }
      }),
      { numRuns: 60 },
    );
  });
});

/** No body began before all that it reads had ended. */
function expectUpstreamsFirst(rig: Rig, project: readonly Shape[]): void {
  const place = (type: string, index: number) =>
    rig.events.findIndex((event) => event.type === type && "key" in event && event.key === keyAt(index));
  for (const [index, { upstreams }] of project.entries()) {
    const began = place("asset-started", index);
    for (const upstream of upstreams.filter((at) => began >= 0 && place("asset-started", at) >= 0))
      expect(place("asset-finished", upstream)).toBeLessThan(began);
  }
}

function assetsOf(history: History, scheduler: Scheduler): readonly Asset[] {
  const assets: Asset[] = [];
  for (const [index, { upstreams, isRefreshed }] of history.project.entries()) {
    const deps = Object.fromEntries(
      upstreams.flatMap((upstream) =>
        assets[upstream] === undefined ? [] : [[`d${upstream}`, assets[upstream]]],
      ),
    );
    assets.push(
      defineAsset({
        key: keyAt(index),
        deps,
        codeVersion: String(history.code[index]),
        ...(isRefreshed ? { refresh: { everyMs: 0 } } : {}),
        materialize: async ({ inputs }) => {
          await scheduler.schedule(Promise.resolve(), keyAt(index));
          const read = inputs as Record<string, { readonly dataVersion?: string }>;
          return {
            dataVersion: history.content(
              index,
              upstreams.map((upstream) => read[`d${upstream}`]?.dataVersion),
            ),
          };
        },
      }),
    );
  }
  return assets;
}
