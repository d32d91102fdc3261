import { writeFileSync } from "node:fs";
import { join } from "node:path";
import * as z from "zod";
import { afterAll, beforeAll, expect, test } from "vitest";
import {
  type Asset,
  assetRef,
  defineAsset,
  defineTable,
  type Deps,
  type RowSchema,
  rowsCheck,
  staticPartitions,
} from "moraine";
import { type LakeRig, lakeRig } from "../lakehouse/support.ts";
import { Rig } from "../support/rig.ts";

let lake: LakeRig;
beforeAll(async () => {
  lake = await lakeRig();
});
afterAll(() => lake.close());

const signups = [
  { id: 1, email: "ada@example.com", joined_at: "2026-01-01 08:00:00" },
  { id: 2, email: null, joined_at: "2026-01-02 08:00:00" },
  { id: 3, email: "not an address", joined_at: null },
];

const good = z.object({ id: z.int(), email: z.string().nullable() });
const narrow = z.object({ id: z.int(), email: z.email(), joined_at: z.string() });

let tables = 0;

/** An asset whose table holds the sign-ups, and a rig that runs it on the real lake. */
function signupAsset<R>(rows: RowSchema<R> | undefined) {
  const rig = new Rig();
  const table = defineTable({
    key: `crm/signup_${++tables}`,
    columns: { id: "int", email: "string", joined_at: "timestamp" },
  });
  const asset = defineAsset({
    key: table.key,
    table,
    ...(rows === undefined ? {} : { rows }),
    materialize: async ({ lakehouse, partition }) => {
      // A file of its own: two partitions are made at once.
      const path = join(rig.directory, `signups-${partition?.key ?? "all"}.ndjson`);
      writeFileSync(path, signups.map((row) => JSON.stringify(row)).join("\n"));
      const files = [{ path, format: "ndjson" }] as const;
      await lakehouse.load({ table, files, disposition: { type: "replace" } });
    },
  });
  const run = (...downstream: readonly Asset[]) =>
    rig.run([asset, ...downstream], { lakehouse: lake.lake, checks: [] });
  return { rig, asset, run };
}

/** An asset that keeps what it reads. */
function reader(deps: Deps) {
  const read: unknown[] = [];
  const asset = defineAsset({
    key: "mart/reader",
    deps,
    materialize: async ({ inputs }) => {
      for await (const row of inputs["signup"]?.rows() ?? []) read.push(row);
    },
  });
  return { asset, read };
}

test("rows come as the upstream's schema makes them", async () => {
  const { asset, run } = signupAsset(good);
  const mart = reader({ signup: asset });
  expect((await run(mart.asset)).status).toBe("succeeded");
  expect(new Set(mart.read)).toEqual(new Set(signups.map(({ id, email }) => ({ id, email }))));
});

test("rows of an upstream without schema come as they stand in the lake, also through a reference", async () => {
  const { asset, run } = signupAsset(undefined);
  const mart = reader({ signup: { ...assetRef("sf_raw/sf_user"), key: asset.key } });
  expect((await run(mart.asset)).status).toBe("succeeded");
  expect(mart.read).toHaveLength(3);
  expect(mart.read).toContainEqual({ id: 2, email: null, joined_at: "2026-01-02 08:00:00.000000" });
});

test("an asynchronous validator is waited for", async () => {
  const { asset, run } = signupAsset({
    "~standard": {
      version: 1,
      vendor: "hand",
      validate: (row) => Promise.resolve({ value: (row as { readonly id: number }).id }),
    },
  });
  const mart = reader({ signup: asset });
  await run(mart.asset);
  expect(new Set(mart.read)).toEqual(new Set([1, 2, 3]));
});

