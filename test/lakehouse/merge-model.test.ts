import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { defineTable } from "../../framework/definition/table.ts";
import {
  collectRows,
  type Disposition,
  type LoadResult,
  type Row,
} from "../../framework/lakehouse/lakehouse.ts";
import { type LakeRig, lakeRig } from "./support.ts";

interface Entry {
  readonly k: string | null;
  readonly s: number | null;
  readonly v: string | null;
}

const entry: fc.Arbitrary<Entry> = fc.record({
  k: fc.constantFrom("a", "b", "c", null),
  s: fc.constantFrom(1, 2, null),
  v: fc.constantFrom("x", "", "NA", null),
});
const batches = fc.array(fc.array(entry, { maxLength: 8 }), { minLength: 1, maxLength: 4 });

type Model = (
  stored: readonly Entry[],
  batch: readonly Entry[],
) => {
  readonly rows: readonly Entry[];
  readonly result: Omit<LoadResult, "snapshotId">;
};

const sameIn = (columns: readonly (keyof Entry)[], a: Entry) => (b: Entry) =>
  columns.every((name) => a[name] === b[name]);

/** Row by row: what is there already wins. */
const insertOnly =
  (key: readonly (keyof Entry)[], unless: readonly (keyof Entry)[]): Model =>
  (stored, batch) => {
    const rows = [...stored];
    let ties = 0;
    for (const row of batch) {
      if (rows.some(sameIn([...key, ...unless], row))) continue;
      if (rows.some(sameIn(key, row))) ties += 1;
      rows.push(row);
    }
    const rowsInserted = rows.length - stored.length;
    return { rows, result: { rowsRead: batch.length, rowsInserted, rowsUpdated: 0, ties } };
  };

/** The batch's last row of each key replaces the stored one. */
const upsert =
  (key: readonly (keyof Entry)[]): Model =>
  (stored, batch) => {
    const latest = batch.filter((row, index) => !batch.slice(index + 1).some(sameIn(key, row)));
    const changed = latest.filter((row) =>
      stored.some((old) => sameIn(key, row)(old) && !sameIn(["k", "s", "v"], row)(old)),
    );
    const fresh = latest.filter((row) => !stored.some(sameIn(key, row)));
    const rows = [...stored.filter((old) => !changed.some(sameIn(key, old))), ...changed, ...fresh];
    return {
      rows,
      result: { rowsRead: batch.length, rowsInserted: fresh.length, rowsUpdated: changed.length, ties: 0 },
    };
  };

const text = (rows: readonly (Entry | Row)[]) =>
  rows.map((row) => JSON.stringify([row["k"], row["s"], row["v"]])).toSorted();

describe("merging agrees with a row-by-row model", () => {
  let rig: LakeRig;
  let count = 0;
  beforeAll(async () => {
    rig = await lakeRig();
  });
  afterAll(() => rig.close());

  const agrees = async (disposition: Disposition, model: Model) =>
    fc.assert(
      fc.asyncProperty(batches, async (input) => {
        count += 1;
        const table = defineTable({ key: `t/m${count}`, columns: { k: "string", s: "int", v: "string" } });
        await rig.lake.ensureTable(table);
        let expected: readonly Entry[] = [];
        for (const batch of input) {
          const after = model(expected, batch);
          const before = await rig.lake.currentSnapshot(table.key);
          const result = await rig.lake.load({ table, files: [await rig.ndjson(batch)], disposition });
          expect(result).toMatchObject(after.result);
          const now = await rig.lake.currentSnapshot(table.key);
          const didChange = after.result.rowsInserted + after.result.rowsUpdated > 0;
          expect(result.snapshotId).toBe(didChange ? now?.id : undefined);
          expect(now?.id === before?.id).toBe(!didChange);
          expected = after.rows;
          const rows = await collectRows(await rig.lake.query(`SELECT * FROM t.m${count}`));
          expect(text(rows)).toEqual(text(expected));
          expect((await rig.lake.tables()).find((one) => one.key === table.key)?.rows).toBe(expected.length);
        }
      }),
      { numRuns: 25 },
    );

  it("insert-only by key", () =>
    agrees({ type: "merge", strategy: "insert-only", key: ["k"] }, insertOnly(["k"], [])));

  it("insert-only by key, unless another column differs", () =>
    agrees(
      { type: "merge", strategy: "insert-only", key: ["k", "s"], unless: ["v"] },
      insertOnly(["k", "s"], ["v"]),
    ));

  it("upsert by key", () => agrees({ type: "merge", strategy: "upsert", key: ["k"] }, upsert(["k"])));

  it("upsert by all columns", () =>
    agrees({ type: "merge", strategy: "upsert", key: ["k", "s", "v"] }, upsert(["k", "s", "v"])));
});
