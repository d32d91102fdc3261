import fc from "fast-check";
import { afterAll, assert, beforeAll, expect, test } from "vitest";
import { type Dbt, keys, startDbt } from "./support/dbt-rig.ts";
import { day, type LandedRow } from "./support/landed-row.ts";
import { expectedDimension } from "./support/scd2-model.ts";

let dbt: Dbt;

beforeAll(async () => {
  dbt = await startDbt();
});
afterAll(() => dbt.close());

/** Few values of everything, so that ties, returns and repeated rows are common. */
const row: fc.Arbitrary<LandedRow> = fc
  .record({
    id: fc.constantFrom("005A", "005B", "005a"),
    system_modstamp: fc.integer({ min: 1, max: 7 }).map(day),
    last_modified_date: fc.integer({ min: 1, max: 7 }).map(day),
    extracted_at: fc.integer({ min: 10, max: 12 }).map(day),
    division: fc.constantFrom("Finance", "IT", "NA", "", " ", null, ' "IT\\ '),
    audit_phase: fc.constantFrom("Planning", "Closed", null),
    is_active: fc.boolean(),
    name: fc.constantFrom("Ada", "Økonomi", null),
    op: fc.constantFrom("upsert" as const, "upsert" as const, "delete" as const),
  })
  .map((fields) => ({ ...fields, delete_reason: fields.op === "delete" ? "absent" : null }));

/** A load: rows under an id. Ids come in any order, and may come back. */
const load = fc.record({
  id: fc.integer({ min: 1, max: 4 }).map((number) => `l${number}`),
  rows: fc.array(row, { minLength: 1, maxLength: 8 }),
  /** Whether dbt runs right after. */
  runs: fc.boolean(),
});

test(
  "any loads in any order give the table that the rules give, and a replay changes nothing",
  { timeout: 240_000 },
  async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(load, { minLength: 1, maxLength: 4 }), async (loads) => {
        const lake = await dbt.openLake();
        try {
          const log: { loadId: string; row: LandedRow }[] = [];
          for (const [index, { id, rows, runs }] of loads.entries()) {
            await lake.land(id, rows);
            log.push(...rows.map((landedRow) => ({ loadId: id, row: landedRow })));
            if (!runs && index < loads.length - 1) continue;
            assert.deepEqual(await lake.run(), expectedDimension(log));
          }
          const version = await lake.version(keys.dimension);
          await lake.run({ replay: true });
          expect(await lake.version(keys.dimension)).toBe(version);
        } finally {
          await lake.close();
        }
      }),
      { numRuns: 12, endOnFailure: true },
    );
  },
);
