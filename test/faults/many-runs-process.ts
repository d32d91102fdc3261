import { readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { defineAsset } from "../../framework/definition/define-asset.ts";
import { defineTable } from "../../framework/definition/table.ts";
import { openEmbeddedLakehouse } from "../../framework/lakehouse/duckdb/embedded-lakehouse.ts";
import { materialize } from "../../framework/materializer/materialize.ts";
import { openStore } from "../../framework/store/open-store.ts";
import { runRequest } from "../support/run-request.ts";

/*
 * Many runs in one process, as a long-lived program makes them. Each reads the outside world, which changes every 500th
 * time; then a table is written to the lake and what reads it is made. Says the heap in use and the open files before the
 * runs and after each tenth part of them, a line of JSON each. Needs --expose-gc.
 *   many-runs-process <folder> <extensions> <runs>
 */
const [, , folder = "", extensions = "", runs = "0"] = process.argv;
const lakehouse = openEmbeddedLakehouse({
  dir: join(folder, "lake"),
  extensionDirectory: async () => extensions,
});
const store = openStore({ path: join(folder, "moraine.db"), target: "local" });

let number = 0;
const source = defineAsset({
  key: "outside/world",
  refresh: { everyMs: 0 },
  materialize: () => ({ dataVersion: String(Math.floor(number / 500)) }),
});
const usersTable = defineTable({ key: "raw/users", columns: { id: "int" } });
const users = defineAsset({
  key: "raw/users",
  deps: { source },
  table: usersTable,
  materialize: async (context) => {
    const path = join(folder, "users.ndjson");
    await writeFile(path, JSON.stringify({ id: number }));
    await context.lakehouse.load({
      table: usersTable,
      files: [{ path, format: "ndjson" }],
      disposition: { type: "replace" },
    });
  },
});
const mart = defineAsset({
  key: "mart/users",
  deps: { users },
  materialize: ({ log }) => log("made", "debug"),
});
const request = runRequest({ assets: [source, users, mart] }, { store, lakehouse, folder });

const tenth = Math.ceil(Number(runs) / 10);
for (; number < Number(runs) + 1; number++) {
  const { status } = await materialize({ ...request, signal: new AbortController().signal });
  if (status !== "succeeded") throw new Error(`run ${number} ${status}`);
  if (number % tenth === 0) await measure();
}
await lakehouse.close();
store.close();

async function measure(): Promise<void> {
  // Twice, for what is only known to be garbage once its finalizers have run.
  for (let round = 0; round < 2; round++) {
    globalThis.gc?.();
    await new Promise(setImmediate);
  }
  const files = (await readdir("/proc/self/fd")).length;
  const { heapUsed, rss } = process.memoryUsage();
  process.stdout.write(`${JSON.stringify({ number, heapUsed, rss, files })}\n`);
}
