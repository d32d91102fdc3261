/**
 * Loads batches into `t/log` until told to stop: `loader-process <lake> <extensions> <folder> <name> <batches> <rows>`.
 * Batch n holds rows `<name>-<n>-<i>` and is announced on stdout before it is loaded and after.
 */
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { defineTable } from "../../framework/definition/table.ts";
import { openEmbeddedLakehouse } from "../../framework/lakehouse/duckdb/embedded-lakehouse.ts";

const [, , dir = "", extensions = "", folder = "", name = "", batches = "0", rows = "0"] = process.argv;
const table = defineTable({ key: "t/log", columns: { id: "string", batch: "string" } });
const lake = openEmbeddedLakehouse({ dir, extensionDirectory: async () => extensions });

await lake.ensureTable(table);
for (let batch = 0; batch < Number(batches); batch += 1) {
  const path = join(folder, `${name}.ndjson`);
  const lines = Array.from({ length: Number(rows) }, (_, index) =>
    JSON.stringify({ id: `${name}-${batch}-${index}`, batch: `${name}-${batch}` }),
  );
  await writeFile(path, lines.join("\n"));
  process.stdout.write(`loading ${batch}\n`);
  const result = await lake.load({
    table,
    files: [{ path, format: "ndjson" }],
    disposition: { type: "merge", strategy: "insert-only", key: ["id"] },
  });
  if (result.rowsInserted !== Number(rows))
    throw new Error(`expected ${rows} rows, got ${result.rowsInserted}`);
  process.stdout.write(`loaded ${batch} ${result.snapshotId ?? ""}\n`);
}
await lake.close();
