import { type AssetKey, splitKey } from "../../definition/asset-key.ts";
import type { ColumnType } from "../../definition/column-type.ts";
import type { Dialect } from "../ddl/dialect.ts";
import { quoteName, quoteText } from "../ddl/quoting.ts";
import { joinS3 } from "./s3-uri.ts";

/** Trino's, for expressions in queries. */
const trinoTypes: Readonly<Record<Exclude<ColumnType, `decimal${string}`>, string>> = {
  boolean: "boolean",
  int: "integer",
  long: "bigint",
  float: "real",
  double: "double",
  date: "date",
  timestamp: "timestamp(6)",
  string: "varchar",
  binary: "varbinary",
};

/** Athena's name of an Iceberg property. Of others it knows none, and they are left out. */
const propertyNames: Readonly<Record<string, string>> = {
  "write.parquet.compression-codec": "write_compression",
  "write.target-file-size-bytes": "write_target_data_file_size_bytes",
  "history.expire.min-snapshots-to-keep": "vacuum_min_snapshots_to_keep",
  "write.metadata.previous-versions-max": "vacuum_max_metadata_files_to_keep",
};

/** The name of a table in queries: `"sf_raw"."sf_user"`. */
export function queryName(key: AssetKey): string {
  const { namespace, table } = splitKey(key);
  return `${quoteName(namespace)}.${quoteName(table)}`;
}

/** A column's type in queries. */
export function queryType(type: ColumnType): string {
  return type in trinoTypes ? trinoTypes[type as keyof typeof trinoTypes] : type;
}

/** A column's type in Hive's words, as DDL and Glue have it. */
export function hiveType(type: ColumnType): string {
  return type === "long" ? "bigint" : type;
}

/** The folder of a table. */
export function tableLocation(lake: string, key: AssetKey): string {
  const { namespace, table } = splitKey(key);
  return `${joinS3(lake, namespace, table)}/`;
}

/** How Athena makes Iceberg tables below `lake`, an `s3://` prefix: in Hive's words, names in backticks. */
export function athenaDialect(lake: string): Dialect {
  const quote = (name: string) => `\`${name.replaceAll("`", "``")}\``;
  return {
    quote,
    tableName: (key) => {
      const { namespace, table } = splitKey(key);
      return `${quote(namespace)}.${quote(table)}`;
    },
    columnType: hiveType,
    columnComment: (text) => `COMMENT ${quoteText(text.replaceAll(/\s+/g, " "))}`,
    addColumn: (column) => `ADD COLUMNS (${column})`,
    partition: ({ transform, column, argument }) => {
      if (transform === "identity") return quote(column);
      return `${transform}(${argument === undefined ? "" : `${argument}, `}${quote(column)})`;
    },
    tableOptions: (properties, key) => {
      const entries = Object.entries({
        table_type: "ICEBERG",
        format: "parquet",
        ...athenaProperties(properties),
      }).map(([name, value]) => `${quoteText(name)} = ${quoteText(value)}`);
      return `LOCATION ${quoteText(tableLocation(lake, key))}\nTBLPROPERTIES (${entries.join(", ")})`;
    },
    hasRequiredColumns: false,
  };
}

/** What Athena can be told of a table's properties. */
function athenaProperties(properties: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  const known: Record<string, string> = {};
  for (const [name, value] of Object.entries(properties)) {
    if (/^(optimize|vacuum)_/.test(name)) known[name] = value;
    else if (name === "history.expire.max-snapshot-age-ms")
      known["vacuum_max_snapshot_age_seconds"] = String(Math.floor(Number(value) / 1000));
    else if (propertyNames[name] !== undefined) known[propertyNames[name]] = value;
  }
  return known;
}
