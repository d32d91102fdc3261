import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  all,
  any,
  type Asset,
  type AssetKey,
  type Condition,
  eager,
  not,
  onCron,
  onMissing,
  whenOverdue,
  whenStale,
  whenUpstreamChanged,
} from "moraine";
import { groundsOf, tickKey } from "../../framework/automation/evaluate-condition.ts";
import type { Outcome } from "../../framework/event/event.ts";
import { unreachable } from "../../framework/util/unreachable.ts";
import { asset, World } from "./world.ts";

const minuteMs = 60_000;

const crons: fc.Arbitrary<Condition> = fc
  .tuple(
    fc.constantFrom("*/20 * * * *", "0 * * * *", "30 2 * * *", "0 0 * * *"),
    fc.constantFrom("UTC", "Europe/Oslo", "America/Santiago"),
  )
  .map(([cron, timezone]) => onCron(cron, { timezone }));
const levels: fc.Arbitrary<Condition> = fc.constantFrom(
  onMissing(),
  whenStale(),
  whenUpstreamChanged(),
  whenOverdue(),
  eager(),
);
const conditions: fc.Arbitrary<Condition> = fc.oneof(
  levels,
  crons,
  fc.array(fc.oneof(levels, crons), { minLength: 1, maxLength: 3 }).map((of) => all(...of)),
  fc.array(fc.oneof(levels, crons), { minLength: 1, maxLength: 3 }).map((of) => any(...of)),
  levels.map(not),
  fc.tuple(crons, levels).map(([cron, level]) => all(cron, any(level, not(onMissing())))),
);

/** An asset of a random project: which of those before it are read, and when it starts. */
interface Shape {
  readonly reads: readonly number[];
  readonly condition: Condition | undefined;
}
const shapes = fc.array(
  fc.record({
    reads: fc.array(fc.nat({ max: 4 }), { maxLength: 2 }),
    condition: fc.option(conditions, { nil: undefined }),
  }),
  { minLength: 1, maxLength: 5 },
);

function project(of: readonly Shape[]): readonly Asset[] {
  const assets: Asset[] = [];
  for (const [index, { reads, condition }] of of.entries()) {
    const deps = [...new Set(reads)].flatMap((read) => (read < index ? (assets[read] ?? []) : []));
    assets.push(asset(`a/t${index}`, deps, condition, { freshness: { maxAgeMs: 90 * minuteMs } }));
  }
  return assets;
}

type Action =
  | { readonly do: "pass" | "back"; readonly minutes: number }
  | { readonly do: "make" | "change" | "lose"; readonly which: number }
  | { readonly do: "end"; readonly outcomes: readonly (Outcome | undefined)[] }
  | { readonly do: "redefine"; readonly which: number; readonly condition: Condition };
const actions: fc.Arbitrary<readonly Action[]> = fc.array(
  fc.oneof(
    {
      arbitrary: fc.record({ do: fc.constant("pass" as const), minutes: fc.integer({ min: 0, max: 400 }) }),
      weight: 4,
    },
    {
      arbitrary: fc.record({ do: fc.constant("back" as const), minutes: fc.integer({ min: 1, max: 300 }) }),
      weight: 1,
    },
    {
      arbitrary: fc.record({
        do: fc.constantFrom("make" as const, "change" as const, "lose" as const),
        which: fc.nat({ max: 4 }),
      }),
      weight: 2,
    },
    {
      arbitrary: fc.record({
        do: fc.constant("end" as const),
        outcomes: fc.array(fc.constantFrom<Outcome | undefined>("materialized", "failed", undefined), {
          minLength: 5,
          maxLength: 5,
        }),
      }),
      weight: 4,
    },
    {
      arbitrary: fc.record({
        do: fc.constant("redefine" as const),
        which: fc.nat({ max: 4 }),
        condition: conditions,
      }),
      weight: 1,
    },
  ),
  { minLength: 10, maxLength: 60 },
);

/** A random project, all of it made. */
function worldOf(initial: readonly Shape[]): World {
  const world = new World(project(initial), "2026-03-28T20:00:00.000Z");
  for (const key of world.graph.keys) world.make(key);
  return world;
}

/** A start, with what of its grounds is a tick. */
interface Start {
  readonly key: AssetKey;
  readonly grounds: readonly string[];
}

/** Does one action; tells the assets whose run ended without an outcome that counts. */
function act(world: World, shapesNow: Shape[], action: Action): readonly AssetKey[] {
  const keyOf = (which: number) => world.graph.keys[which % world.graph.size] as AssetKey;
  switch (action.do) {
    case "pass":
      world.pass(action.minutes * minuteMs);
      return [];
    case "back":
      world.pass(-action.minutes * minuteMs);
      return [];
    case "make": {
      const key = keyOf(action.which);
      if (!world.inProgress.has(key)) world.make(key);
      return [];
    }
    case "change":
      world.change(keyOf(action.which));
      return [];
    case "lose":
      world.made.delete(keyOf(action.which));
      return [];
    case "end": {
      const keys = [...world.inProgress.keys()];
      world.end(keys, (key) => action.outcomes[world.graph.keys.indexOf(key)]);
      return keys.filter((key) => {
        const last = world.outcomes.get(key);
        return (
          last === undefined ||
          last.at < (world.memories.get(key)?.started?.at ?? "") ||
          last.outcome === "skipped"
        );
      });
    }
    case "redefine": {
      const which = action.which % shapesNow.length;
      const shape = shapesNow[which];
      if (shape !== undefined) shapesNow[which] = { ...shape, condition: action.condition };
      world.redefine(project(shapesNow));
      return [];
    }
    default:
      return unreachable(action);
  }
}

