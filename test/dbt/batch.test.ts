import { expect, test } from "vitest";
import type { Definitions } from "moraine";
import type { RunEvent } from "../../framework/event/event.ts";
import { Rig } from "../support/rig.ts";
import { find, Shop } from "./rig.ts";

const seed = "raw/order_seed";
const staging = "staging/stg_order";
const customers = "marts/dim_customer";

/** Outcomes and check results of a run of all assets. */
async function run(rig: Rig, shop: Shop, definitions: Definitions, signal?: AbortSignal) {
  rig.events.length = 0;
  const summary = await rig.run(definitions.assets, {
    lakehouse: shop.lakehouse(),
    ...(signal === undefined ? {} : { signal }),
  });
  return { outcomes: summary.outcomes, checks: checksOf(rig) };
}

function checksOf(rig: Rig): Readonly<Record<string, RunEvent & { type: "check-finished" }>> {
  return Object.fromEntries(rig.eventsOf("check-finished").map((event) => [event.check, event]));
}

test("one invocation makes all models and runs their tests, each before what is downstream", async () => {
  const shop = new Shop();
  const rig = new Rig();
  const { outcomes, checks } = await run(rig, shop, await shop.load());
  expect(outcomes).toEqual({
    [seed]: "materialized",
    [staging]: "materialized",
    [customers]: "materialized",
  });
  expect(checks["unique_id"]?.result).toEqual({ passed: true });
  expect(checks["spent_is_small"]).toMatchObject({ severity: "warn", result: { passed: false, value: 1 } });
  const order = rig.events.map((event) =>
    event.type === "asset-started" ? event.key : event.type === "check-finished" ? event.check : "",
  );
  expect(order.indexOf("unique_id")).toBeLessThan(order.indexOf(customers));
  const written = rig.eventsOf("asset-finished").find((event) => event.key === seed)?.metadata;
  expect(written).toMatchObject({ rows_written: { type: "rows", value: 3 } });
});

test("a failed blocking test leaves what is downstream skipped, and the next run mends it", async () => {
  const shop = new Shop();
  const rig = new Rig();
  const source = await shop.source();
  shop.edit("seeds/order_seed.csv", (csv) => `${csv}3,ada,7\n`);
  const first = await run(rig, shop, await shop.load(source));
  expect(first.outcomes).toEqual({ [seed]: "materialized", [staging]: "failed", [customers]: "skipped" });
  expect(first.checks["unique_id"]).toMatchObject({ blocking: true, result: { passed: false, value: 1 } });
  const skipped = rig.eventsOf("asset-finished").find((event) => event.key === customers);
  expect(skipped?.because).toBe(staging);
  expect(rig.eventsOf("check-started").map((event) => event.check)).not.toContain("unique_customer");

  shop.edit("seeds/order_seed.csv", (csv) => csv.replace("3,ada,7\n", ""));
  const second = await run(rig, shop, await shop.load(source));
  expect(second.outcomes).toMatchObject({ [staging]: "materialized", [customers]: "materialized" });
});

test("a model that fails names its file and the engine's words; the others go on", async () => {
  const shop = new Shop();
  const rig = new Rig();
  shop.edit("models/stg_order.sql", (sql) =>
    sql.replace("customer,", "nowhere as customer,").replace("lower(customer)", "1"),
  );
  shop.write("models/alone.sql", "select 1 as n");
  const { outcomes } = await run(rig, shop, await shop.load());
  expect(outcomes).toEqual({
    [seed]: "materialized",
    "main/alone": "materialized",
    [staging]: "failed",
    [customers]: "skipped",
  });
  const failed = rig.eventsOf("asset-finished").find((event) => event.key === staging);
  expect(failed?.failure).toMatchObject({
    reason: "dbt-failed",
    message: expect.stringContaining("dbt could not make staging/stg_order: ") as string,
    where: "shop/models/stg_order.sql",
    retryable: false,
  });
});

test("aborting leaves running and waiting models cancelled", async () => {
  const shop = new Shop();
  const rig = new Rig();
  shop.edit(
    "models/stg_order.sql",
    (sql) => `${sql} and (select count(*) from range(1000000000000) a, range(1000000000000) b) > 0`,
  );
  const definitions = await shop.load();
  const controller = new AbortController();
  const { outcomes } = await (async () => {
    const push = rig.events.push.bind(rig.events);
    rig.events.push = (...events) => {
      if (events.some((event) => event.type === "asset-started" && event.key === staging)) controller.abort();
      return push(...events);
    };
    return run(rig, shop, definitions, controller.signal);
  })();
  expect(outcomes).toEqual({ [seed]: "materialized", [staging]: "cancelled", [customers]: "cancelled" });
});

test("checks run alone, and one whose table is not there fails with what to do", async () => {
  const shop = new Shop();
  const definitions = await shop.load();
  const [batch] = definitions.assets.flatMap(({ source }) => (source.type === "batch" ? [source.batch] : []));
  const results: unknown[] = [];
  const lakehouse = shop.lakehouse();
  await batch?.check({
    runId: "run",
    projectDir: shop.directory,
    stateDir: shop.stateDir,
    target: "local",
    lakehouse,
    resources: { secrets: { name: "none", get: () => Promise.reject(new Error("no secrets here")) } },
    signal: new AbortController().signal,
    log: () => undefined,
    checks: find(definitions, customers).checks.map((check) => ({ key: check.asset, name: check.name })),
    report: (report) => results.push(report),
  });
  expect(results).toHaveLength(2);
  expect(results[0]).toMatchObject({
    type: "check-finished",
    result: { passed: false },
    failure: { reason: "check-failed", next: `moraine materialize ${customers}` },
  });
});

test("a failed unit test keeps its model from being made", async () => {
  const shop = new Shop();
  const rig = new Rig();
  shop.edit(
    "models/schema.yml",
    (yml) => `${yml}
unit_tests:
  - name: names_are_lower_case
    model: stg_order
    given:
      - input: ref('order_seed')
        rows: [{ id: 1, customer: ADA, total: 1 }]
    expect:
      rows: [{ id: 1, customer: ADA, total_cents: 100 }]
`,
  );
  const { outcomes, checks } = await run(rig, shop, await shop.load());
  expect(outcomes).toMatchObject({ [seed]: "materialized", [staging]: "failed", [customers]: "skipped" });
  expect(checks["names_are_lower_case"]?.result.passed).toBe(false);
});
