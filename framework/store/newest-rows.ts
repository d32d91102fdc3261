/**
 * The head of a query: `newest` holds the id of the newest row for every combination of `columns` that a table has for
 * `@target`, and the columns. The table needs an index over target, the columns and id. Each row costs one descent of
 * that index, so the history behind the newest rows is never read.
 *
 * @param condition only rows that meet it count
 */
export function newestRows(table: string, columns: readonly string[], condition = "TRUE"): string {
  const list = columns.join(", ");
  const order = [...columns, "id"].map((column) => `${column} DESC`).join(", ");
  // The combination before one in index order: the last column is less, or it starts anew and the one before it is less.
  // As one row value it would read the same, but SQLite seeks by the first column alone and then walks.
  const before = columns.map((column, index) => {
    const same = columns.slice(0, index).map((earlier) => `${earlier} = newest.${earlier} AND `);
    return `(SELECT id FROM ${table} WHERE target = @target AND ${condition} AND ${same.join("")}${column} < newest.${column} ORDER BY ${order} LIMIT 1)`;
  });
  // coalesce() takes two at least.
  const next = `coalesce(${[...before.toReversed(), "NULL"].join(", ")})`;
  return `WITH RECURSIVE newest (id, ${list}) AS (
    SELECT * FROM (SELECT id, ${list} FROM ${table} WHERE target = @target AND ${condition} ORDER BY ${order} LIMIT 1)
    UNION ALL
    SELECT other.id, ${columns.map((column) => `other.${column}`).join(", ")} FROM newest JOIN ${table} other ON other.id = ${next})`;
}
