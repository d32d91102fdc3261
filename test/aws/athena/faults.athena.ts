import { AthenaClient, CreateWorkGroupCommand } from "@aws-sdk/client-athena";
import { CreateTableCommand, GlueClient, GetTablesCommand } from "@aws-sdk/client-glue";
import { ListObjectsV2Command, S3Client } from "@aws-sdk/client-s3";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { defineTable } from "../../../framework/definition/table.ts";
import { FailureError } from "../../../framework/event/failure.ts";
import { collectRows, type Disposition, type Lakehouse } from "../../../framework/lakehouse/lakehouse.ts";
import { Project } from "../../support/moraine.ts";
import { AthenaControl } from "../stack/athena-stack.ts";
import { type AthenaRig, athenaRig, lakeLocation, resultsLocation } from "./rig.ts";

const control = new AthenaControl();
const users = defineTable({
  key: "sf_raw/sf_user",
  columns: { id: { type: "string", required: true }, division: "string", at: "timestamp" },
  partitionBy: ["day(at)"],
});
const append: Disposition = { type: "append" };
const upsert: Disposition = { type: "merge", strategy: "upsert", key: ["id"] };

let rig: AthenaRig;
let lake: Lakehouse;
beforeEach(async () => {
  rig = await athenaRig();
  ({ lake } = rig);
  await lake.ensureTable(users);
});
afterEach(async () => {
  await control.clearFaults();
  await rig.close();
});

const at = (day: number) => new Date(Date.UTC(2026, 0, 1) + day * 86_400_000).toISOString();
const rows = (count: number) => Array.from({ length: count }, (_, day) => ({ id: `u${day}`, at: at(day) }));
const load = async (disposition: Disposition, made: readonly object[]) =>
  lake.load({ table: users, files: [await rig.ndjson(made)], disposition });
const count = async (from = "sf_raw.sf_user") =>
  (await collectRows(await lake.query(`SELECT count(*) AS n FROM ${from}`)))[0]?.["n"];

async function failureOf(work: Promise<unknown>) {
  const error = await work.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (!(error instanceof FailureError)) throw new Error(`expected a failure, got ${String(error)}`);
  return error.failure;
}

/** What is in the staging prefix and its database. */
async function staged(): Promise<{ readonly objects: number; readonly tables: number }> {
  const s3 = new S3Client({ forcePathStyle: true });
  const found = await s3.send(
    new ListObjectsV2Command({ Bucket: "moraine-lake", Prefix: "tables/_staging/" }),
  );
  const tables = await new GlueClient().send(new GetTablesCommand({ DatabaseName: "moraine_staging" }));
  return { objects: found.KeyCount ?? 0, tables: tables.TableList?.length ?? 0 };
}

