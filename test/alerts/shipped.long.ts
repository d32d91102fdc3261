import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { control, dimension, FaultyPipeline, raw, staging, urlOf } from "../support/faulty-pipeline.ts";

const pipeline = new FaultyPipeline(200);

/** What fires, as rule and subject. */
async function firing(): Promise<readonly string[]> {
  const alerts = await pipeline.project.json<{ rule: string; subject: string }[]>("alerts");
  return alerts.map(({ rule, subject }) => `${rule}: ${subject}`);
}

it("tells of the shipped pipeline a mass change and used up calls, and of usual nights nothing", async () => {
  pipeline.edit(
    "moraine.config.ts",
    "defineConfig({",
    'defineConfig({\n  alerts: { channels: { team: { type: "command", argv: ["sh", "-c", "cat >> told.jsonl"] } } },',
  );
  const told = () => readFileSync(pipeline.path("told.jsonl"), "utf8");
  const org = pipeline.project.start(["sandbox", "serve", "--port", "0", "--users", "200", "--json"]);
  const url = await urlOf(org);
  const night = async () => {
    const { code } = await pipeline.materialize([], { MORAINE_SALESFORCE_URL: url });
    return { code, firing: await firing() };
  };
  for (let nights = 0; nights < 7; nights += 1) {
    expect(await night()).toEqual({ code: 0, firing: [] });
    await control(url, "POST", "advance", { days: 1 });
  }

  const users = await pipeline.project.json<{ user_id: string }[]>(
    "query",
    `SELECT user_id FROM ${dimension.replace("/", ".")} WHERE is_current AND NOT is_deleted LIMIT 120`,
  );
  await control(url, "POST", "records", {
    records: users.map(({ user_id: Id }) => ({ Id, Division: "Everything", Audit_Phase__c: "Closed" })),
  });
  const changed = await night();
  expect(changed.code).toBe(0);
  expect(changed.firing).toEqual([
    ...[raw, staging, dimension].map((key) => `volume-anomaly: ${key} rows`),
    `scd-anomaly: ${dimension} versions_opened`,
    `scd-anomaly: ${dimension} versions_closed`,
  ]);

  expect(told()).toMatch(/dim_sf_user_scd had 1\d\d versions opened at once/);

  await control(url, "POST", "advance", { days: 1 });
  await control(url, "POST", "faults", { kind: "403-total", times: 100 });
  const refused = await night();
  expect(refused.code).toBe(6);
  expect(refused.firing).toContain(`quota: ${raw}`);
  await control(url, "DELETE", "faults");
  expect((await night()).firing).not.toContain(`quota: ${raw}`);
});
