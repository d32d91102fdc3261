import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Asset, type Check, defineAsset, defineCheck, staticPartitions } from "moraine";
import type { Batch } from "../../framework/definition/batch.ts";
import { countingAsset, Rig } from "../support/rig.ts";

type Blocking = Parameters<typeof defineCheck>[0]["blocking"];

/** raw/users, which mart/mailing and mart/countries read; mart/report reads both, mart/map the latter. */
function project() {
  const raw = countingAsset("raw/users");
  const mailing = countingAsset("mart/mailing", [raw.asset]);
  const countries = countingAsset("mart/countries", [raw.asset]);
  const report = countingAsset("mart/report", [mailing.asset, countries.asset]);
  const map = countingAsset("mart/map", [countries.asset]);
  const assets = [raw, mailing, countries, report, map].map(({ asset }) => asset);
  return { raw, mailing, countries, assets };
}

const check = (asset: Asset, blocking: Blocking, passed: () => boolean = () => false, name = "has_email") =>
  defineCheck({
    asset,
    name,
    ...(blocking === undefined ? {} : { blocking }),
    run: () => ({ passed: passed() }),
  });

describe("a failed check that names what it blocks", () => {
  it("holds back these and what is downstream of them; the others run, and the run has failed", async () => {
    const rig = new Rig();
    const { raw, mailing, assets } = project();
    const hasEmail = check(raw.asset, { downstream: [mailing.asset] });
    expect(await rig.run(assets, { checks: [hasEmail] })).toMatchObject({
      status: "failed",
      outcomes: {
        "raw/users": "failed",
        "mart/mailing": "skipped",
        "mart/report": "skipped",
        "mart/countries": "materialized",
        "mart/map": "materialized",
      },
    });
    const because = rig.eventsOf("asset-finished").filter((event) => event.outcome === "skipped");
    expect(because.map((event) => [event.key, event.because])).toEqual([
      ["mart/mailing", "raw/users"],
      ["mart/report", "raw/users"],
    ]);
  });

  it("makes its asset run again, and when it has passed what it held back", async () => {
    const rig = new Rig();
    const { raw, mailing, countries, assets } = project();
    let passed = false;
    const checks = [check(raw.asset, { downstream: [mailing.asset] }, () => passed)];
    await rig.run(assets, { checks });
    passed = true;
    expect(await rig.run(assets, { checks })).toMatchObject({ status: "succeeded" });
    expect(
      rig
        .eventsOf("asset-started")
        .find((event) => event.key === "raw/users" && event.causes[0]?.type !== "missing")?.causes,
    ).toEqual([{ type: "failed-check", check: "has_email" }]);
    expect([raw.count, mailing.count, countries.count]).toEqual([2, 1, 2]);
  });

  it("holds them back also when its asset is not selected, and no others", async () => {
    const rig = new Rig();
    const { raw, mailing, countries, assets } = project();
    const checks = [check(raw.asset, { downstream: [mailing.asset] })];
    await rig.run(assets, { checks, keys: [raw.asset.key] });
    expect(await rig.run(assets, { checks, keys: [mailing.asset.key] })).toMatchObject({
      status: "failed",
      outcomes: { "mart/mailing": "skipped" },
    });
    expect(await rig.run(assets, { checks, keys: [countries.asset.key] })).toMatchObject({
      status: "succeeded",
      outcomes: { "mart/countries": "materialized" },
    });
    expect(raw.count).toBe(1);
  });

  it("holds back nothing more when another check names others", async () => {
    const rig = new Rig();
    const { raw, mailing, countries, assets } = project();
    const checks = [
      check(raw.asset, { downstream: [mailing.asset] }),
      check(raw.asset, { downstream: [countries.asset] }, () => false, "known_country"),
    ];
    const { outcomes } = await rig.run(assets, { checks });
    expect([outcomes["mart/mailing"], outcomes["mart/countries"]]).toEqual(["skipped", "skipped"]);
    const causes = rig.eventsOf("asset-finished").find((event) => event.key === "raw/users")
      ?.failure?.message;
    expect(causes).toContain("has_email, known_country");
  });

  it("is of no account when the asset itself failed: then nothing downstream runs", async () => {
    const rig = new Rig();
    const raw = defineAsset({
      key: "raw/users",
      materialize: () => {
        throw new Error("down");
      },
    });
    const mailing = countingAsset("mart/mailing", [raw]);
    const countries = countingAsset("mart/countries", [raw]);
    const checks = [check(raw, { downstream: [mailing.asset] })];
    const { outcomes } = await rig.run([raw, mailing.asset, countries.asset], { checks });
    expect(outcomes).toEqual({
      "raw/users": "failed",
      "mart/mailing": "skipped",
      "mart/countries": "skipped",
    });
  });
});