describe("faults", () => {
  it("throttled requests are sent again", async () => {
    await control.addFaults(
      {
        kind: "refuse-operation",
        operation: "StartQueryExecution",
        times: 2,
        error: "TooManyRequestsException",
      },
      { kind: "refuse-operation", operation: "GetQueryExecution", times: 3 },
      { kind: "refuse-operation", operation: "GetQueryResults", times: 1 },
    );
    expect(await load(append, rows(2))).toMatchObject({ rowsInserted: 2 });
    expect(await count()).toBe(2);
  });

  it("a failed query says Athena's reason and its id, and leaves table and staging as they were", async () => {
    await load(append, rows(1));
    const before = await lake.dataVersion(users.key);
    await control.addFaults({
      kind: "fail-query",
      match: "^INSERT",
      error: "GENERIC_INTERNAL_ERROR",
      message: "no luck",
    });
    const failure = await failureOf(load(append, rows(1)));
    expect(failure).toMatchObject({ reason: "query-failed", message: "Athena refused the statement" });
    expect(failure.got).toContain("no luck");
    expect(failure.where).toMatch(/^sf_raw\/sf_user, query [0-9a-f-]{36}$/);
    expect(await lake.dataVersion(users.key)).toBe(before);
    expect(await staged()).toEqual({ objects: 0, tables: 0 });
  });

  it("a commit that lost against another one is tried again", async () => {
    await control.addFaults({ kind: "fail-query", match: "^MERGE", times: 2, error: "ICEBERG_COMMIT_ERROR" });
    expect(await load(upsert, rows(3))).toMatchObject({ rowsInserted: 3 });
    expect(await count()).toBe(3);
  });

  it("a result that is gone is said to be, and is no empty answer", async () => {
    await control.addFaults({ kind: "lose-result", match: "41 \\+ 1" });
    const failure = await failureOf(lake.query("SELECT 41 + 1 AS n"));
    expect(failure).toMatchObject({ where: expect.stringMatching(/^result of query /) });
  });

  it("a long answer is read from its file, and says so when that is lost", async () => {
    await load(append, [
      ...rows(2_500).map(({ id }) => ({ id, at: at(0) })),
      { id: "quoted", division: 'Øko "nomi",\n', at: at(0) },
      { id: "empty", division: "", at: at(0) },
    ]);
    const sql = "SELECT id, division, at FROM sf_raw.sf_user ORDER BY division NULLS LAST, id";
    const answered = await collectRows(await lake.query(sql));
    expect(answered).toHaveLength(2_502);
    expect(answered.slice(0, 3)).toEqual([
      { id: "empty", division: "", at: "2026-01-01 00:00:00.000000" },
      { id: "quoted", division: 'Øko "nomi",\n', at: "2026-01-01 00:00:00.000000" },
      { id: "u0", division: null, at: "2026-01-01 00:00:00.000000" },
    ]);
    await control.addFaults({ kind: "lose-result", match: "ORDER BY id" });
    const failure = await failureOf(
      lake.query("SELECT id FROM sf_raw.sf_user ORDER BY id").then(collectRows),
    );
    expect(failure).toMatchObject({ where: expect.stringMatching(/^result of query /) });
  });

  it("a query over its work group's limit is refused as a budget is", async () => {
    await load(append, rows(50));
    const athena = new AthenaClient();
    await athena.send(
      new CreateWorkGroupCommand({ Name: "poor", Configuration: { BytesScannedCutoffPerQuery: 1 } }),
    );
    const poor = rig.another({ workgroup: "poor" });
    expect(await failureOf(poor.query("SELECT * FROM sf_raw.sf_user"))).toMatchObject({
      reason: "budget-exhausted",
      retryable: false,
    });
  });

  it("a VACUUM that may not delete is no success", async () => {
    await load(append, rows(1));
    await load({ type: "replace" }, rows(2));
    const vacuumed = await lake.expire(users.key, { olderThanMs: 0 });
    expect(vacuumed.filesRemoved).toBeGreaterThan(0);
    await load({ type: "replace" }, rows(3));
    await control.addFaults({ kind: "skip-query", match: "^vacuum" });
    expect(await failureOf(lake.expire(users.key, { olderThanMs: 0 }))).toMatchObject({
      reason: "credentials-refused",
      expected: expect.stringContaining("s3:DeleteObject"),
    });
    expect(await count()).toBe(3);
  });

  it("a VACUUM that is cancelled leaves the table its own setting", async () => {
    await load(append, rows(1));
    await load({ type: "replace" }, rows(2));
    await control.addFaults({ kind: "delay-query", match: "^vacuum", delayMs: 3_600_000 });
    const before = (await control.executions()).length;
    const sent = async () => (await control.executions()).slice(before).map(({ query }) => query);
    const controller = new AbortController();
    const expiring = failureOf(lake.expire(users.key, { olderThanMs: 0, signal: controller.signal }));
    await vi.waitUntil(async () => (await sent()).some((sql) => /^vacuum/i.test(sql)), 60_000);
    controller.abort();
    expect(await expiring).toMatchObject({ reason: "cancelled" });
    const ages = (await sent()).flatMap((sql) => /snapshot_age_seconds' = '(\d+)'/.exec(sql)?.[1] ?? []);
    expect(ages).toEqual(["0", "432000"]);
  });

  it("Ctrl-C stops the query at Athena", async () => {
    const project = new Project({
      "moraine.config.ts": `import { defineAsset, defineConfig } from "moraine";
        export default defineConfig({
          name: "slow",
          assets: [defineAsset({ key: "sf_raw/slow", materialize: async ({ lakehouse, signal }) => {
            await lakehouse.query("SELECT 'slow one'", { signal });
          } })],
          targets: { aws: { lakehouse: { type: "athena", location: "${lakeLocation}", results: "${resultsLocation}" }, secrets: { type: "environment" } } },
        });`,
    });
    await control.addFaults({ kind: "delay-query", match: "slow one", delayMs: 120_000 });
    const child = project.start(["materialize", "--json", "--target", "aws"]);
    await until(async () => (await execution("SELECT 'slow one'"))?.state === "RUNNING");
    child.kill("SIGINT");
    expect((await child.finished).code).toBe(130);
    expect((await execution("SELECT 'slow one'"))?.state).toBe("CANCELLED");
  });
});

const execution = async (sql: string) =>
  (await control.executions()).findLast(({ query }) => query.startsWith(sql));

async function until(holds: () => Promise<boolean>): Promise<void> {
  while (!(await holds())) await new Promise((resolve) => setTimeout(resolve, 100));
}

describe("a load into more than 100 partitions", () => {
  it("is done in slices, each of at most 100", async () => {
    expect(await load(append, rows(230))).toMatchObject({ rowsRead: 230, rowsInserted: 230 });
    expect(await count()).toBe(230);
    expect(await lake.history(users.key)).toHaveLength(3);
    expect(await load({ type: "replace" }, rows(120))).toMatchObject({ rowsInserted: 120 });
    expect(await count()).toBe(120);
  });

  it("leaves the table as it was when a later slice fails", async () => {
    await load(append, rows(1));
    const before = await lake.currentSnapshot(users.key);
    await control.addFaults({
      kind: "fail-query",
      match: "^INSERT.*moraine_slice = 2",
      error: "GENERIC_INTERNAL_ERROR",
    });
    expect(await failureOf(load(append, rows(230)))).toMatchObject({ reason: "query-failed" });
    expect(await lake.currentSnapshot(users.key)).toEqual(before);
    expect(await count()).toBe(1);
    expect(await load(append, rows(2))).toMatchObject({ rowsInserted: 2 });
    expect(await count()).toBe(3);
  });

  it("is not repeated from its beginning when a later slice lost its commit", async () => {
    await control.addFaults({
      kind: "fail-query",
      match: "^INSERT.*moraine_slice = 1",
      error: "ICEBERG_COMMIT_ERROR",
    });
    expect(await load(append, rows(230))).toMatchObject({ rowsInserted: 230 });
    expect(await count()).toBe(230);
  });

  it("takes back nothing that somebody else committed meanwhile", async () => {
    await control.addFaults(
      { kind: "delay-query", match: "^INSERT.*moraine_slice = 1", delayMs: 15_000 },
      { kind: "fail-query", match: "^INSERT.*moraine_slice = 2", error: "GENERIC_INTERNAL_ERROR" },
    );
    const failing = failureOf(load(append, rows(230)));
    await until(async () =>
      (await control.executions()).some(({ query }) => query.endsWith("moraine_slice = 1")),
    );
    const files = [await rig.ndjson([{ id: "other", at: at(0) }])];
    await rig.another().load({ table: users, files, disposition: append });
    expect(await failing).toMatchObject({ reason: "query-failed" });
    expect(await count("sf_raw.sf_user WHERE id = 'other'")).toBe(1);
  });
});

it("writes a table of more than 321 columns", async () => {
  const names = Array.from({ length: 330 }, (_, number) => `c${number}`);
  const wide = defineTable({
    key: "sf_raw/wide",
    columns: Object.fromEntries(names.map((name) => [name, "string" as const])),
  });
  await lake.ensureTable(wide);
  const files = async (...made: readonly object[]) => [await rig.ndjson(made)];
  const merge: Disposition = { type: "merge", strategy: "upsert", key: ["c0"] };
  await lake.load({
    table: wide,
    files: await files({ c0: "a", c329: "x" }, { c0: "b" }),
    disposition: append,
  });
  expect(
    await lake.load({
      table: wide,
      files: await files({ c0: "a", c329: "y" }, { c0: "c" }),
      disposition: merge,
    }),
  ).toMatchObject({ rowsInserted: 1, rowsUpdated: 1 });
  expect(await collectRows(await lake.query("SELECT c0, c329 FROM sf_raw.wide ORDER BY c0"))).toEqual([
    { c0: "a", c329: "y" },
    { c0: "b", c329: null },
    { c0: "c", c329: null },
  ]);
  await lake.load({ table: wide, files: await files({ c0: "z" }), disposition: { type: "replace" } });
  expect(await count("sf_raw.wide")).toBe(1);
});

describe("a budget", () => {
  it("refuses the statement that could go beyond it, before it is sent", async () => {
    await load(append, rows(1));
    const sent = (await control.executions()).length;
    const poor = rig.another({ maxBytesPerRun: 9_999_999 });
    expect(await failureOf(poor.query("SELECT * FROM sf_raw.sf_user"))).toMatchObject({
      reason: "budget-exhausted",
      retryable: false,
    });
    expect((await control.executions()).length).toBe(sent);
    const richer = rig.another({ maxBytesPerRun: 20_000_000 });
    await richer.query("SELECT * FROM sf_raw.sf_user");
    await richer.query("SELECT * FROM sf_raw.sf_user");
    expect(await failureOf(richer.query("SELECT * FROM sf_raw.sf_user"))).toMatchObject({
      reason: "budget-exhausted",
    });
  });
});

it("removes what a load left that died, and nothing younger", async () => {
  const now = new Date();
  const glue = new GlueClient();
  await load(append, rows(1));
  await glue.send(
    new CreateTableCommand({
      DatabaseName: "moraine_staging",
      TableInput: {
        Name: "left_behind",
        TableType: "EXTERNAL_TABLE",
        StorageDescriptor: { Location: "s3://moraine-lake/x" },
      },
    }),
  );
  await rig.another().load({ table: users, files: [await rig.ndjson(rows(1))], disposition: append });
  expect(await staged()).toEqual({ objects: 0, tables: 1 });
  const tomorrow = { now: () => new Date(now.getTime() + 25 * 3_600_000), sleep: async () => {} };
  await rig
    .another({ clock: tomorrow })
    .load({ table: users, files: [await rig.ndjson(rows(1))], disposition: append });
  expect(await staged()).toEqual({ objects: 0, tables: 0 });
});
