import type { Asset } from "../definition/asset.ts";
import type { AssetKey } from "../definition/asset-key.ts";
import type { Input } from "../definition/context.ts";
import type { PartitionSet } from "../definition/partitions/partition-set.ts";
import type { RowSchema } from "../definition/row-type.ts";
import { RowTally, validateRows } from "../definition/validate-rows.ts";
import { fail } from "../event/failure.ts";
import type { Lakehouse, Row } from "../lakehouse/lakehouse.ts";
import type { ReadUnit } from "./attempt.ts";

/** An upstream as a body reads it. Rows are read when they are asked for, and validated when the upstream has a schema. */
export function inputOf(
  { key, rows: schema }: Asset,
  options: {
    readonly lakehouse: Lakehouse;
    /** The upstream itself, or the partitions that are read of it. */
    readonly read: readonly ReadUnit[];
    /** Undefined for an upstream without partitions. */
    readonly set: PartitionSet | undefined;
    readonly signal: AbortSignal;
  },
): Input<unknown> {
  const { lakehouse, read, set, signal } = options;
  const sql = lakehouse.tableName(key);
  const where =
    set === undefined ? undefined : whereOf(read.map(({ partition }) => set.partition(partition).where));
  async function* rawRows(): AsyncGenerator<Row> {
    const condition = where === undefined ? "" : ` WHERE ${where}`;
    yield* (await lakehouse.query(`SELECT * FROM ${sql}${condition}`, { signal })).rows;
  }
  async function* validRows(valid: RowSchema): AsyncGenerator {
    const tally = new RowTally();
    yield* validateRows(valid, rawRows(), tally);
    if (tally.misfits > 0) refuse(key, tally);
  }
  const rows = () => (schema === undefined ? rawRows() : validRows(schema));
  return {
    key,
    dataVersion: set === undefined ? read[0]?.dataVersion : undefined,
    partitions:
      set === undefined
        ? undefined
        : read.map(({ partition, dataVersion }) => ({ key: partition, dataVersion })),
    sql,
    where,
    rows,
    rawRows,
  };
}

/** The rows of any of these partitions; undefined when one of them can't be told from the rest. */
function whereOf(predicates: readonly (string | undefined)[]): string | undefined {
  if (predicates.includes(undefined)) return undefined;
  return predicates.length === 0 ? "false" : predicates.map((predicate) => `(${predicate})`).join(" OR ");
}

/** Columns that a failure names. */
const columnCount = 5;

function refuse(key: AssetKey, tally: RowTally): never {
  const problems = tally.problems();
  const lines = problems
    .slice(0, columnCount)
    .map(
      ({ column, message, rows }) => `${column === "" ? "the row" : column}: ${message} (${rowsOf(rows)})`,
    );
  return fail({
    reason: "schema-mismatch",
    message: `${tally.misfits} of ${rowsOf(tally.rows)} of ${key} do not fit the schema that it declares`,
    retryable: false,
    expected: `rows that fit the schema in \`rows\` of ${key}`,
    got: [
      ...lines,
      ...(problems.length > columnCount ? [`and ${problems.length - columnCount} more columns`] : []),
    ].join("\n"),
    where: key,
    next: `correct what makes ${key}, or its schema; inputs.….rawRows() reads them unvalidated`,
  });
}

function rowsOf(count: number): string {
  return `${count} ${count === 1 ? "row" : "rows"}`;
}