describe("a failed check on one partition", () => {
  it("holds back the partitions downstream that read it, of those whom it names, and is asked again alone", async () => {
    const rig = new Rig();
    let broken = "se";
    const partitions = staticPartitions(["no", "se"]);
    const regional = (key: string, ...deps: readonly Asset[]) =>
      defineAsset({
        key,
        partitions,
        codeVersion: "1",
        deps: Object.fromEntries(deps.map((dep) => [dep.key.replace("/", "_"), dep])),
        materialize: ({ partition }) => ({ dataVersion: partition?.key ?? "" }),
      });
    const raw = regional("raw/users");
    const [mailing, countries] = [regional("mart/mailing", raw), regional("mart/countries", raw)];
    const hasEmail = defineCheck({
      asset: raw,
      name: "has_email",
      blocking: { downstream: [mailing] },
      run: ({ partition }) => ({ passed: partition?.key !== broken }),
    });
    const run = () => rig.run([raw, mailing, countries], { checks: [hasEmail] });
    expect((await run()).partitions).toEqual({
      "raw/users": { no: "materialized", se: "failed" },
      "mart/mailing": { no: "materialized", se: "skipped" },
      "mart/countries": { no: "materialized", se: "materialized" },
    });
    broken = "";
    const again = await run();
    expect(again.status).toBe("succeeded");
    expect(again.partitions).toMatchObject({
      "raw/users": { se: "materialized" },
      "mart/mailing": { se: "materialized" },
    });
    const started = rig.eventsOf("asset-started").slice(5);
    expect(started.map(({ key, partition }) => [key, partition])).toEqual([
      ["raw/users", "se"],
      ["mart/mailing", "se"],
    ]);
  });
});

describe("a failed check that blocks nothing", () => {
  it.each([
    ["of severity error", { severity: "error", blocking: false }],
    ["of severity warn", { severity: "warn" }],
  ] as const)("%s leaves the run succeeded and everything fresh", async (_, options) => {
    const rig = new Rig();
    const { raw, assets } = project();
    const failing = defineCheck({ asset: raw.asset, name: "c", ...options, run: () => ({ passed: false }) });
    expect(await rig.run(assets, { checks: [failing] })).toMatchObject({ status: "succeeded" });
    expect((await rig.run(assets, { checks: [failing] })).outcomes["raw/users"]).toBe("fresh");
  });
});

