import type { StandardSchemaV1 } from "@standard-schema/spec";
import type { Row } from "../lakehouse/lakehouse.ts";
import type { RowSchema } from "./row-type.ts";

/** How many samples of misfits are kept. */
const sampleCount = 5;

/** Rows that were validated, and what those that did not fit are refused for. */
export class RowTally {
  /** Rows seen. */
  rows = 0;
  /** Rows that did not fit. */
  misfits = 0;
  /** The first misfits as they stand in the lake, with the columns that they are refused for. */
  readonly samples: Readonly<Record<string, unknown>>[] = [];
  readonly #byColumn = new Map<string, { readonly message: string; rows: number }>();

  /** Counts a row that did not fit, once per column that is to blame. */
  refuse(row: Row, issues: readonly StandardSchemaV1.Issue[]): void {
    this.misfits += 1;
    const messages = new Map<string, string>();
    for (const issue of issues) {
      const column = columnOf(issue);
      if (!messages.has(column)) messages.set(column, issue.message);
    }
    if (messages.size === 0) messages.set("", "refused without a reason");
    for (const [column, message] of messages) {
      const known = this.#byColumn.get(column);
      if (known === undefined) this.#byColumn.set(column, { message, rows: 1 });
      else known.rows += 1;
    }
    if (this.samples.length < sampleCount)
      this.samples.push({ ...row, misfit: [...messages.keys()].filter((name) => name !== "").join(", ") });
  }

  /** What was wrong, the most frequent first: by column (empty: the row as a whole) with the validator's first words. */
  problems(): readonly { readonly column: string; readonly message: string; readonly rows: number }[] {
    return [...this.#byColumn]
      .map(([column, { message, rows }]) => ({ column, message, rows }))
      .sort((a, b) => b.rows - a.rows || (a.column < b.column ? -1 : 1));
  }
}

/**
 * Validates rows while they are read and gives what the schema makes of them. From the first row on that does not fit it
 * gives no more, but reads to the end, so that the tally tells how many do not fit of how many.
 */
export async function* validateRows<R>(
  schema: RowSchema<R>,
  rows: AsyncIterable<Row>,
  tally: RowTally,
): AsyncGenerator<R> {
  for await (const row of rows) {
    tally.rows += 1;
    const answer = schema["~standard"].validate(row);
    // Most validators answer at once; waiting for each row would cost more than validating it.
    const result = answer instanceof Promise ? await answer : answer;
    if (result.issues) tally.refuse(row, result.issues);
    else if (tally.misfits === 0) yield result.value;
  }
}

/** The column that an issue is in; empty for the row as a whole. */
function columnOf({ path = [] }: StandardSchemaV1.Issue): string {
  const [first] = path;
  return first === undefined ? "" : String(typeof first === "object" ? first.key : first);
}
