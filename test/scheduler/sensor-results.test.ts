import { expect, it } from "vitest";
import { readSensorResult } from "../../framework/definition/sensor-result.ts";
import { Project } from "../support/moraine.ts";

it.each([
  ["a list", [], ""],
  ["runs that are no list", { runs: { selection: "a" } }, "runs"],
  ["a run of nothing", { runs: [undefined] }, "runs.0"],
  ["a run without selection", { runs: [{}] }, "runs.0.selection"],
  ["a number as selection", { runs: [{ selection: "a" }, { selection: ["a", 5] }] }, "runs.1.selection"],
  ["an empty selection", { runs: [{ selection: "" }] }, "runs.0.selection"],
  ["a Date as partition", { runs: [{ selection: "a", partitions: new Date(0) }] }, "runs.0.partitions"],
  ["a number as tag", { runs: [{ selection: "a", tags: { size: 5 } }] }, "runs.0.tags.size"],
  [
    "a tag that no command line takes",
    { runs: [{ selection: "a", tags: { "a=b": "c" } }] },
    "runs.0.tags.a=b",
  ],
  ["a tag that moraine gives", { runs: [{ selection: "a", tags: { tick: "mine" } }] }, "runs.0.tags.tick"],
  ["tags in a list", { runs: [{ selection: "a", tags: ["x"] }] }, "runs.0.tags"],
  ["a cursor that JSON would lose", { cursor: { seen: Number.NaN } }, "cursor.seen"],
  ["a reason that is no text", { skip: true }, "skip"],
])("a poll that gives %s is wrong there", (_, given, path) => {
  const read = readSensorResult(given);
  expect("problems" in read ? read.problems.map((problem) => problem.path.join(".")) : read).toEqual([path]);
});

it("a poll that gives nothing, or what it may, is taken as it is", () => {
  const result = {
    runs: [{ selection: ["a", "b+"], partitions: "2026-01-01", tags: { reason: "new file" } }],
    cursor: { seen: ["x", null] },
    skip: "nothing",
  };
  expect(readSensorResult(result)).toEqual({ result });
  expect([readSensorResult(undefined), readSensorResult(null)]).toEqual([{ result: {} }, { result: {} }]);
});

it("a poll whose result is wrong fails by name, and leaves cursor and runs as they were", async () => {
  const project = new Project({
    "moraine.config.ts": `
import { defineAsset, defineConfig, defineSensor } from "moraine";
const users = defineAsset({ key: "raw/users", materialize: () => {} });
const files = defineSensor({
  name: "files", everyMs: 60_000,
  poll: () => ({ cursor: "moved", runs: [{ selection: "raw/users" }, { selection: undefined }] }),
});
export default defineConfig({ name: "shop", assets: [users], schedules: [files] });`,
  });
  const { code, stderr } = await project.run("schedules", "files", "--tick");
  expect([code, stderr]).toEqual([
    1,
    expect.stringContaining(
      "sensor files gave a wrong result.runs.1.selection: expected a text or a list of texts",
    ),
  ]);
  const shown = await project.json<{ cursor: unknown; ticks: readonly unknown[] }>("schedules", "files");
  expect([shown.cursor ?? null, shown.ticks]).toEqual([null, []]);
});
