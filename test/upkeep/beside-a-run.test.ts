import { rmSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { lakeProject } from "../support/lake-project.ts";
import { printed } from "../support/moraine.ts";

const config = `import { existsSync, writeFileSync } from "node:fs";
import { defineAsset, defineConfig, defineTable } from "moraine";
const table = defineTable({ key: "raw/log", columns: { n: "int" } });
const log = defineAsset({
  key: "raw/log", table, refresh: { everyMs: 0 },
  materialize: async ({ lakehouse, stateDir, log }) => {
    const path = stateDir + "/rows.ndjson";
    writeFileSync(path, '{"n": 1}');
    await lakehouse.load({ table, files: [{ path, format: "ndjson" }], disposition: { type: "append" } });
    log("appended");
    while (existsSync(stateDir + "/hold")) await new Promise((done) => setTimeout(done, 50));
  },
});
export default defineConfig({ name: "log", assets: [log] });
`;

it("compacting and expiring beside an attempt leaves it the way back, should it be killed", async () => {
  const project = await lakeProject({ "moraine.config.ts": config });
  await project.run("materialize");
  project.write(".moraine/hold", "");
  const child = project.start(["materialize", "--json"]);
  await printed(child, "appended");
  const [optimized] = await project.json<object[]>("lake", "optimize", "raw/log");
  expect(optimized).toMatchObject({ filesBefore: 2, filesAfter: 1 });
  // The first snapshot is what the attempt began with; the second, its own, tells that nobody else has written since.
  const [expired] = await project.json<object[]>("lake", "expire", "raw/log", "--older-than", "0s");
  expect(expired).toMatchObject({ snapshotsRemoved: 0 });
  child.kill("SIGKILL");
  await child.finished;
  rmSync(join(project.directory, ".moraine/hold"));
  expect((await project.run("materialize")).code).toBe(0);
  expect(await project.json("query", "SELECT count(*) AS n FROM raw.log")).toEqual([{ n: 2 }]);
});
