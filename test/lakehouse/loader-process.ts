/**
 * Loads batches into `t/log` until told to stop: `loader-process <lake> <extensions> <folder> <name> <batches> <rows>`,
 * each in one commit, or with `draft` as last argument in two commits to a draft. Batch n holds rows `<name>-<n>-<i>`
 * and is announced on stdout before it is loaded and after.
 */
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { defineTable } from "../../framework/definition/table.ts";
import { openEmbeddedLakehouse } from "../../framework/lakehouse/duckdb/embedded-lakehouse.ts";
import type { Lakehouse } from "../../framework/lakehouse/lakehouse.ts";

const [, , dir = "", extensions = "", folder = "", name = "", batches = "0", rows = "0", how] = process.argv;
const table = defineTable({ key: "t/log", columns: { id: "string", batch: "string" } });
const lake = openEmbeddedLakehouse({ dir, extensionDirectory: async () => extensions });

await lake.ensureTable(table);
for (let batch = 0; batch < Number(batches); batch += 1) {
  process.stdout.write(`loading ${batch}\n`);
  const snapshotId = how === "draft" ? await loadDraft(batch) : await load(lake, batch, 0, Number(rows));
  process.stdout.write(`loaded ${batch} ${snapshotId}\n`);
}
await lake.close();

async function loadDraft(batch: number): Promise<string> {
  const draft = await lake.draft(table.key);
  const half = Math.floor(Number(rows) / 2);
  await load(draft.lakehouse, batch, 0, half);
  process.stdout.write(`loading ${batch}\n`);
  const snapshotId = await load(draft.lakehouse, batch, half, Number(rows));
  process.stdout.write(`loading ${batch}\n`);
  await draft.publish();
  return snapshotId;
}

async function load(into: Lakehouse, batch: number, from: number, to: number): Promise<string> {
  const path = join(folder, `${name}.ndjson`);
  const lines = Array.from({ length: to - from }, (_, index) =>
    JSON.stringify({ id: `${name}-${batch}-${from + index}`, batch: `${name}-${batch}` }),
  );
  await writeFile(path, lines.join("\n"));
  const result = await into.load({
    table,
    files: [{ path, format: "ndjson" }],
    disposition: { type: "merge", strategy: "insert-only", key: ["id"] },
  });
  if (result.rowsInserted !== lines.length) {
    throw new Error(`expected ${lines.length} rows, got ${result.rowsInserted}`);
  }
  return result.snapshotId ?? "";
}
