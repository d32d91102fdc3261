// Stages wide rows of a file as Parquet and prints the most memory that this process had, MB. Arguments: file, folder.
import { defineTable } from "../../../framework/definition/table.ts";
import { writeParquet } from "../../../framework/lakehouse/athena/parquet-writer.ts";

const [path = "", folder = ""] = process.argv.slice(2);
await writeParquet({
  table: defineTable({ key: "sf_raw/wide", columns: { id: "string", text: "string" } }),
  files: [{ path, format: "ndjson" }],
  disposition: { type: "merge", strategy: "insert-only", key: ["id"], unless: ["text"] },
  folder,
});
process.stdout.write(String(Math.round(process.resourceUsage().maxRSS / 1024)));
