import type { Column, TableDefinition } from "../../definition/table.ts";
import type { Dialect } from "./dialect.ts";
import { parsePartition } from "./partition.ts";

/** Properties of every table that does not say otherwise: zstd, because Parquet's usual snappy takes a third more. */
const defaultProperties: Readonly<Record<string, string>> = { "write.parquet.compression-codec": "zstd" };

/**
 * The statement that makes a table, if there is none of its name.
 *
 * @throws Error when a partition names no column of the table or has no known transform
 */
export function createTableDdl(table: TableDefinition, dialect: Dialect): string {
  const columns = Object.entries(table.columns).map(
    ([name, column]) => `  ${columnDdl(name, column, dialect)}`,
  );
  const partitions = table.partitionBy.map((text) => {
    const partition = parsePartition(text);
    if (partition.column in table.columns) return dialect.partition(partition);
    throw new Error(
      `expected a partition of one of ${Object.keys(table.columns).join(", ")} in ${table.key}, got ${JSON.stringify(text)}`,
    );
  });
  return [
    `CREATE TABLE IF NOT EXISTS ${dialect.tableName(table.key)} (\n${columns.join(",\n")}\n)`,
    ...(partitions.length === 0 ? [] : [`PARTITIONED BY (${partitions.join(", ")})`]),
    ...[dialect.tableOptions(tableProperties(table), table.key)].filter((clause) => clause !== undefined),
  ].join("\n");
}

/** The statement that adds one column. */
export function addColumnDdl(table: TableDefinition, name: string, dialect: Dialect): string {
  const column = table.columns[name];
  if (column === undefined) throw new Error(`Internal error: expected a column of ${table.key}, got ${name}`);
  return `ALTER TABLE ${dialect.tableName(table.key)} ${dialect.addColumn(columnDdl(name, column, dialect))}`;
}

/** The Iceberg properties that a table shall have. */
export function tableProperties(table: TableDefinition): Readonly<Record<string, string>> {
  const comment = table.description === undefined ? {} : { comment: table.description };
  return { ...defaultProperties, ...comment, ...table.properties };
}

function columnDdl(name: string, column: Column, dialect: Dialect): string {
  const required = column.required === true && dialect.hasRequiredColumns ? " NOT NULL" : "";
  const comment =
    column.description === undefined || dialect.columnComment === undefined
      ? ""
      : ` ${dialect.columnComment(column.description)}`;
  return `${dialect.quote(name)} ${dialect.columnType(column.type)}${required}${comment}`;
}
