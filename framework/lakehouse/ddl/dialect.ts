import type { AssetKey } from "../../definition/asset-key.ts";
import type { ColumnType } from "../../definition/column-type.ts";
import type { Partition } from "./partition.ts";

/** What differs between engines when tables are made. One value per engine. */
export interface Dialect {
  quote(name: string): string;
  tableName(key: AssetKey): string;
  columnType(type: ColumnType): string;
  partition(partition: Partition): string;
  /** What follows a column's type to describe it; undefined where a column can't be described in DDL. */
  readonly columnComment?: (text: string) => string;
  /** What follows `ALTER TABLE name` to add a column. */
  addColumn(column: string): string;
  /** What follows columns and partitions, e.g. location and properties; undefined when there is nothing to say. */
  tableOptions(properties: Readonly<Record<string, string>>, key: AssetKey): string | undefined;
  /** Whether columns can be `NOT NULL`. */
  readonly hasRequiredColumns: boolean;
}
