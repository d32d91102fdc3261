import { utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { type Asset, assetKey, defineAsset, defineSource, type SourceOptions } from "moraine";
import { computeStatuses } from "../../framework/staleness/compute-statuses.ts";
import { LakeTables } from "../../framework/staleness/lake-tables.ts";
import { observe } from "../../framework/staleness/observe.ts";
import { buildGraph } from "../../framework/graph/build-graph.ts";
import { Rig } from "../support/rig.ts";

/** A source and an asset that reads it; what a run makes of both, and what stands behind a failure. */
class Observed extends Rig {
  readonly source: Asset;
  readonly mart: Asset;

  constructor(options: Partial<SourceOptions> = {}) {
    super();
    this.source = defineSource({ key: "raw/inbox", ...options });
    this.mart = defineAsset({
      key: "mart/users",
      deps: { inbox: this.source },
      codeVersion: "1",
      materialize: ({ inputs }) => ({ dataVersion: `of ${inputs.inbox.dataVersion}` }),
    });
  }

  async outcomes(keys = [this.source.key, this.mart.key]): Promise<readonly (string | undefined)[]> {
    const { outcomes } = await this.run([this.source, this.mart], { keys });
    return [outcomes["raw/inbox"], outcomes["mart/users"]];
  }

  /** Paths are relative to the project's folder, which is the rig's. */
  write(path: string, text: string): string {
    const file = join(this.directory, path);
    writeFileSync(file, text);
    return file;
  }

  failure() {
    return this.eventsOf("asset-finished").find(({ failure }) => failure !== undefined)?.failure;
  }

  /** What a mere look says of what reads the source: nothing is asked, nothing recorded. */
  async seen() {
    const graph = buildGraph({ assets: [this.source, this.mart], checks: [], problems: [] });
    const lake = new LakeTables(this.lakehouse);
    await lake.refresh(graph.keys);
    const observed = observe({ graph, reader: this.store, lake, now: new Date(), asked: false });
    return computeStatuses(graph, observed).get(this.mart.key);
  }
}

describe("a source", () => {
  it("is looked at by every run that selects it, and what reads it runs only when the version is another", async () => {
    const world = { version: "v1" };
    const rig = new Observed({
      observe: ({ lastObservation }) => ({
        dataVersion: world.version,
        metadata: { before: { type: "text", value: lastObservation?.dataVersion ?? "nothing" } },
      }),
    });
    expect(await rig.outcomes()).toEqual(["materialized", "materialized"]);
    expect(await rig.outcomes()).toEqual(["materialized", "fresh"]);
    world.version = "v2";
    expect(await rig.outcomes([rig.mart.key])).toEqual([undefined, "fresh"]);
    expect(await rig.outcomes()).toEqual(["materialized", "materialized"]);
    const last = rig.store.latestMaterializations().get(rig.source.key);
    expect(last).toMatchObject({ dataVersion: "v2", metadata: { before: { value: "v1" } } });
    expect(await rig.lakehouse.exists(rig.source.key)).toBe(false);
  });

  it("is asked no more often than everyMs says", async () => {
    const rig = new Observed({ observe: () => ({ dataVersion: "v1" }), everyMs: 3_600_000 });
    expect(await rig.outcomes()).toEqual(["materialized", "materialized"]);
    expect(await rig.outcomes()).toEqual(["fresh", "fresh"]);
  });

  it("of files has another version when a name or the content is another, and only then", async () => {
    const rig = new Observed({ files: "inbox-*.csv" });
    const first = rig.write("inbox-1.csv", "id\n1\n");
    rig.write("elsewhere.csv", "id\n9\n");
    expect(await rig.outcomes()).toEqual(["materialized", "materialized"]);
    utimesSync(first, 0, 0);
    rig.write("elsewhere.csv", "id\n8\n");
    expect(await rig.outcomes()).toEqual(["materialized", "fresh"]);
    rig.write("inbox-1.csv", "id\n2\n");
    expect(await rig.outcomes()).toEqual(["materialized", "materialized"]);
    rig.write("inbox-2.csv", "id\n3\n");
    expect(await rig.outcomes()).toEqual(["materialized", "materialized"]);
    expect(rig.store.latestMaterializations().get(rig.source.key)?.metadata).toEqual({
      files: { type: "number", value: 2 },
      size: { type: "bytes", value: 10 },
    });
  });

  it("of files that are not there fails, and says where it looked", async () => {
    const rig = new Observed({ files: ["inbox/*.csv", "more.csv"] });
    expect(await rig.outcomes()).toEqual(["failed", "skipped"]);
    expect(rig.failure()).toMatchObject({
      message: "no file is there for raw/inbox",
      expected: `inbox/*.csv or more.csv, under ${rig.directory}`,
    });
  });

  it("that others write to the lake makes what reads it stale at once, without a run", async () => {
    const rig = new Observed();
    rig.lakehouse.commit(rig.source.key);
    expect(await rig.outcomes()).toEqual(["materialized", "materialized"]);
    expect((await rig.seen())?.status).toBe("fresh");
    const to = rig.lakehouse.commit(rig.source.key);
    expect(await rig.seen()).toMatchObject({
      status: "stale",
      causes: [{ type: "data", upstream: "raw/inbox", to }],
    });
    expect(await rig.outcomes([rig.mart.key])).toEqual([undefined, "materialized"]);
  });

  it("that nobody wrote to the lake fails, and says what to do", async () => {
    const rig = new Observed();
    expect(await rig.outcomes()).toEqual(["failed", "skipped"]);
    expect(rig.failure()).toMatchObject({
      message: "raw/inbox is not in the lake",
      expected: "a table raw.inbox with content, made by others",
    });
  });

  it.each([
    [{}, "{}"],
    [{ dataVersion: "" }, '{"dataVersion":""}'],
    [undefined, "undefined"],
  ])("that gives no version (%j) fails", async (seen, got) => {
    const rig = new Observed({ observe: () => seen as { dataVersion: string } });
    expect(await rig.outcomes()).toEqual(["failed", "skipped"]);
    expect(rig.failure()).toMatchObject({ message: "observing raw/inbox gave no data version", got });
  });

  it("has the code version of its function, or of its patterns", () => {
    const version = (options: Partial<SourceOptions>) =>
      defineSource({ key: "raw/inbox", ...options }).codeVersion();
    expect(version({ files: "a.csv" })).toBe(version({ files: ["a.csv"] }));
    expect(version({ files: "a.csv" })).not.toBe(version({ files: "b.csv" }));
    const one = version({ observe: () => ({ dataVersion: "1" }) });
    expect(version({ observe: () => ({ dataVersion: "1" }) /* the same */ })).toBe(one);
    expect(version({ observe: () => ({ dataVersion: "2" }) })).not.toBe(one);
  });

  it.each([
    [{ files: "a.csv", observe: () => ({ dataVersion: "1" }) }, "observe and files are two answers"],
    [{ files: [] }, "files names none"],
  ])("that contradicts itself is a wrong definition", (options, message) => {
    const [problem] = defineSource({ key: "raw/inbox", ...options }).problems;
    expect(problem?.message).toContain(`${assetKey("raw/inbox")}: ${message}`);
  });
});
