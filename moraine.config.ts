import { dbtProject, defineConfig } from "moraine";
import { dimSfUserScd } from "./assets/sf_user/tables.ts";

export default defineConfig({
  name: "salesforce-users",
  assets: ["assets/*/index.ts", dbtProject({ dir: "dbt", tables: [dimSfUserScd] })],
  targets: {
    // Everything on this machine: Iceberg as plain files, DuckDB, and a Salesforce org on localhost.
    local: { lakehouse: { type: "embedded" }, secrets: { type: "sandbox" } },
  },
  pools: { salesforce: 2, dbt: 1 },
});
