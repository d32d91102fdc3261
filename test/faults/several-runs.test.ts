import { once } from "node:events";
import { afterAll, beforeAll, expect, it } from "vitest";
import { type AppendingShape, keyAt } from "./appending-project.ts";
import { FaultRig, nothingLeft, runScript, says } from "./fault-rig.ts";

let script: Awaited<ReturnType<typeof runScript>>;
beforeAll(async () => {
  script = await runScript();
});
afterAll(() => script.remove());

const indices = (from: number, to: number) => Array.from({ length: to - from }, (_, index) => from + index);

/** How often each table was written, by its rows. */
async function writesOf(rig: FaultRig, shape: AppendingShape): Promise<Readonly<Record<string, number>>> {
  const state = await rig.state(shape);
  expect(state.filter(({ status }) => status !== "fresh")).toEqual([]);
  return Object.fromEntries(state.map(({ key, rows }) => [key, rows.length / (2 * shape.appends)]));
}

const onceEach = (from: number, to: number) =>
  Object.fromEntries(indices(from, to).map((index) => [keyAt(index), 1]));

/** Most attempts at one asset that were ever under way at the same time, by the order of their events. */
function mostAtOnce(rig: FaultRig): number {
  const working = new Map<unknown, number>();
  let most = 0;
  for (const { key, type, attempts } of rig.ask(
    `SELECT key, type, json_extract(payload, '$.attempts') AS attempts FROM events
     WHERE type IN ('asset-started', 'asset-finished') ORDER BY id`,
  )) {
    // An asset that never started has finished with no attempt.
    if (type === "asset-finished" && attempts === 0) continue;
    const count = (working.get(key) ?? 0) + (type === "asset-started" ? 1 : -1);
    working.set(key, count);
    most = Math.max(most, count);
  }
  return most;
}

it("writes each asset once when four processes materialize overlapping selections at once", async () => {
  const rig = new FaultRig(script);
  const shape = { assets: 16, appends: 2, generation: 1, refreshed: [0, 7], batched: indices(8, 13) };
  const orders = [indices(0, 16), indices(0, 12), indices(0, 16), indices(0, 9)];
  const said = await rig.together(
    orders.map((selected, index) => ({ ...shape, selected, workers: 1 + index })),
  );
  expect(said.map((lines) => lines.at(-1))).toEqual(orders.map(() => "done succeeded"));
  expect(await writesOf(rig, shape)).toEqual(onceEach(0, 16));
  expect(mostAtOnce(rig)).toBe(1);
  expect(rig.leftovers()).toEqual(nothingLeft);
});

it("writes a forced asset once for each process that forces it, one after the other", async () => {
  const rig = new FaultRig(script);
  const shape = { assets: 8, appends: 2, generation: 1 };
  const order = { ...shape, workers: 2 };
  await rig.run(order);
  // Neither reads anything, so that nothing but being forced makes them run.
  await rig.together([
    { ...order, forced: [0, 7] },
    { ...order, forced: [7] },
  ]);
  expect(await writesOf(rig, shape)).toMatchObject({ [keyAt(0)]: 2, [keyAt(7)]: 3 });
  expect(mostAtOnce(rig)).toBe(1);
  expect(rig.leftovers()).toEqual(nothingLeft);
});

it("takes over from a process that is killed in the middle, and writes nothing twice", async () => {
  const rig = new FaultRig(script);
  const shape = { assets: 12, appends: 3, generation: 1, refreshed: [0], batched: indices(8, 11) };
  const order = { ...shape, workers: 2 };
  await rig.together([order, order, order], async (children) => {
    // Which of them comes first to work is theirs to settle.
    const victim = await Promise.race(children.map((child) => says(child, "appended")));
    victim.kill("SIGKILL");
    await once(victim, "close");
  });
  expect(await writesOf(rig, shape)).toEqual(onceEach(0, 12));
  expect(rig.leftovers()).toEqual(nothingLeft);
});
