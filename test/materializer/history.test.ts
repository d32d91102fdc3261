import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Asset, type AssetKey, defineAsset } from "moraine";
import { Rig } from "../support/rig.ts";

/** One asset of a random project: what it reads, and whether what it makes depends on all that it read. */
interface Shape {
  readonly upstreams: readonly number[];
  /** It forgets its input: whatever it reads, the same comes out as long as its code is the same. */
  readonly isConstant: boolean;
}

const shapes = fc
  .array(fc.record({ picks: fc.array(fc.nat(), { maxLength: 3 }), isConstant: fc.boolean() }), {
    minLength: 2,
    maxLength: 8,
  })
  .map((raw) =>
    raw.map(({ picks, isConstant }, index): Shape => ({
      upstreams: index === 0 ? [] : [...new Set(picks.map((pick) => pick % index))],
      isConstant,
    })),
  );

describe("random projects with random changes of code", () => {
  it("run exactly what a simple model says, each time", async () => {
    await fc.assert(
      fc.asyncProperty(shapes, fc.array(fc.nat(), { minLength: 1, maxLength: 4 }), async (project, edits) => {
        const rig = new Rig();
        const code = project.map(() => 1);
        // The model: what an asset's table would hold, and what it was last made from.
        const made: (string | undefined)[] = project.map(() => undefined);
        const provenance: (string | undefined)[] = project.map(() => undefined);
        for (const edit of [undefined, ...edits, undefined]) {
          if (edit !== undefined) code[edit % project.length] = (code[edit % project.length] ?? 0) + 1;
          const expected = project.map(({ upstreams, isConstant }, index) => {
            const input = JSON.stringify([code[index], upstreams.map((upstream) => made[upstream])]);
            const runs = provenance[index] !== input;
            provenance[index] = input;
            if (runs) made[index] = isConstant ? `c${code[index]}` : input;
            return runs;
          });
          const summary = await rig.run(assetsOf(project, code));
          const ran = project.map((_, index) => summary.outcomes[`a/t${index}`] === "materialized");
          expect(ran).toEqual(expected);
        }
      }),
      { numRuns: 60 },
    );
  });
});

function assetsOf(project: readonly Shape[], code: readonly number[]): readonly Asset[] {
  const assets: Asset[] = [];
  for (const [index, { upstreams, isConstant }] of project.entries()) {
    const deps = Object.fromEntries(
      upstreams.flatMap((upstream) =>
        assets[upstream] === undefined ? [] : [[`d${upstream}`, assets[upstream]]],
      ),
    );
    assets.push(
      defineAsset({
        key: `a/t${index}`,
        deps,
        codeVersion: String(code[index]),
        materialize: ({ inputs }) => {
          const read = upstreams.map(
            (upstream) =>
              (inputs as Record<string, { key: AssetKey; dataVersion?: string }>)[`d${upstream}`]
                ?.dataVersion,
          );
          return { dataVersion: isConstant ? `c${code[index]}` : JSON.stringify([code[index], read]) };
        },
      }),
    );
  }
  return assets;
}
