import { dbtProject, defineConfig } from "moraine";
import { dimSfUserScd } from "./assets/sf_user/tables.ts";

export default defineConfig({
  name: "salesforce-users",
  assets: ["assets/*/index.ts", dbtProject({ dir: "dbt", tables: [dimSfUserScd] })],
  schedules: "schedules/*.ts",
  targets: {
    // Everything on this machine: Iceberg as plain files, DuckDB, and a Salesforce org on localhost.
    local: { lakehouse: { type: "embedded" }, secrets: { type: "sandbox" } },
    // On AWS: docs/deploy.md makes what these name, and `terraform output -json target` prints them.
    aws: {
      lakehouse: {
        type: "athena",
        location: process.env["MORAINE_ATHENA_LOCATION"] ?? "s3://moraine-lake/lake",
        results: process.env["MORAINE_ATHENA_RESULTS"] ?? "s3://moraine-results/athena/",
        staging: process.env["MORAINE_ATHENA_STAGING"] ?? "s3://moraine-results/staging",
        workgroup: process.env["MORAINE_ATHENA_WORKGROUP"] ?? "moraine",
      },
      secrets: { type: "aws-secrets-manager" },
    },
  },
  pools: { salesforce: 2, dbt: 1 },
});
