import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  allPartitions,
  assetKey,
  customPartitions,
  dailyPartitions,
  defineAsset,
  dep,
  hourlyPartitions,
  monthlyPartitions,
  multiPartitions,
  type PartitionMapping,
  type Partitions,
  partitionWindow,
  samePartition,
  staticPartitions,
} from "moraine";
import { partitionSetAt } from "../../framework/definition/partitions/partition-set.ts";
import { buildGraph } from "../../framework/graph/build-graph.ts";
import { PartitionGraph } from "../../framework/graph/partition-graph.ts";

const now = new Date("2026-02-03T00:00:00Z");
const days = dailyPartitions({ start: "2026-01-30" });
const regions = staticPartitions(["emea", "apac"]);

/** What a partition of a downstream reads of its only upstream. */
function readsOf(
  upstream: Partitions | undefined,
  downstream: Partitions | undefined,
  partition: string,
  mapping?: PartitionMapping,
) {
  const from = defineAsset({
    key: "a/up",
    ...(upstream === undefined ? {} : { partitions: upstream }),
    materialize: () => {},
  });
  const to = defineAsset({
    key: "a/down",
    deps: { from: mapping === undefined ? from : dep(from, mapping) },
    ...(downstream === undefined ? {} : { partitions: downstream }),
    materialize: () => {},
  });
  const graph = buildGraph({ assets: [from, to], checks: [], problems: [] });
  return new PartitionGraph(graph, now).upstreams({ key: assetKey("a/down"), partition })[0];
}

const problemsOf = (...args: Parameters<typeof readsOf>) => {
  try {
    readsOf(...args);
    return "";
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
};

describe("a partition reads by default", () => {
  it("the one of the same key, where both are cut alike", () => {
    expect(readsOf(days, dailyPartitions({ start: "2026-01-30", column: "at" }), "2026-01-31")).toMatchObject(
      {
        partitions: ["2026-01-31"],
        isRequired: true,
      },
    );
  });

  it("those that overlap, where both are cut by time", () => {
    const hours = hourlyPartitions({ start: "2026-01-30T00" });
    expect(readsOf(hours, days, "2026-01-31")?.partitions).toHaveLength(24);
    expect(readsOf(hours, days, "2026-01-31")?.partitions.at(-1)).toBe("2026-01-31T23Z");
    expect(readsOf(days, hours, "2026-01-31T05Z")?.partitions).toEqual(["2026-01-31"]);
    const elsewhere = dailyPartitions({ start: "2026-01-30", timezone: "Asia/Tokyo" });
    expect(readsOf(days, elsewhere, "2026-02-01")?.partitions).toEqual(["2026-01-31", "2026-02-01"]);
  });

  it("all of them, where only the upstream has any; those that are there are enough", () => {
    expect(readsOf(days, undefined, "")).toMatchObject({
      partitions: ["2026-01-30", "2026-01-31", "2026-02-01", "2026-02-02"],
      isRequired: false,
    });
  });

  it("an upstream without partitions whole", () => {
    expect(readsOf(undefined, days, "2026-01-31")).toMatchObject({ partitions: [""], isRequired: true });
  });

  it("the matching dimension, where one of them has several", () => {
    const both = multiPartitions({ day: days, region: regions });
    expect(readsOf(both, days, "2026-01-31")?.partitions).toEqual(["2026-01-31|emea", "2026-01-31|apac"]);
    expect(readsOf(days, both, "2026-01-31|emea")?.partitions).toEqual(["2026-01-31"]);
    expect(readsOf(regions, both, "2026-01-31|emea")?.partitions).toEqual(["emea"]);
    expect(readsOf(both, both, "2026-01-31|emea")?.partitions).toEqual(["2026-01-31|emea"]);
  });
});

describe("a mapping that `deps` says", () => {
  it("reads a window of partitions, cut off where the upstream begins", () => {
    expect(readsOf(days, days, "2026-02-01", partitionWindow({ from: -1 }))?.partitions).toEqual([
      "2026-01-31",
      "2026-02-01",
    ]);
    expect(readsOf(days, days, "2026-01-30", partitionWindow({ from: -6 }))?.partitions).toEqual([
      "2026-01-30",
    ]);
    expect(readsOf(days, days, "2026-02-01", partitionWindow({ from: -1, to: -1 }))?.partitions).toEqual([
      "2026-01-31",
    ]);
  });

  it("reads all that are there", () => {
    expect(readsOf(days, regions, "emea", allPartitions())).toMatchObject({ isRequired: false });
  });

  it("reads what a function names, in the upstream's order and without what does not exist", () => {
    const mapping = customPartitions(() => ["2026-02-01", "2026-01-30", "1999-01-01"]);
    expect(readsOf(days, regions, "emea", mapping)?.partitions).toEqual(["2026-01-30", "2026-02-01"]);
  });

  it.each<[Partitions | undefined, Partitions | undefined, PartitionMapping | undefined, string]>([
    [
      days,
      regions,
      undefined,
      "a/down reads a/up: they are partitioned in different ways; say with dep(asset, mapping) which partitions are read",
    ],
    [
      days,
      undefined,
      samePartition(),
      "a/down reads a/up: only a partitioned asset can read the partition of the same key",
    ],
    [
      regions,
      days,
      partitionWindow({ from: -1 }),
      "a/down reads a/up: a window can be read only where both assets are partitioned by time",
    ],
    [undefined, days, allPartitions(), "a/down reads a/up: the upstream has no partitions to choose from"],
  ])("is refused where it can't be followed", (upstream, downstream, mapping, message) => {
    expect(problemsOf(upstream, downstream, "x", mapping)).toBe(message);
  });
});

it("windows overlap exactly as comparing every pair of them says", () => {
  const zone = fc.constantFrom("UTC", "Europe/Oslo", "America/New_York", "Asia/Kathmandu");
  const cut = fc.oneof(
    zone.map((timezone) => dailyPartitions({ start: "2025-10-20", timezone })),
    zone.map((timezone) => monthlyPartitions({ start: "2025-08", timezone })),
    zone.map((timezone) => hourlyPartitions({ start: "2025-10-25T03", timezone })),
  );
  fc.assert(
    fc.property(cut, cut, fc.nat(), (upstream, downstream, pick) => {
      const at = new Date("2025-11-05T00:00:00Z");
      const own = partitionSetAt(downstream, at);
      const other = partitionSetAt(upstream, at);
      const key = own.keys[pick % own.keys.length] ?? "";
      const window = own.partition(key).window;
      const expected = other.keys.filter((candidate) => {
        const seen = other.partition(candidate).window;
        return (
          window !== undefined && seen !== undefined && seen.start < window.end && seen.end > window.start
        );
      });
      const from = defineAsset({ key: "a/up", partitions: upstream, materialize: () => {} });
      const to = defineAsset({
        key: "a/down",
        deps: { from },
        partitions: downstream,
        materialize: () => {},
      });
      const graph = buildGraph({ assets: [from, to], checks: [], problems: [] });
      const [reads] = new PartitionGraph(graph, at).upstreams({ key: assetKey("a/down"), partition: key });
      expect(reads?.partitions).toEqual(expected);
    }),
    { numRuns: 60 },
  );
});
