import { describe, expect, it } from "vitest";
import {
  type Asset,
  type AssetKey,
  assetRef,
  defineAsset,
  defineCheck,
  DefinitionError,
  type DefinitionProblem,
} from "moraine";
import { buildGraph } from "../../framework/graph/build-graph.ts";

const asset = (key: string, deps: readonly Asset[] = []) =>
  defineAsset({
    key,
    deps: Object.fromEntries(deps.map((dep, index) => [`dep${index}`, dep])),
    codeVersion: "1",
    materialize: () => {},
  });

/** An asset that names its upstreams by key alone, so that a circle can be drawn. */
const reading = (key: string, ...upstreams: string[]): Asset => ({
  ...asset(key),
  deps: Object.fromEntries(upstreams.map((upstream) => [upstream, upstream as AssetKey])),
});

function problemsIn(
  assets: readonly Asset[],
  checks: Parameters<typeof buildGraph>[0]["checks"] = [],
): readonly DefinitionProblem[] {
  try {
    buildGraph({ assets, checks, problems: [] });
    return [];
  } catch (error) {
    if (error instanceof DefinitionError) return error.problems;
    throw error;
  }
}

const problemsOf = (...definitions: Parameters<typeof problemsIn>) =>
  problemsIn(...definitions).map((problem) => problem.message);

describe("the asset graph", () => {
  it("names the whole path of a circle", () => {
    expect(problemsOf([reading("a/x", "a/z"), reading("a/y", "a/x"), reading("a/z", "a/y")])).toEqual([
      "assets read each other in a circle: a/x -> a/y -> a/z -> a/x",
    ]);
  });

  it("names an asset that reads itself", () => {
    expect(problemsOf([reading("a/x", "a/x")])).toEqual(["assets read each other in a circle: a/x -> a/x"]);
  });

  it("names where each asset of a circle and of a duplicate key is defined", () => {
    const at = (where: string, one: Asset): Asset => ({ ...one, where: () => where });
    const assets = [
      at("x.ts:1:1", reading("a/x", "a/y")),
      at("y.ts:2:1", reading("a/y", "a/x")),
      at("z.ts:3:1", asset("a/z")),
      at("models/z.sql", asset("a/z")),
      at("z.ts:3:1", asset("a/z")),
      { ...reading("a/self", "a/self"), where: () => undefined },
    ];
    expect(problemsIn(assets)).toEqual([
      { message: "two assets have the key a/z", where: "z.ts:3:1\nmodels/z.sql" },
      { message: "two assets have the key a/z", where: "z.ts:3:1" },
      {
        message: "assets read each other in a circle: a/self -> a/self",
        next: "remove the asset itself from its `deps`",
      },
      {
        message: "assets read each other in a circle: a/x -> a/y -> a/x",
        where: "x.ts:1:1 (a/x)\ny.ts:2:1 (a/y)",
        next: "remove one of these edges from `deps`",
      },
    ]);
  });

  it("reports everything that is wrong at once", () => {
    const users = asset("raw/users");
    expect(
      problemsOf(
        [users, asset("raw/users"), reading("mart/m", "raw/user"), asset("Bad Key")],
        [defineCheck({ asset: "raw/nothing", name: "c", run: () => ({ passed: true }) })],
      ),
    ).toEqual([
      "two assets have the key raw/users",
      'expected an asset key like "sf_raw/sf_user" (lower case), got "Bad Key"',
      "check c is on raw/nothing, which no asset has",
      "mart/m reads raw/user, which no asset has; did you mean raw/users?",
    ]);
  });

  it("says which named downstreams of a check are none, with the others that are meant", () => {
    const users = asset("raw/users");
    const staging = asset("staging/users", [users]);
    const mart = asset("mart/users", [staging]);
    const check = (name: string, on: Asset, ...downstream: (string | Asset)[]) =>
      defineCheck({ asset: on, name, blocking: { downstream }, run: () => ({ passed: true }) });
    expect(problemsOf([users, staging, mart], [check("right", users, staging, "staging/users")])).toEqual([]);
    expect(
      problemsIn(
        [users, staging, mart],
        [
          check("mistyped", users, "staging/user"),
          check("too_far", users, staging, mart),
          check("at_the_end", mart, users),
          check("nobody", users),
        ],
      ),
    ).toEqual([
      {
        message:
          "check mistyped on raw/users holds back staging/user, which no asset has; did you mean staging/users?",
      },
      {
        message: "check too_far on raw/users holds back mart/users, which does not read raw/users itself",
        next: "name what reads it: staging/users",
      },
      {
        message: "check at_the_end on mart/users holds back raw/users, which does not read mart/users itself",
        next: "nothing reads mart/users: say `blocking: true`",
      },
      {
        message: "check nobody on raw/users: `blocking.downstream` names no asset",
        next: "name what it holds back, or say `blocking: false`",
      },
    ]);
  });

  it("refuses a check of severity warn that holds anything back", () => {
    const users = asset("raw/users");
    const staging = asset("staging/users", [users]);
    for (const blocking of [true, { downstream: [staging] }]) {
      const check = defineCheck({ asset: users, name: "c", severity: "warn", blocking });
      expect(problemsOf([users, staging], [check])).toEqual([
        "check c on raw/users: a check of severity warn can't be blocking",
      ]);
    }
  });

  it("joins an upstream that is named by a reference, and says so when no asset has its key", () => {
    const report = defineAsset({
      key: "mart/report",
      deps: { users: assetRef("sf_raw/sf_user") },
      materialize: () => {},
    });
    const check = defineCheck({
      asset: assetRef("sf_raw/sf_user"),
      name: "c",
      run: () => ({ passed: true }),
    });
    const graph = buildGraph({ assets: [asset("sf_raw/sf_user"), report], checks: [check], problems: [] });
    expect(graph.upstreams(report.key)).toEqual(["sf_raw/sf_user"]);
    expect(problemsOf([asset("sf_raw/sf_users"), report])).toEqual([
      "mart/report reads sf_raw/sf_user, which no asset has; did you mean sf_raw/sf_users?",
    ]);
  });

  it("takes the same asset collected twice as one", () => {
    const users = asset("raw/users");
    expect(problemsOf([users, users])).toEqual([]);
  });

  it("finds a circle behind a chain of 100,000 assets without overflowing the stack", () => {
    const chain = Array.from({ length: 100_000 }, (_, index) =>
      index === 0 ? reading("a/t0", "a/t99999") : reading(`a/t${index}`, `a/t${index - 1}`),
    );
    const [problem] = problemsIn(chain);
    expect(problem?.message.split(" -> ")).toHaveLength(100_001);
    const places = problem?.where?.split("\n");
    expect([places?.length, places?.at(-1)]).toEqual([21, "and 99980 more"]);
  });
});
