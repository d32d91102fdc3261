import { type AssetKey, splitKey } from "../../definition/asset-key.ts";
import type { ColumnType } from "../../definition/column-type.ts";
import type { Dialect } from "../ddl/dialect.ts";
import { quoteName, quoteText } from "../ddl/quoting.ts";

/** Name under which every process attaches the catalog. */
export const catalogName = "lake";

const types: Readonly<Record<Exclude<ColumnType, `decimal${string}`>, string>> = {
  boolean: "BOOLEAN",
  int: "INTEGER",
  long: "BIGINT",
  float: "FLOAT",
  double: "DOUBLE",
  date: "DATE",
  timestamp: "TIMESTAMP",
  string: "VARCHAR",
  binary: "BLOB",
};

/** The SQL name of a table in an attached catalog. */
export function duckdbTableName(key: AssetKey, catalog: string = catalogName): string {
  const { namespace, table } = splitKey(key);
  return [catalog, namespace, table].map(quoteName).join(".");
}

/** How DuckDB's Iceberg extension makes tables. */
export const duckdbDialect: Dialect = {
  quote: quoteName,
  tableName: (key) => duckdbTableName(key),
  columnType: (type) => (type in types ? types[type as keyof typeof types] : type.toUpperCase()),
  addColumn: (column) => `ADD COLUMN ${column}`,
  partition: ({ transform, column, argument }) => {
    if (transform === "identity") return quoteName(column);
    return `${transform}(${argument === undefined ? "" : `${argument}, `}${quoteName(column)})`;
  },
  tableOptions: (properties) => {
    const entries = Object.entries(properties).map(
      ([name, value]) => `${quoteText(name)} = ${quoteText(value)}`,
    );
    return entries.length === 0 ? undefined : `WITH (${entries.join(", ")})`;
  },
  hasRequiredColumns: true,
};