test("rows that do not fit fail the reader, not retried, with asset, counts and columns", async () => {
  const { rig, asset, run } = signupAsset(narrow);
  const mart = reader({ signup: asset });
  const { outcomes } = await run(mart.asset);
  expect(outcomes).toEqual({ [asset.key]: "materialized", "mart/reader": "failed" });
  const failures = rig.eventsOf("asset-finished").flatMap(({ failure }) => failure ?? []);
  expect(failures).toEqual([
    {
      reason: "schema-mismatch",
      message: `2 of 3 rows of ${asset.key} do not fit the schema that it declares`,
      retryable: false,
      expected: `rows that fit the schema in \`rows\` of ${asset.key}`,
      got: expect.stringMatching(/^email: Invalid .* \(2 rows\)\njoined_at: .* \(1 row\)$/) as string,
      where: asset.key,
      next: `correct what makes ${asset.key}, or its schema; inputs.….rawRows() reads them unvalidated`,
    },
  ]);
  expect(rig.eventsOf("asset-retrying")).toEqual([]);
});

test("a row that is refused as a whole, or without a reason, is named as that", async () => {
  for (const [issues, got] of [
    [[{ message: "ids must be even" }], "the row: ids must be even (3 rows)"],
    [[], "the row: refused without a reason (3 rows)"],
    [[{ message: "too long", path: [{ key: "email" }, 0] }], "email: too long (3 rows)"],
  ] as const) {
    const { rig, asset, run } = signupAsset({
      "~standard": { version: 1, vendor: "hand", validate: () => ({ issues }) },
    });
    await run(reader({ signup: asset }).asset);
    expect(rig.eventsOf("asset-finished").at(-1)?.failure?.got).toBe(got);
  }
});

test("raw rows are read past the schema", async () => {
  const { asset, run } = signupAsset(narrow);
  const ids: unknown[] = [];
  const mart = defineAsset({
    key: "mart/raw_reader",
    deps: { signup: asset },
    materialize: async ({ inputs }) => {
      for await (const row of inputs.signup.rawRows()) ids.push(row["id"]);
    },
  });
  expect((await run(mart)).status).toBe("succeeded");
  expect(new Set(ids)).toEqual(new Set([1, 2, 3]));
});

/** Runs an asset with a check of its rows, and one downstream. */
async function checked(rows: RowSchema) {
  const { rig, asset } = signupAsset(rows);
  const downstream = defineAsset({ key: "mart/report", deps: { asset }, materialize: () => {} });
  const { outcomes } = await rig.run([asset, downstream], {
    lakehouse: lake.lake,
    checks: [rowsCheck({ asset })],
  });
  return { outcomes: Object.values(outcomes), checks: rig.eventsOf("check-finished") };
}

test("a check of rows passes when all fit", async () => {
  const { outcomes, checks } = await checked(good);
  expect(outcomes).toEqual(["materialized", "materialized"]);
  expect(checks).toMatchObject([
    { check: "rows_fit", result: { passed: true, value: 0, metadata: { rows: { type: "rows", value: 3 } } } },
  ]);
});

test("a check of rows counts and shows those that do not fit, and holds back what is downstream", async () => {
  const { outcomes, checks } = await checked(narrow);
  expect(outcomes).toEqual(["failed", "skipped"]);
  expect(checks).toMatchObject([{ severity: "error", result: { passed: false, value: 2, expected: 0 } }]);
  expect(checks[0]?.result.samples).toContainEqual({
    id: 3,
    email: "not an address",
    joined_at: null,
    misfit: "email, joined_at",
  });
});

test("a check of rows reads the partition that was made, where it can be told from the rest", async () => {
  const { rig, asset } = signupAsset<unknown>(narrow);
  const partitioned: Asset = { ...asset, partitions: staticPartitions(["1", "2"], { column: "id" }) };
  await rig.run([partitioned], { lakehouse: lake.lake, checks: [rowsCheck({ asset: partitioned })] });
  const misfits = rig
    .eventsOf("check-finished")
    .map(({ partition, result }) => [partition, result.metadata?.["rows"], result.value]);
  expect(new Map(misfits.map(([partition, ...rest]) => [partition, rest]))).toEqual(
    new Map([
      ["1", [{ type: "rows", value: 1 }, 0]],
      ["2", [{ type: "rows", value: 1 }, 1]],
    ]),
  );
});
