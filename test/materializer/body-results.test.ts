import { describe, expect, it } from "vitest";
import { type Asset, defineAsset, defineCheck, type CheckOutcome, type MaterializeResult } from "moraine";
import type { Batch } from "../../framework/definition/batch.ts";
import { countingAsset, Rig } from "../support/rig.ts";

/** An asset whose body gives whatever the test says, as a project without a compiler could. */
const giving = (result: () => unknown, key = "raw/users"): Asset =>
  defineAsset({ key, codeVersion: "1", materialize: result as () => MaterializeResult });

const circle: Record<string, unknown> = {};
circle["self"] = circle;

const wrong: readonly (readonly [name: string, result: unknown, path: string, got: string])[] = [
  [
    "an average of nothing",
    { metadata: { avg: { type: "number", value: 0 / 0 } } },
    "metadata.avg.value",
    "NaN",
  ],
  [
    "endless bytes",
    { metadata: { size: { type: "bytes", value: 1 / 0 } } },
    "metadata.size.value",
    "Infinity",
  ],
  ["rows as text", { metadata: { rows: { type: "rows", value: "5" } } }, "metadata.rows.value", '"5"'],
  [
    "rows beyond 2^53",
    { metadata: { rows: { type: "rows", value: 2n ** 60n } } },
    "metadata.rows.value",
    "1152921504606846976n",
  ],
  [
    "a duration without ms",
    { metadata: { took: { type: "duration", value: 5 } } },
    "metadata.took.ms",
    "undefined",
  ],
  [
    "an unknown type",
    { metadata: { avg: { type: "float", value: 1 } } },
    "metadata.avg",
    '{"type":"float","value":1}',
  ],
  [
    "a type of every object",
    { metadata: { avg: { type: "toString" } } },
    "metadata.avg",
    '{"type":"toString"}',
  ],
  ["a bare value", { metadata: { rows: 5 } }, "metadata.rows", "5"],
  ["null as a value", { metadata: { rows: null } }, "metadata.rows", "null"],
  ["a list", { metadata: [1] }, "metadata", "[1]"],
  ["a text as metadata", { metadata: "5 rows" }, "metadata", '"5 rows"'],
  ["a circle", { metadata: { all: { type: "json", value: circle } } }, "metadata", "what JSON can't hold"],
  [
    "a function as JSON",
    { metadata: { all: { type: "json", value: () => 1 } } },
    "metadata.all.value",
    "undefined",
  ],
  [
    "a table without rows",
    { metadata: { all: { type: "table", columns: ["a"] } } },
    "metadata.all.rows",
    "undefined",
  ],
  [
    "a table of objects",
    { metadata: { all: { type: "table", columns: ["a"], rows: [{ a: 1 }] } } },
    "metadata.all.rows",
    '[{"a":1}]',
  ],
  ["a number as data version", { dataVersion: 7 }, "dataVersion", "7"],
  ["an empty data version", { dataVersion: "" }, "dataVersion", '""'],
  ["null as data version", { dataVersion: null }, "dataVersion", "null"],
  ["NaN as cursor", { cursor: Number.NaN }, "cursor", "NaN"],
  ["a Date in the cursor", { cursor: { seen: new Date(0) } }, "cursor.seen", '"1970-01-01T00:00:00.000Z"'],
  ["a Map as cursor", { cursor: new Map() }, "cursor", "{}"],
  ["a bigint in the cursor", { cursor: [1n] }, "cursor[0]", "1n"],
  ["a function as cursor", { cursor: () => 1 }, "cursor", "a function"],
  ["a circle as cursor", { cursor: circle }, "cursor.self", "what JSON can't hold"],
];

