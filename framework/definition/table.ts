import { type AssetKey, assetKey } from "./asset-key.ts";
import type { ColumnType, ColumnValue } from "./column-type.ts";
import type { HasRows } from "./row-type.ts";

/** One column. Nullable unless `required`. */
export interface Column {
  readonly type: ColumnType;
  /** @default false */
  readonly required?: boolean;
  readonly description?: string;
}

/**
 * An Iceberg partition field: a column's name, or a transform of one, as Iceberg writes it: `day(extracted_at)`,
 * `bucket(16, id)`, `truncate(4, name)`; also `year`, `month`, `hour`.
 */
export type PartitionTransform = string;

/** An Iceberg table as it shall be, with rows of type `R`. The DDL of every engine is made from this value. */
export interface TableDefinition<R = unknown> extends HasRows<R> {
  readonly key: AssetKey;
  readonly description?: string;
  /** In the order of the table. */
  readonly columns: Readonly<Record<string, Column>>;
  readonly partitionBy: readonly PartitionTransform[];
  /** Iceberg table properties, e.g. `write.parquet.compression-codec`. */
  readonly properties: Readonly<Record<string, string>>;
}

/** Columns by name; a type alone is a nullable column. */
export type TableColumns = Readonly<Record<string, Column | ColumnType>>;

/** What {@link defineTable} takes. */
export interface TableOptions<C extends TableColumns = TableColumns> {
  readonly key: string;
  readonly description?: string;
  readonly columns: C;
  /** @default [] */
  readonly partitionBy?: readonly PartitionTransform[];
  /** @default {} */
  readonly properties?: Readonly<Record<string, string>>;
}

/** The value of one column in a row: nullable unless it says `required: true`. */
type Cell<C> = C extends ColumnType
  ? ColumnValue<C> | null
  : C extends { readonly type: infer T extends ColumnType; readonly required: true }
    ? ColumnValue<T>
    : C extends { readonly type: infer T extends ColumnType }
      ? ColumnValue<T> | null
      : never;

/**
 * Declares an Iceberg table. Its columns give the type of its rows.
 *
 * @throws Error when the key has the wrong form.
 */
export function defineTable<const C extends TableColumns>(
  options: TableOptions<C>,
): TableDefinition<{ readonly [K in keyof C]: Cell<C[K]> }> {
  const columns = Object.entries(options.columns).map(
    ([name, column]) => [name, typeof column === "string" ? { type: column } : column] as const,
  );
  return Object.freeze({
    key: assetKey(options.key),
    ...(options.description === undefined ? {} : { description: options.description }),
    columns: Object.freeze(Object.fromEntries(columns)),
    partitionBy: Object.freeze([...(options.partitionBy ?? [])]),
    properties: Object.freeze({ ...options.properties }),
  });
}
