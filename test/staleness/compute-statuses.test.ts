import { describe, expect, it } from "vitest";
import { type AssetKey, defineAsset } from "moraine";
import { buildGraph } from "../../framework/graph/build-graph.ts";
import {
  computeStatuses,
  type Observations,
  type Provenance,
  trimCauses,
} from "../../framework/staleness/compute-statuses.ts";

const raw = defineAsset({
  key: "raw/users",
  codeVersion: "r1",
  refresh: { everyMs: 0 },
  materialize: () => {},
});
const staging = defineAsset({
  key: "staging/users",
  codeVersion: "s1",
  deps: { raw },
  materialize: () => {},
});
const mart = defineAsset({ key: "mart/users", codeVersion: "m1", deps: { staging }, materialize: () => {} });
const graph = buildGraph({ assets: [raw, staging, mart], checks: [], problems: [] });
const now = new Date("2026-02-01T12:00:00.000Z");

const reads = (versions: Readonly<Record<string, string>>) =>
  new Map(
    Object.entries(versions).map(([key, version]) => [
      key as AssetKey,
      new Map([["", version as string | undefined]]),
    ]),
  );

type World = Record<string, Partial<Provenance> & { upstreams?: Provenance["upstreams"] }>;

function observations(world: World, more: Partial<Observations> = {}): Observations {
  return {
    provenance: ({ key }) => {
      const known = world[key];
      return known === undefined
        ? undefined
        : {
            at: "2026-02-01T00:00:00.000Z",
            codeVersion: "",
            dataVersion: undefined,
            upstreams: new Map(),
            ...known,
          };
    },
    hasLostTable: () => false,
    dataVersion: ({ key }) => world[key]?.dataVersion,
    failedChecks: () => [],
    now,
    isAsked: () => false,
    ...more,
  };
}

const upToDate: World = {
  "raw/users": { codeVersion: "r1", dataVersion: "d1" },
  "staging/users": {
    codeVersion: "s1",
    dataVersion: "d2",
    upstreams: reads({ "raw/users": "d1" }),
  },
  "mart/users": {
    codeVersion: "m1",
    dataVersion: "d3",
    upstreams: reads({ "staging/users": "d2" }),
  },
};
const statusOf = (world: World, more?: Partial<Observations>) =>
  Object.fromEntries(
    [...computeStatuses(graph, observations(world, more))].map(([key, { status, causes }]) => [
      key,
      [status, ...causes],
    ]),
  );

describe("staleness", () => {
  it("of what was made from what is there now is fresh", () => {
    expect(statusOf(upToDate)).toEqual({
      "raw/users": ["fresh"],
      "staging/users": ["fresh"],
      "mart/users": ["fresh"],
    });
  });

  it("of what was never made is missing, and goes down with the whole chain", () => {
    const statuses = statusOf({});
    expect(statuses["raw/users"]).toEqual(["missing", { type: "missing" }]);
    expect(statuses["mart/users"]).toEqual([
      "missing",
      { type: "missing" },
      {
        type: "upstream",
        upstream: "staging/users",
        chain: [
          { type: "missing" },
          { type: "upstream", upstream: "raw/users", chain: [{ type: "missing" }] },
        ],
      },
    ]);
  });

  it("names the code that changed", () => {
    const world = { ...upToDate, "staging/users": { ...upToDate["staging/users"], codeVersion: "s0" } };
    expect(statusOf(world)["staging/users"]).toEqual(["stale", { type: "code", from: "s0", to: "s1" }]);
  });

  it("names the upstream whose data moved, and only to what reads it", () => {
    const world = { ...upToDate, "raw/users": { ...upToDate["raw/users"], dataVersion: "d9" } };
    expect(statusOf(world)).toMatchObject({
      "raw/users": ["fresh"],
      "staging/users": ["stale", { type: "data", upstream: "raw/users", from: "d1", to: "d9" }],
      "mart/users": ["stale", { type: "upstream", upstream: "staging/users" }],
    });
  });

  it("names upstreams that came and went", () => {
    const world = {
      ...upToDate,
      "mart/users": { ...upToDate["mart/users"], upstreams: reads({ "raw/old": "d1" }) },
    };
    expect(statusOf(world)["mart/users"]).toEqual([
      "stale",
      { type: "upstream-set", added: ["staging/users"], removed: ["raw/old"] },
    ]);
  });

  it("of an asset that reads the outside world depends on whether somebody asks", () => {
    expect(statusOf(upToDate, { isAsked: () => false })["raw/users"]).toEqual(["fresh"]);
    expect(statusOf(upToDate, { isAsked: () => true })["raw/users"]).toMatchObject([
      "stale",
      { type: "refresh", everyMs: 0 },
    ]);
  });

  it("follows a refresh interval, also when the clock goes back", () => {
    const hourly = defineAsset({
      key: "raw/users",
      codeVersion: "r1",
      refresh: { everyMs: 3_600_000 },
      materialize: () => {},
    });
    const alone = buildGraph({ assets: [hourly], checks: [], problems: [] });
    const at = (time: string) =>
      computeStatuses(alone, observations(upToDate, { now: new Date(time), isAsked: () => true })).get(
        hourly.key,
      )?.status;
    expect(at("2026-02-01T00:59:59.000Z")).toBe("fresh");
    expect(at("2026-02-01T01:00:00.000Z")).toBe("stale");
    expect(at("2026-01-31T23:00:00.000Z")).toBe("stale");
  });

  it("names every blocking check that failed last", () => {
    const failedChecks = ({ key }: { readonly key: AssetKey }) =>
      key === mart.key ? ["no_gap", "one_current_row"] : [];
    expect(statusOf(upToDate, { failedChecks })["mart/users"]).toEqual([
      "stale",
      { type: "failed-check", check: "no_gap" },
      { type: "failed-check", check: "one_current_row" },
    ]);
  });

  it("has causes that stay small however many paths lead to the root", () => {
    const layers: ReturnType<typeof defineAsset>[][] = [];
    for (let layer = 0; layer < 40; layer++) {
      layers.push(
        [0, 1].map((side) =>
          defineAsset({
            key: `a/l${layer}_${side}`,
            codeVersion: "1",
            deps: Object.fromEntries((layers[layer - 1] ?? []).map((dep, index) => [`d${index}`, dep])),
            materialize: () => {},
          }),
        ),
      );
    }
    const diamond = buildGraph({ assets: layers.flat(), checks: [], problems: [] });
    const last = computeStatuses(diamond, observations({})).get(diamond.keys.at(-1) as AssetKey);
    expect(JSON.stringify(trimCauses(last?.causes ?? [])).length).toBeLessThan(5_000);
  });
});
