import { afterAll, beforeAll, expect, it } from "vitest";
import type { Project } from "../support/moraine.ts";
import { outcomesOf, shippedProject } from "../support/shipped-project.ts";
import { type Seaweedfs, startSeaweedfs } from "../aws/stack/seaweedfs.ts";

let seaweedfs: Seaweedfs;
beforeAll(async () => {
  seaweedfs = await startSeaweedfs();
  process.env["MORAINE_SECRET_LAKE"] = JSON.stringify(seaweedfs.secret);
});
afterAll(async () => {
  delete process.env["MORAINE_SECRET_LAKE"];
  await seaweedfs.close();
});

/** Everything but when we learned it. */
const dimension = `SELECT user_id, division, audit_phase, is_active, valid_from, valid_to, update_date, is_current, is_deleted,
  delete_reason, scd_id, email, title FROM sf_curated.dim_sf_user_scd ORDER BY user_id, valid_from`;
const rowsOf = (project: Project, target: string) =>
  project.json<object[]>("query", dimension, "--limit", "100000", "--target", target);

it("makes the same dimension in a catalog with S3 as on this machine, day by day", async () => {
  const project = await shippedProject();
  const { uri, warehouse } = seaweedfs;
  const rest = { type: "rest", uri, warehouse, secret: "lake" };
  project.write(
    "moraine.config.ts",
    `import { dbtProject, defineConfig } from "moraine";
import { dimSfUserScd } from "./assets/sf_user/tables.ts";
export default defineConfig({
  name: "salesforce-users",
  assets: ["assets/*/index.ts", dbtProject({ dir: "dbt", tables: [dimSfUserScd] })],
  targets: {
    local: { lakehouse: { type: "embedded" }, secrets: { type: "sandbox" } },
    rest: { lakehouse: ${JSON.stringify(rest)}, secrets: { type: "sandbox" } },
  },
  pools: { salesforce: 2, dbt: 1 },
});
`,
  );
  for (let day = 0; day < 2; day++) {
    const { code, stdout, stderr } = await project.run(
      "demo",
      "--users",
      "200",
      "--target",
      "rest",
      "--json",
    );
    expect([code, stderr]).toEqual([0, ""]);
    expect(outcomesOf(stdout)).toMatchObject({ "sf_curated/dim_sf_user_scd": "materialized" });
    const local = await project.run("materialize", "--target", "local", "--json");
    expect([local.code, local.stderr]).toEqual([0, ""]);
    const rows = await rowsOf(project, "rest");
    expect(rows.length).toBeGreaterThanOrEqual(200);
    expect(rows).toEqual(await rowsOf(project, "local"));
  }
  const findings = await project.json<{ name: string; status: string; message: string }[]>(
    "doctor",
    "--target",
    "rest",
    "--only",
    "lake",
  );
  expect(findings).toMatchObject([{ status: "ok", message: expect.stringMatching(/^rest, \d+ tables/) }]);
});
