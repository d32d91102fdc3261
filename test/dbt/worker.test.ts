import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { DuckDBInstance } from "@duckdb/node-api";
import { expect, test } from "vitest";
import type { DbtManifest } from "../../framework/dbt/dbt-manifest.ts";
import type { WorkerEvent } from "../../framework/dbt/worker-protocol.ts";
import { Shop } from "./rig.ts";

const signal = new AbortController().signal;
const models = ["seed.shop.order_seed", "model.shop.stg_order", "model.shop.dim_customer"];

/** Makes a request and gives the events that came with it. */
async function build(
  shop: Shop,
  worker: Awaited<ReturnType<Shop["worker"]>>,
  nodes: readonly string[],
  fullRefresh: readonly string[] = [],
): Promise<readonly WorkerEvent[]> {
  const events: WorkerEvent[] = [];
  await worker.request(
    { command: "build", env: shop.environment, nodes, fullRefresh },
    { signal, onEvent: (event) => events.push(event) },
  );
  return events;
}

const statuses = (events: readonly WorkerEvent[]) =>
  Object.fromEntries(
    events.flatMap((event) => (event.type === "node-finished" ? [[event.node, event.status]] : [])),
  );

async function rowsOf(shop: Shop, sql: string): Promise<unknown> {
  const instance = await DuckDBInstance.create(shop.environment.SHOP_DATABASE, { access_mode: "READ_ONLY" });
  const connection = await instance.connect();
  const rows = (await connection.runAndReadAll(sql)).getRowsJson();
  connection.closeSync();
  instance.closeSync();
  return rows;
}

test("parses, builds, and builds again what reads an ephemeral model", async () => {
  const shop = new Shop();
  const worker = await shop.worker();
  const manifest = (await worker.request({ command: "parse", env: {} }, { signal })) as DbtManifest;
  expect(manifest).toMatchObject({ adapterType: "duckdb", projectName: "shop" });

  const tests = manifest.nodes.filter((node) => node.name === "spent_is_small").map((node) => node.uniqueId);
  const first = await build(shop, worker, [...models, ...tests]);
  expect(statuses(first)).toMatchObject({
    "model.shop.stg_order": "success",
    "model.shop.dim_customer": "success",
    [tests[0] ?? ""]: "warn",
  });
  const warned = first.find((event) => event.type === "node-finished" && event.status === "warn");
  expect(warned).toMatchObject({
    failures: 1,
    compiledCode: expect.stringContaining("dim_customer") as string,
  });

  const second = await build(shop, worker, models);
  expect(statuses(second)).toMatchObject({ "model.shop.dim_customer": "success" });
  expect(second.some((event) => "node" in event && event.node === tests[0])).toBe(false);
  await worker.close();
  expect(await rowsOf(shop, "select customer, spent from marts.dim_customer order by 1")).toEqual([
    ["ada", "1550"],
    ["grace", "2000"],
  ]);
});

test("refreshes exactly the named models in full", async () => {
  const shop = new Shop();
  for (const name of ["a", "b"])
    shop.write(
      `models/times_${name}.sql`,
      `{{ config(materialized='incremental') }} select '{{ "again" if is_incremental() else "whole" }}' as how`,
    );
  const worker = await shop.worker();
  await worker.request({ command: "parse", env: shop.environment }, { signal });
  const both = ["model.shop.times_a", "model.shop.times_b"];
  await build(shop, worker, both);
  await build(shop, worker, both, ["model.shop.times_b"]);
  await build(shop, worker, both);
  await worker.close();
  expect(await rowsOf(shop, "select how from times_a")).toEqual([["whole"], ["again"], ["again"]]);
  expect(await rowsOf(shop, "select how from times_b")).toEqual([["whole"], ["again"]]);
});

test("prints of a model stay off the channel, and its log lines come as events", async () => {
  const shop = new Shop();
  shop.edit(
    "models/stg_order.sql",
    (sql) => `{{ print("to stdout") }}{{ log("for people", info=True) }}\n${sql}`,
  );
  const worker = await shop.worker();
  await worker.request({ command: "parse", env: {} }, { signal });
  const events = await build(shop, worker, models);
  expect(events).toContainEqual(
    expect.objectContaining({ type: "log", level: "info", message: "for people" }),
  );
  expect(statuses(events)).toMatchObject({ "model.shop.stg_order": "success" });
});

test("aborting ends the query, and leaves nothing behind that stops the next worker", async () => {
  const shop = new Shop();
  shop.write(
    "models/endless.sql",
    "select count(*) as n from range(1000000000000) a, range(1000000000000) b",
  );
  const worker = await shop.worker();
  await worker.request({ command: "parse", env: {} }, { signal });
  const controller = new AbortController();
  const running = worker.request(
    { command: "build", env: shop.environment, nodes: ["model.shop.endless"], fullRefresh: [] },
    {
      signal: controller.signal,
      onEvent: (event) => {
        if (event.type === "node-started") controller.abort();
      },
    },
  );
  await expect(running).rejects.toMatchObject({ failure: { reason: "cancelled", retryable: false } });
  // Whether dbt could cancel or had to be killed depends on how far the query had come.
  await worker.close();
  const next = await shop.worker();
  await next.request({ command: "parse", env: {} }, { signal });
  expect(statuses(await build(shop, next, models))).toMatchObject({ "model.shop.stg_order": "success" });
});

test("a worker that dies says so with its last words", async () => {
  const shop = new Shop();
  shop.write("models/deadly.sql", "select count(*) as n from range(1000000000000) a, range(1000000000000) b");
  const worker = await shop.worker();
  await worker.request({ command: "parse", env: {} }, { signal });
  const running = worker.request(
    { command: "build", env: shop.environment, nodes: ["model.shop.deadly"], fullRefresh: [] },
    { signal, onEvent: () => process.kill(worker.pid ?? 0, "SIGKILL") },
  );
  await expect(running).rejects.toMatchObject({
    failure: { reason: "dbt-failed", message: "dbt's process ended with SIGKILL", retryable: true },
  });
  expect(worker.hasEnded).toBe(true);
});

test("what dbt cannot parse is an error with its file, and the worker goes on", async () => {
  const shop = new Shop();
  const worker = await shop.worker();
  shop.edit("models/dim_customer.sql", (sql) => sql.replace("int_spender", "nobody"));
  await expect(worker.request({ command: "parse", env: {} }, { signal })).rejects.toMatchObject({
    kind: "dbt",
    message: expect.stringContaining("models/dim_customer.sql") as string,
  });
  shop.edit("models/dim_customer.sql", (sql) => sql.replace("nobody", "int_spender"));
  await worker.request({ command: "parse", env: {} }, { signal });
});

test("what dbt writes stays out of the project", async () => {
  const shop = new Shop();
  const worker = await shop.worker();
  await worker.request({ command: "parse", env: {} }, { signal });
  await build(shop, worker, models);
  expect(readFileSync(join(shop.stateDir, "logs/dbt.log"), "utf8")).toContain("stg_order");
  expect(readdirSync(shop.dir).sort()).toEqual(
    ["dbt_project.yml", "macros", "models", "profiles.yml", "seeds", "tests"].sort(),
  );
});