function startsOf(world: World): readonly Start[] {
  return world
    .evaluate()
    .filter(({ decision }) => decision === "start")
    .map(({ key, evaluated }) => ({ key, grounds: groundsOf(evaluated, world.now) }));
}

describe("automation, for random projects, conditions and histories", () => {
  it("starts no tick twice, whatever the clock does, unless what it started came to nothing", () => {
    fc.assert(
      fc.property(shapes, actions, (initial, history) => {
        const world = worldOf(initial);
        const shapesNow = [...initial];
        const taken = new Set<string>();
        for (const action of history) {
          const lost = new Set<string>(act(world, shapesNow, action));
          for (const one of taken) if (lost.has(one.split(" ")[0] ?? "")) taken.delete(one);
          for (const { key, grounds } of startsOf(world)) {
            world.inProgress.set(key, world.now.toISOString());
            for (const ground of grounds.filter((text) => text.includes('"tick"'))) {
              expect(taken.has(`${key} ${ground}`)).toBe(false);
              taken.add(`${key} ${ground}`);
            }
          }
        }
      }),
      { numRuns: 100 },
    );
  });

  it("starts nothing that is in progress or reads what is, and nothing that a run could only skip", () => {
    fc.assert(
      fc.property(shapes, actions, (initial, history) => {
        const world = worldOf(initial);
        const shapesNow = [...initial];
        for (const action of history) {
          act(world, shapesNow, action);
          const busy = new Set(world.inProgress.keys());
          const starts = new Set(world.tick());
          for (const key of starts) {
            const upstreams = world.graph.upstreams(key);
            expect([key, ...upstreams].some((read) => busy.has(read))).toBe(false);
            expect(upstreams.every((read) => starts.has(read) || world.made.has(read))).toBe(true);
          }
        }
      }),
      { numRuns: 100 },
    );
  });

  it("comes to rest when nothing changes, also when every run fails", () => {
    fc.assert(
      fc.property(shapes, actions, (initial, history) => {
        const world = worldOf(initial);
        const shapesNow = [...initial];
        for (const action of history) {
          act(world, shapesNow, action);
          world.tick();
        }
        const failAll = () => world.end([...world.inProgress.keys()], () => "failed");
        // What was skipped may start once more, without the upstream that failed.
        for (let round = 0; round < 2 * world.graph.size; round++) {
          failAll();
          world.tick();
        }
        failAll();
        expect(world.tick()).toEqual([]);
      }),
      { numRuns: 100 },
    );
  });

  it("never takes up the past with a cron expression that is new", () => {
    fc.assert(
      fc.property(shapes, actions, crons, fc.nat({ max: 4 }), (initial, history, cron, which) => {
        const world = worldOf(initial);
        const shapesNow = [...initial];
        for (const action of history) {
          act(world, shapesNow, action);
          world.tick();
        }
        const index = which % shapesNow.length;
        const shape = shapesNow[index];
        if (shape === undefined) return;
        const ticks = Object.keys(world.memories.get(`a/t${index}` as AssetKey)?.ticks ?? {});
        shapesNow[index] = { ...shape, condition: cron };
        world.redefine(project(shapesNow));
        const isNew = cron.type === "cron" && !ticks.includes(tickKey(cron));
        const verdict = world.verdicts().find(({ key }) => key === `a/t${index}`);
        expect(isNew && verdict?.evaluated.holds).toBe(false);
      }),
      { numRuns: 100 },
    );
  });

  it("makes everything fresh when all are eager and nothing fails", () => {
    fc.assert(
      fc.property(shapes, actions, (initial, history) => {
        const shapesNow = initial.map(({ reads }): Shape => ({ reads, condition: eager() }));
        const world = worldOf(shapesNow);
        for (const action of history) {
          if (action.do === "redefine" || action.do === "back") continue;
          act(world, shapesNow, action.do === "end" ? { ...action, outcomes: [] } : action);
          world.tick();
        }
        for (let round = 0; round <= world.graph.size; round++) {
          world.end([...world.inProgress.keys()]);
          world.tick();
        }
        expect(new Set([...world.statuses().values()].map(({ status }) => status))).toEqual(
          new Set(["fresh"]),
        );
      }),
      { numRuns: 100 },
    );
  });

  it("says in a plan what it will do, and judges the same from a memory that was stored and read", () => {
    fc.assert(
      fc.property(shapes, actions, (initial, history) => {
        const world = worldOf(initial);
        const shapesNow = [...initial];
        for (const action of history) {
          act(world, shapesNow, action);
          const planned = world.verdicts();
          for (const [key, memory] of world.memories)
            world.memories.set(key, JSON.parse(JSON.stringify(memory)) as typeof memory);
          expect(world.verdicts()).toEqual(planned);
          const starts = planned.filter(({ decision }) => decision === "start").map(({ key }) => key);
          expect(world.tick()).toEqual(starts);
        }
      }),
      { numRuns: 60 },
    );
  });
});