describe("a body whose result can't be kept", () => {
  it.each(wrong)("(%s) fails, and the failure names the member", async (_, result, path, got) => {
    const rig = new Rig();
    const raw = giving(() => result);
    const reader = countingAsset("staging/users", [raw]);
    expect(await rig.run([raw, reader.asset])).toMatchObject({
      status: "failed",
      outcomes: { "raw/users": "failed", "staging/users": "skipped" },
    });
    expect(rig.store.runs()[0]?.status).toBe("failed");
    expect(rig.store.latestOf({ key: raw.key, partition: "" })).toBeUndefined();
    const [finished] = rig.eventsOf("asset-finished");
    expect(finished?.failure).toMatchObject({
      reason: "asset-error",
      message: `raw/users returned a wrong ${path}`,
      got,
    });
  });

  it.each(wrong)("(%s) fails alone in a batch", async (_, result, path) => {
    const rig = new Rig();
    const batch: Batch = {
      name: "dbt",
      materialize: async ({ assets, report }) => {
        for (const { key } of assets)
          report({
            type: "asset-finished",
            key,
            result: (key === "raw/users" ? result : {}) as MaterializeResult,
          });
      },
      check: async () => {},
      close: async () => {},
    };
    const ofBatch = (key: string): Asset => ({
      ...giving(() => ({}), key),
      source: { type: "batch", batch },
    });
    const summary = await rig.run([ofBatch("raw/users"), ofBatch("raw/orders")]);
    expect(summary.outcomes).toEqual({ "raw/users": "failed", "raw/orders": "materialized" });
    const failed = rig.eventsOf("asset-finished").find(({ outcome }) => outcome === "failed");
    expect(failed?.failure?.message).toBe(`raw/users returned a wrong ${path}`);
  });

  it.each([
    ["an object without prototype", Object.create(null)],
    ["an error whose message is none", Object.assign(new Error("x"), { message: undefined, stack: 5 })],
    ["a symbol", Symbol("x")],
  ])("because it throws %s fails as any other", async (_, thrown) => {
    const rig = new Rig();
    const raw = giving(() => {
      throw thrown;
    });
    expect(await rig.run([raw])).toMatchObject({ outcomes: { "raw/users": "failed" } });
  });
});

describe("a body's result", () => {
  it("keeps what DuckDB counts as a number, and NaN inside JSON as text", async () => {
    const rig = new Rig();
    const raw = giving(() => ({
      metadata: { rows: { type: "rows", value: 12n }, all: { type: "json", value: [0 / 0, 3n] } },
      cursor: { after: "2026-01-01", seen: undefined, ids: [1, null] },
    }));
    await rig.run([raw]);
    expect(rig.store.latestOf({ key: raw.key, partition: "" })?.metadata).toEqual({
      rows: { type: "rows", value: 12 },
      all: { type: "json", value: ["NaN", 3] },
    });
    expect(rig.store.cursor({ key: raw.key, partition: "" })).toEqual({
      after: "2026-01-01",
      ids: [1, null],
    });
  });

  it.each([undefined, null, 5, "done", true])("of %j says nothing", async (result) => {
    const rig = new Rig();
    expect(await rig.run([giving(() => result)])).toMatchObject({ status: "succeeded" });
  });

  it("comes with progress and log lines that show whatever they were given", async () => {
    const rig = new Rig();
    const raw = defineAsset({
      key: "raw/users",
      codeVersion: "1",
      materialize: ({ log, progress }) => {
        progress({ done: 0 / 0, total: 5n, message: 7 } as never);
        log({ rows: 5n } as never, "loud" as never);
        log(undefined as never);
      },
    });
    expect(await rig.run([raw])).toMatchObject({ status: "succeeded" });
    expect(rig.eventsOf("asset-progress")).toEqual([
      expect.not.objectContaining({ done: expect.anything() }),
    ]);
    expect(rig.eventsOf("asset-progress")).toMatchObject([{ total: 5 }]);
    expect(rig.eventsOf("log")).toMatchObject([
      { level: "info", message: '{"rows":5}' },
      { level: "info", message: "undefined" },
    ]);
  });
});

describe("a check whose metadata can't be kept", () => {
  it("has failed, and the failure names the value", async () => {
    const rig = new Rig();
    const raw = countingAsset("raw/users").asset;
    const result = { passed: true, metadata: { avg: { type: "number", value: 0 / 0 } } };
    const check = defineCheck({ asset: raw, name: "sane", run: () => result as CheckOutcome });
    expect(await rig.run([raw], { checks: [check] })).toMatchObject({ status: "failed" });
    expect(rig.store.checkResults(raw.key)).toMatchObject([
      {
        result: { passed: false },
        failure: {
          reason: "check-failed",
          message: "check sane on raw/users gave a wrong metadata.avg.value",
          got: "NaN",
        },
      },
    ]);
  });
});