describe("a check on an asset of a batch", () => {
  /** A batch that makes what it is given and notes the keys of each call. */
  function batched() {
    const calls: (readonly string[])[] = [];
    const batch: Batch = {
      name: "fake",
      materialize: async ({ assets, report }) => {
        calls.push(assets.map(({ key }) => key));
        for (const { key } of assets) report({ type: "asset-finished", key, result: { dataVersion: "v1" } });
      },
      check: async () => {},
      close: async () => {},
    };
    const asset = (key: string, ...deps: readonly Asset[]): Asset => ({
      ...countingAsset(key, deps).asset,
      source: { type: "batch", batch },
    });
    return { calls, asset };
  }

  it("that has a body of its own runs before what it blocks in the same batch, and holds it back", async () => {
    const rig = new Rig();
    const { calls, asset } = batched();
    const staging = asset("staging/users");
    const mailing = asset("mart/mailing", staging);
    const countries = asset("mart/countries", staging);
    const assets = [staging, mailing, countries];
    const checks: Check[] = [check(staging, { downstream: [mailing] })];
    expect((await rig.run(assets, { checks })).outcomes).toEqual({
      "staging/users": "failed",
      "mart/mailing": "skipped",
      "mart/countries": "materialized",
    });
    expect(calls).toEqual([["staging/users", "mart/countries"]]);
    expect((await rig.run(assets, { checks: [check(staging, true, () => true)] })).outcomes).toEqual({
      "staging/users": "materialized",
      "mart/mailing": "materialized",
      "mart/countries": "fresh",
    });
    expect(calls.slice(1)).toEqual([["staging/users"], ["mart/mailing"]]);
  });
});

/** One asset of a random project: what it reads, whether its body fails, and its checks, each with what it blocks. */
const shapes = fc
  .array(
    fc.record({
      picks: fc.array(fc.nat(), { maxLength: 3 }),
      isBroken: fc.nat(5).map((number) => number === 0),
      checks: fc.array(
        fc.record({
          passed: fc.boolean(),
          named: fc.option(fc.array(fc.nat(), { minLength: 1, maxLength: 3 })),
        }),
        { maxLength: 2 },
      ),
    }),
    { minLength: 2, maxLength: 8 },
  )
  .map((raw) =>
    raw.map(({ picks, ...shape }, index) => ({
      ...shape,
      upstreams: index === 0 ? [] : [...new Set(picks.map((pick) => pick % index))],
    })),
  );

it("random projects with random checks run what a simple model says", async () => {
  await fc.assert(
    fc.asyncProperty(shapes, async (shape) => {
      const assets: Asset[] = [];
      for (const [index, { upstreams, isBroken }] of shape.entries()) {
        assets.push(
          defineAsset({
            key: `a/t${index}`,
            deps: Object.fromEntries(
              upstreams.flatMap((each) => (assets[each] ? [[`d${each}`, assets[each]]] : [])),
            ),
            codeVersion: "1",
            materialize: () => {
              if (isBroken) throw new Error("down");
            },
          }),
        );
      }
      const readers = (index: number) =>
        shape.flatMap(({ upstreams }, each) => (upstreams.includes(index) ? [each] : []));
      const held = (index: number) =>
        shape[index]?.checks.map(({ passed, named }) => {
          const all = readers(index);
          const blocked =
            named === null || all.length === 0 ? all : named.map((pick) => all[pick % all.length] ?? 0);
          return { passed, isNamed: named !== null && all.length > 0, blocked: new Set(blocked) };
        }) ?? [];
      const checks = shape.flatMap((_, index) =>
        held(index).map(({ passed, isNamed, blocked }, number) =>
          check(
            assets[index] as Asset,
            isNamed ? { downstream: [...blocked].map((each) => `a/t${each}`) } : true,
            () => passed,
            `c${number}`,
          ),
        ),
      );
      const expected: string[] = [];
      for (const [index, { upstreams, isBroken }] of shape.entries()) {
        const isHeld = upstreams.some(
          (upstream) =>
            expected[upstream] === "skipped" ||
            expected[upstream] === "broken" ||
            held(upstream).some(({ passed, blocked }) => !passed && blocked.has(index)),
        );
        const failed = held(index).some(({ passed }) => !passed);
        expected.push(isHeld ? "skipped" : isBroken ? "broken" : failed ? "failed" : "materialized");
      }
      const { outcomes } = await new Rig().run(assets, { checks });
      expect(Object.values(outcomes)).toHaveLength(shape.length);
      expect(shape.map((_, index) => outcomes[`a/t${index}`])).toEqual(
        expected.map((outcome) => (outcome === "broken" ? "failed" : outcome)),
      );
    }),
    { numRuns: 60 },
  );
});
