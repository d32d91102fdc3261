import { join } from "node:path";
import { expect, it } from "vitest";
import { catalogFile, CatalogStore } from "../../framework/lakehouse/catalog/catalog-store.ts";
import { Pointers } from "../../framework/lakehouse/catalog/pointers.ts";
import { createTableUpdates } from "../../framework/lakehouse/catalog/create-table.ts";
import { requests } from "../../framework/lakehouse/catalog/protocol.ts";
import { systemClock } from "../../framework/util/clock.ts";
import { schema } from "../lakehouse/catalog-client.ts";
import { lakeProject } from "../support/lake-project.ts";

it("doctor names tables and namespaces in the lake that are the same apart from case", async () => {
  const project = await lakeProject({
    "moraine.config.ts": `
      import { defineConfig } from "moraine";
      export default defineConfig({ name: "named", assets: [] });
    `,
  });
  const dir = join(project.directory, ".moraine", "lake");
  const store = new CatalogStore({ dir, clock: systemClock });
  store.createNamespace("raw");
  const request = requests.createTable.parse({ name: "users", schema });
  const identifier = { namespace: "raw", name: "users" };
  const { metadataFile } = store.create({ identifier, request, updates: createTableUpdates(request) });
  store.close();
  const lake = async () => (await project.run("doctor", "--only", "lake")).stdout;
  expect(await lake()).toContain("embedded, 1 table\n");
  // As an earlier version let other clients make them.
  const pointers = new Pointers(catalogFile(dir));
  pointers.addTable({ namespace: "raw", name: "Users" }, metadataFile);
  expect(await lake()).toContain("2 tables; the same name apart from case: raw/Users, raw/users");
  pointers.addTable({ namespace: "RAW", name: "x" }, metadataFile);
  pointers.close();
  expect(await lake()).toContain("the same name apart from case: RAW, raw");
});
