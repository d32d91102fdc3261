import { once } from "node:events";
import { dirname } from "node:path";
import { createInterface } from "node:readline";
import { afterAll, beforeAll, expect, it } from "vitest";
import { collectRows } from "../../framework/lakehouse/lakehouse.ts";
import { bundledScript, finished } from "../support/scripts.ts";
import { lakeRig, testExtensions } from "./support.ts";

let script: Awaited<ReturnType<typeof bundledScript>>;
beforeAll(async () => {
  script = await bundledScript("lakehouse/loader-process");
});
afterAll(() => script.remove());

const rowsPerBatch = 20_000;

it.each([
  { name: "each batch is one commit", how: [] },
  { name: "each batch is a draft of two commits", how: ["draft"] },
])("leaves whole batches only when the loader is killed at any moment: $name", async ({ how }) => {
  const rig = await lakeRig();
  const args = [rig.dir, await testExtensions(), dirname(rig.dir)] as const;
  for (let round = 0; round < 8; round += 1) {
    const child = script.run(...args, `r${round}`, "50", String(rowsPerBatch), ...how);
    // Each round is killed after another number of lines, and so between them or inside a load.
    let lines = 0;
    for await (const line of createInterface({ input: child.stdout })) {
      expect(line).toMatch(/^load(ing|ed) /);
      lines += 1;
      if (lines > round) child.kill("SIGKILL");
    }
    if (child.exitCode === null && child.signalCode === null) await once(child, "close");
    expect(child.signalCode).toBe("SIGKILL");
    const reader = rig.another();
    const batches = await collectRows(
      await reader.query("SELECT batch, count(*) AS n FROM t.log GROUP BY batch"),
    );
    expect(batches.filter((row) => row["n"] !== rowsPerBatch)).toEqual([]);
    await reader.close();
  }
  // What the killed loaders left behind disturbs nobody.
  await finished(script.run(...args, "last", "1", String(rowsPerBatch), ...how));
  const [row] = await collectRows(
    await rig.lake.query("SELECT count(*) AS n FROM t.log WHERE batch = 'last-0'"),
  );
  expect(row).toEqual({ n: rowsPerBatch });
  await rig.close();
});
