import { expect, it } from "vitest";
import { assetKey, defineAsset } from "moraine";
import { selectFrom, selectOne } from "../../framework/cli/verbs/statuses.ts";
import { buildGraph } from "../../framework/graph/build-graph.ts";
import { Rig } from "../support/rig.ts";

/** The day of November 2026 of each materialization and the data version that it gave, oldest first. */
type History = readonly (readonly [day: number, dataVersion: string | undefined])[];

function projectOf(histories: Readonly<Record<string, History>>) {
  const { store } = new Rig();
  const assets = Object.keys(histories).map((key) => defineAsset({ key, materialize: () => {} }));
  for (const [name, history] of Object.entries(histories)) {
    for (const [index, [day, dataVersion]] of history.entries()) {
      const runId = `${name}#${index}`;
      const at = `2026-11-${String(day).padStart(2, "0")}T12:00:00.000Z`;
      const event = { type: "log", runId, at, level: "info", message: "x" } as const;
      store.startRun({ id: runId, trigger: "cli", selection: "", startedAt: at }, event);
      const unit = { key: assetKey(name), partition: "" };
      store.acquireLeases(runId, [unit], at);
      store.finishMaterialization({
        runId,
        ...unit,
        attempt: 1,
        startedAt: at,
        finishedAt: at,
        codeVersion: "1",
        dataVersion,
        snapshotId: undefined,
        metadata: {},
        upstreams: [],
        cursor: undefined,
        failure: undefined,
        event,
      });
    }
  }
  return { store, graph: buildGraph({ assets, checks: [], problems: [] }) };
}

const same = (count: number): History => Array.from({ length: count }, () => [20, "a"] as const);

it.each([
  ["never materialized", [], false],
  ["materialized before", [[10, "a"]], false],
  ["materialized first at that instant", [[15, "a"]], true],
  ["materialized first after it", [[16, "a"]], true],
  [
    "materialized again with the same data",
    [
      [10, "a"],
      [16, "a"],
    ],
    false,
  ],
  [
    "materialized again with other data",
    [
      [10, "a"],
      [16, "b"],
    ],
    true,
  ],
  ["changed after it, then materialized with the same data", [[10, "a"], [16, "b"], ...same(1)], true],
  [
    "changed before it, then materialized many times with the same data",
    [[9, "b"], [10, "a"], ...same(40)],
    false,
  ],
  [
    "changed after it, then materialized many times with the same data",
    [[10, "b"], [16, "a"], ...same(40)],
    true,
  ],
  [
    "changed and changed back after it",
    [
      [10, "a"],
      [16, "b"],
      [17, "a"],
    ],
    true,
  ],
  ["materialized first after it, many times", same(40), true],
  [
    "of no known data version",
    [
      [10, undefined],
      [16, undefined],
    ],
    true,
  ],
] as const satisfies readonly (readonly [string, History, boolean])[])(
  "an asset %s is changed since then: %3$s",
  (_, history, isChanged) => {
    const project = projectOf({ "raw/users": history, "raw/cases": [[1, "a"]] });
    expect(selectFrom(project, ["changed since 2026-11-15T12:00:00Z"], new Map())).toEqual(
      isChanged ? ["raw/users"] : [],
    );
  },
);

it("an age may reach further back than all records", () => {
  const project = projectOf({ "raw/users": [[1, "a"]] });
  expect(selectFrom(project, ["changed since 900000d"], new Map())).toEqual(["raw/users"]);
});

it("one asset is asked for by a selection that names exactly one", () => {
  const project = projectOf({ "raw/users": [[16, "a"]], "staging/users": [], "raw/cases": [] });
  expect(selectOne(project, "cases")).toBe("raw/cases");
  expect(selectOne(project, "changed since 2026-11-15")).toBe("raw/users");
  expect(() => selectOne(project, "users")).toThrow("users names 2: raw/users, staging/users");
  expect(() => selectOne(project, "state:failed")).toThrow("state:failed names none at present");
});
