import { describe, expect, it } from "vitest";
import { assetKey, type CheckOutcome, defineAsset, defineCheck } from "moraine";
import { Rig } from "../support/rig.ts";

const key = assetKey("raw/users");

/** An asset that reads the outside world on every run and writes when told so, and a check that relies on `unchanged`. */
function project(rig: Rig) {
  const world = { isNew: true, codeVersion: "1" };
  const asked: (CheckOutcome | undefined)[] = [];
  const asset = () =>
    defineAsset({
      key,
      codeVersion: world.codeVersion,
      refresh: { everyMs: 0 },
      materialize: () => {
        if (world.isNew) rig.lakehouse.commit(key);
      },
    });
  const check = defineCheck({
    asset: key,
    name: "has_rows",
    severity: "warn",
    run: ({ unchanged }) => {
      asked.push(unchanged);
      return unchanged ?? { passed: true, value: asked.length };
    },
  });
  return { world, asked, check, run: (options = {}) => rig.run([asset()], { checks: [check], ...options }) };
}

describe("a check is given its last result", () => {
  it("while neither code nor table has changed, and what it returns is recorded for the new run", async () => {
    const rig = new Rig();
    const { world, asked, run } = project(rig);
    await run();
    world.isNew = false;
    const { runId } = await run();
    await run();
    const first = { passed: true, value: 1 };
    expect(asked).toEqual([undefined, first, first]);
    expect(rig.store.checkResults(key, { runId })).toMatchObject([{ check: "has_rows", result: first }]);
  });

  it("not when the table has a new snapshot", async () => {
    const rig = new Rig();
    const { asked, run } = project(rig);
    await run();
    await run();
    expect(asked).toEqual([undefined, undefined]);
  });

  it("not when the asset's code has changed", async () => {
    const rig = new Rig();
    const { world, asked, run } = project(rig);
    await run();
    Object.assign(world, { isNew: false, codeVersion: "2" });
    await run();
    expect(asked.at(-1)).toBeUndefined();
  });

  it("not when the asset is forced, nor when checks alone are run", async () => {
    const rig = new Rig();
    const { world, asked, check, run } = project(rig);
    await run();
    world.isNew = false;
    await run({ forced: new Set([key]) });
    await rig.check([defineAsset({ key, codeVersion: "1", materialize: () => {} })], [check]);
    expect(asked).toEqual([undefined, undefined, undefined]);
  });

  it("not when it could not be run the last time", async () => {
    const rig = new Rig();
    const { world, run } = project(rig);
    const seen: unknown[] = [];
    const check = defineCheck({
      asset: key,
      name: "has_rows",
      severity: "warn",
      run: ({ unchanged }) => {
        seen.push(unchanged);
        throw new Error("no such column");
      },
    });
    await run({ checks: [check] });
    world.isNew = false;
    await run({ checks: [check] });
    expect(seen).toEqual([undefined, undefined]);
  });
});
