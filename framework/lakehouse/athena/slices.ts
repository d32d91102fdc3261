import type { TableDefinition } from "../../definition/table.ts";
import { parsePartition, type Partition } from "../ddl/partition.ts";
import { quoteName } from "../ddl/quoting.ts";

/** The column of staged rows that tells which statement a row belongs to, where there are several. */
export const sliceColumn = "moraine_slice";

/** Partitions that one statement of Athena may write. */
const partitionsAtOnce = 100;

/**
 * How a load is cut into statements that each write at most 100 partitions: the expressions, in DuckDB's SQL, that tell
 * a row's partition, and how many of their combinations go into one statement. Undefined when no number of rows needs a
 * second one. A row's bucket is not worked out: any combination may fill all of them.
 */
export function slicing(
  table: TableDefinition,
): { readonly tuple: readonly string[]; readonly perSlice: number } | undefined {
  const partitions = table.partitionBy.map(parsePartition);
  if (partitions.length === 0) return undefined;
  const buckets = partitions
    .map(({ transform, argument }) => (transform === "bucket" ? (argument ?? 1) : 1))
    .reduce((product, count) => product * count, 1);
  const tuple = partitions
    .filter(({ transform }) => transform !== "bucket")
    .map((partition) => partitionValue(partition, table));
  return { tuple, perSlice: Math.max(1, Math.floor(partitionsAtOnce / buckets)) };
}

function partitionValue({ transform, column, argument = 1 }: Partition, table: TableDefinition): string {
  const name = quoteName(column);
  if (transform === "identity") return name;
  if (transform !== "truncate") return `date_trunc('${transform}', ${name})`;
  const type = table.columns[column]?.type;
  if (type === "string" || type === "binary") return `left(${name}, ${argument})`;
  return `${name} - (((${name} % ${argument}) + ${argument}) % ${argument})`;
}
