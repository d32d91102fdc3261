import type { CheckOutcome } from "../event/event.ts";
import type { Asset } from "./asset.ts";
import { type Check, type CheckOptions, defineCheck } from "./check.ts";
import type { CheckContext } from "./context.ts";
import type { RowSchema } from "./row-type.ts";
import { RowTally, validateRows } from "./validate-rows.ts";

/** What {@link rowsCheck} takes. */
export interface RowsCheckOptions extends Pick<CheckOptions, "severity" | "blocking" | "description"> {
  /** One that declares its rows by a schema. */
  readonly asset: Asset;
  /** @default "rows_fit" */
  readonly name?: string;
}

/**
 * A check that every row in the asset's table fits the schema that the asset declares, so that what is wrong stops at the
 * asset that wrote it and not at one that reads it. It reads the whole table, or the partition that was made where that can
 * be told from the rest. An asset without schema is reported with the other definition problems.
 *
 * @example
 * export const usersFit = rowsCheck({ asset: users });
 */
export function rowsCheck({ asset, name = "rows_fit", ...options }: RowsCheckOptions): Check {
  const schema = asset.rows;
  const check = defineCheck({
    asset,
    name,
    ...options,
    run: async (context) => (schema === undefined ? { passed: false } : validateTable(schema, context)),
  });
  if (schema !== undefined) return check;
  const problem = {
    message: `check ${name} on ${asset.key}: the asset declares no schema that its rows could fit`,
    next: "give defineAsset a schema in `rows`",
  };
  return Object.freeze({ ...check, problems: [...check.problems, problem] });
}

async function validateTable(
  schema: RowSchema,
  { lakehouse, sql, partition, signal }: CheckContext,
): Promise<CheckOutcome> {
  const tally = new RowTally();
  const condition = partition?.where === undefined ? "" : ` WHERE ${partition.where}`;
  const { rows } = await lakehouse.query(`SELECT * FROM ${sql}${condition}`, { signal });
  const valid = validateRows(schema, rows, tally);
  while ((await valid.next()).done !== true);
  const problems = tally.problems();
  return {
    passed: tally.misfits === 0,
    value: tally.misfits,
    expected: 0,
    samples: tally.samples,
    metadata: {
      rows: { type: "rows", value: tally.rows },
      ...(problems.length === 0 ? {} : { misfits: problemTable(problems) }),
    },
  };
}

function problemTable(problems: ReturnType<RowTally["problems"]>) {
  const rows = problems.map(({ column, rows: count, message }) => [column, count, message]);
  return { type: "table", columns: ["column", "rows", "message"], rows } as const;
}
