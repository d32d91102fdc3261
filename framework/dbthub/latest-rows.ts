import type { TableDefinition } from "../definition/table.ts";
import type { Lakehouse } from "../lakehouse/lakehouse.ts";
import { columnOf, type Spec } from "./spec.ts";
import { textOf } from "./text-of.ts";

/** A name in SQL, quoted; the same in DuckDB and Athena's queries. */
export function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

/**
 * A query for the newest row of each key: by the cursor column, on a tie the one landed last. Standard SQL, for every
 * engine. Deleted keys included; `op` tells.
 */
export function latestRowsSql(spec: Spec, table: string, columns: readonly string[]): string {
  const list = columns.map(quoted).join(", ");
  const order = [columnOf(spec, spec.cursor.field), "extracted_at", "load_id"]
    .map((column) => `${quoted(column)} DESC`)
    .join(", ");
  const key = quoted(columnOf(spec, "Id"));
  return `SELECT ${list} FROM (SELECT ${list}, row_number() OVER (PARTITION BY ${key} ORDER BY ${order}) AS row_rank FROM ${table}) AS ranked WHERE row_rank = 1`;
}

/** What the lake knows of one user from the newest row. */
export interface KnownUser {
  /** Newest cursor value, lake time. */
  readonly stamp: string;
  /** Neither inactive nor deleted. */
  readonly isActive: boolean;
  /** A tombstone is the newest row. */
  readonly isAbsent: boolean;
}

/** All users that ever landed, by id. Read from the lake, not kept in the cursor: the lake is what must not be retired. */
export async function readKnownUsers(
  lakehouse: Lakehouse,
  table: TableDefinition,
  spec: Spec,
  signal: AbortSignal,
): Promise<ReadonlyMap<string, KnownUser>> {
  const id = columnOf(spec, "Id");
  const stamp = columnOf(spec, spec.cursor.field);
  const active = spec.fields[spec.deletes.active_field]?.column;
  const columns = [
    ...new Set([id, stamp, ...(active === undefined ? [] : [active]), "extracted_at", "load_id", "op"]),
  ];
  const known = new Map<string, KnownUser>();
  const result = await lakehouse.query(latestRowsSql(spec, lakehouse.tableName(table.key), columns), {
    signal,
  });
  for await (const row of result.rows) {
    const isAbsent = row["op"] === "delete";
    known.set(textOf(row[id]), {
      stamp: textOf(row[stamp]),
      isActive: !isAbsent && (active === undefined || row[active] !== false),
      isAbsent,
    });
  }
  return known;
}
