import { CreateSecretCommand, SecretsManagerClient } from "@aws-sdk/client-secrets-manager";
import { expect, it } from "vitest";
import type { Sandbox } from "../../../framework/sandbox/sandbox.ts";
import { control, serveOrg } from "../../salesforce/rig.ts";
import { printed, type Project } from "../../support/moraine.ts";
import { outcomesOf, shippedProject } from "../../support/shipped-project.ts";
import { AthenaControl } from "../stack/athena-stack.ts";
import { emptyAccount } from "./rig.ts";

const users = 300;

/** An org, its credentials in Secrets Manager, and the shipped project with both of its targets. */
async function deployment(): Promise<{ readonly org: Sandbox; readonly project: Project }> {
  await emptyAccount();
  const org = await serveOrg(users);
  const secrets = new SecretsManagerClient();
  await secrets.send(
    new CreateSecretCommand({ Name: "moraine/salesforce", SecretString: JSON.stringify(org.credentials()) }),
  );
  secrets.destroy();
  process.env["MORAINE_SALESFORCE_URL"] = org.url;
  process.env["MORAINE_ATHENA_WORKGROUP"] = "primary";
  return { org, project: await shippedProject() };
}

async function materialize(project: Project, target: string, ...more: readonly string[]) {
  const { code, stdout, stderr } = await project.run("materialize", "--json", "--target", target, ...more);
  expect([code, stderr]).toEqual([0, ""]);
  return outcomesOf(stdout);
}

/** Every row of raw log and dimension; loads have names of their own. */
async function tables(project: Project, target: string): Promise<readonly unknown[]> {
  const of = (sql: string) => project.json<object[]>("query", sql, "--limit", "100000", "--target", target);
  const raw = await of("SELECT * FROM sf_raw.sf_user ORDER BY id, system_modstamp, op");
  return [
    raw.map((row) => ({ ...row, load_id: undefined })),
    await of("SELECT * FROM sf_curated.dim_sf_user_scd ORDER BY user_id, valid_from"),
  ];
}

/** What the last execution of a statement scanned. */
async function bytesOf(sql: string): Promise<number> {
  const seen = await new AthenaControl().executions();
  return seen.findLast(({ query }) => query === sql)?.scannedBytes ?? Number.NaN;
}

it(
  "gives on Athena, over days with changes and a kill, the rows that the embedded lake has",
  { timeout: 1_500_000 },
  async () => {
    const { org, project } = await deployment();
    for (let day = 1; day <= 3; day++) {
      if (day > 1) await control(org, "POST", "advance", { days: 1 });
      if (day === 2) {
        const child = project.start(["materialize", "--json", "--target", "aws"]);
        await printed(child, '"type":"asset-started","key":"sf_staging/stg_sf_user"');
        child.kill("SIGKILL");
        await child.finished;
      }
      const onAthena = await materialize(project, "aws");
      expect(onAthena["sf_curated/dim_sf_user_scd"]).toBe("materialized");
      await materialize(project, "local");
      const embedded = await tables(project, "local");
      expect(await tables(project, "aws")).toEqual(embedded);
      expect(embedded[1]).not.toHaveLength(0);
    }
    expect(await materialize(project, "aws")).toEqual({
      "sf_raw/sf_user": "materialized",
      "sf_staging/stg_sf_user": "fresh",
      "sf_curated/dim_sf_user_scd": "fresh",
      "sf_raw/sf_user__upkeep": "fresh",
      "sf_curated/dim_sf_user_scd__upkeep": "fresh",
    });

    // A day's rows are read without the others'.
    const all = "SELECT count(division) FROM sf_raw.sf_user";
    const day = `${all} WHERE extracted_at >= TIMESTAMP '2026-01-07 00:00:00'`;
    for (const sql of [all, day]) {
      const { code, stderr } = await project.run("query", sql, "--json", "--target", "aws");
      expect(code).toBe(0);
      expect(stderr).toMatch(/^scanned [\d.]+ k?B, \$0\.000050\n$/i);
    }
    expect(await bytesOf(day)).toBeLessThan((await bytesOf(all)) / 2);

    // What it cost is kept with what was made.
    const { history } = await project.json<{ history: { metadata: Record<string, { type: string }> }[] }>(
      "show",
      "sf_curated/dim_sf_user_scd",
      "--target",
      "aws",
    );
    expect(history[0]?.metadata).toMatchObject({
      bytes_scanned: { type: "bytes" },
      query_cost: { type: "text" },
    });

    const replayed = await materialize(project, "aws", "--force", "sf_curated/dim_sf_user_scd");
    const runs = await project.json<{ status: string }[]>("runs", "--target", "aws");
    expect(runs.filter(({ status }) => status !== "succeeded")).toMatchObject([{ status: "interrupted" }]);
    expect(replayed).toEqual({ "sf_curated/dim_sf_user_scd": "materialized" });
    expect(await tables(project, "aws")).toEqual(await tables(project, "local"));
  },
);
