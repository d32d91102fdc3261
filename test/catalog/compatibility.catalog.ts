import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it, onTestFinished } from "vitest";
import { startCatalog } from "../../framework/lakehouse/catalog/start-catalog.ts";
import { compatibility } from "./iceberg-java.ts";

it("passes Iceberg's own tests of catalogs, but for tables of format 1, which it refuses", async () => {
  const folder = await mkdtemp(join(tmpdir(), "moraine-compatibility-"));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const lake = join(folder, "lake");
  const catalog = await startCatalog({ dir: lake });
  onTestFinished(() => catalog.close());
  const found = await compatibility(catalog, { lake, reports: join(folder, "reports") });
  expect(found).toEqual({
    passed: 91,
    // Each is made for format 1 and 2, or 1 to 3.
    failed: ["createTableTransaction(int)[1]", "replaceTableTransaction(int)[1]"],
  });
});
