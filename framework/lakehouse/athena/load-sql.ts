import type { ColumnType } from "../../definition/column-type.ts";
import type { TableDefinition } from "../../definition/table.ts";
import { type Disposition, identityOf } from "../lakehouse.ts";
import { quoteName } from "../ddl/quoting.ts";
import { queryName, queryType } from "./athena-dialect.ts";

/**
 * Athena fails with more than one WHEN in a MERGE above this many columns.
 *
 * @see https://github.com/apache/iceberg/issues/10294
 */
const widestMerge = 321;

/**
 * The statements that bring staged rows into a table, in their order; more than one only for an upsert or a replacement
 * of a very wide table. `source`: a query for the rows, in the table's columns and types, one per key for a merge.
 */
export function loadSql(table: TableDefinition, disposition: Disposition, source: string): readonly string[] {
  const columns = Object.keys(table.columns);
  const target = queryName(table.key);
  const isWide = columns.length > widestMerge;
  if (disposition.type === "append") return [`INSERT INTO ${target} (${list(columns)}) ${source}`];
  if (disposition.type === "replace") {
    return isWide
      ? [`DELETE FROM ${target}`, `INSERT INTO ${target} (${list(columns)}) ${source}`]
      : [replaceSql(target, columns, source)];
  }
  const on = sameIdentity(table, identityOf(disposition));
  const merge = (...clauses: readonly string[]) =>
    [`MERGE INTO ${target} AS t USING (${source}) AS s ON ${on}`, ...clauses].join("\n");
  const insert = `WHEN NOT MATCHED THEN INSERT (${list(columns)}) VALUES (${columns.map((name) => `s.${quoteName(name)}`).join(", ")})`;
  const others = columns.filter((name) => !disposition.key.includes(name));
  if (disposition.strategy === "insert-only" || others.length === 0) return [merge(insert)];
  const differs = others
    .map((name) => `t.${quoteName(name)} IS DISTINCT FROM s.${quoteName(name)}`)
    .join(" OR ");
  const set = others.map((name) => `${quoteName(name)} = s.${quoteName(name)}`).join(", ");
  const update = `WHEN MATCHED AND (${differs}) THEN UPDATE SET ${set}`;
  return isWide ? [merge(update), merge(insert)] : [merge(update, insert)];
}

/** A query for the staged rows of one slice. */
export function stagedRowsSql(table: TableDefinition, staged: string, where: string | undefined): string {
  const columns = Object.entries(table.columns).map(([name, { type }]) => {
    const quoted = quoteName(name);
    return type === "timestamp" ? `CAST(${quoted} AS ${queryType(type)}) AS ${quoted}` : quoted;
  });
  return `SELECT ${columns.join(", ")} FROM ${staged}${where === undefined ? "" : ` WHERE ${where}`}`;
}

/** How many keys of the staged rows the table lacks. */
export function newKeysSql(table: TableDefinition, key: readonly string[], source: string): string {
  return `SELECT count(*) FROM (SELECT DISTINCT ${list(key)} FROM (${source}) AS r) AS s
LEFT JOIN (SELECT DISTINCT ${list(key)}, true AS is_there FROM ${queryName(table.key)}) AS t ON ${sameIdentity(table, key)}
WHERE t.is_there IS NULL`;
}

/**
 * One statement, hence one commit: a single row of the source matches every row of the table and deletes it, the others
 * match none and are inserted. Told by an equality of something of either side, which the engine looks up.
 */
function replaceSql(target: string, columns: readonly string[], source: string): string {
  const [first = ""] = columns.map((name) => `t.${quoteName(name)}`);
  return `MERGE INTO ${target} AS t
USING (
  SELECT false AS moraine_old, r.* FROM (${source}) AS r
  UNION ALL
  SELECT true${", NULL".repeat(columns.length)}
) AS s ON (${first} IS NULL OR ${first} IS NOT NULL) = s.moraine_old
WHEN MATCHED THEN DELETE
WHEN NOT MATCHED AND NOT s.moraine_old THEN INSERT (${list(columns)}) VALUES (${columns.map((name) => `s.${quoteName(name)}`).join(", ")})`;
}

const emptyValues: Readonly<Record<Exclude<ColumnType, `decimal${string}`>, string>> = {
  boolean: "false",
  int: "0",
  long: "BIGINT '0'",
  float: "REAL '0'",
  double: "DOUBLE '0'",
  date: "DATE '1970-01-01'",
  timestamp: "TIMESTAMP '1970-01-01 00:00:00.000000'",
  string: "''",
  binary: "X''",
};

/**
 * NULL equals NULL. Not by `IS NOT DISTINCT FROM`, for which the engine compares every row with every other, but by
 * equalities, which it looks up.
 */
function sameIdentity(table: TableDefinition, columns: readonly string[]): string {
  return columns
    .flatMap((name) => {
      const [left, right] = [`t.${quoteName(name)}`, `s.${quoteName(name)}`];
      const column = table.columns[name];
      if (column === undefined)
        throw new Error(`expected a key of columns of ${table.key}, got ${JSON.stringify(name)}`);
      if (column.required === true) return [`${left} = ${right}`];
      const empty =
        column.type in emptyValues
          ? emptyValues[column.type as keyof typeof emptyValues]
          : `CAST(0 AS ${column.type})`;
      return [
        `coalesce(${left}, ${empty}) = coalesce(${right}, ${empty})`,
        `(${left} IS NULL) = (${right} IS NULL)`,
      ];
    })
    .join(" AND ");
}

function list(columns: readonly string[]): string {
  return columns.map(quoteName).join(", ");
}
