import type { Answer } from "../catalog/table-catalog.ts";
import type { TableDefinition } from "../../definition/table.ts";
import { type Disposition, identityOf, type LoadResult, type SourceFile } from "../lakehouse.ts";
import { quoteName } from "../ddl/quoting.ts";
import { duckdbTableName } from "./duckdb-dialect.ts";
import type { Engine } from "./engine.ts";
import type { Session } from "./session.ts";
import { sourceSql } from "./source-files.ts";

/** What a load changed, and the snapshots that it found; `nothing` when it changed nothing. */
type Change = Pick<LoadResult, "rowsInserted" | "rowsUpdated" | "ties"> & {
  readonly found: ReadonlySet<string>;
};

/** What {@link load} takes. */
export interface LoadRequest {
  readonly table: TableDefinition;
  readonly files: readonly SourceFile[];
  readonly disposition: Disposition;
}

/** What {@link load} asks of the table. */
export interface LoadTarget {
  /** Its current snapshot; undefined when it has none. */
  readonly currentSnapshotId: () => Answer<string | undefined>;
  readonly needsCopyOnWrite: () => Promise<boolean>;
}

/** Rows of the files as a table; `rowid` is their order. */
const batch = "temp.main.batch";

/**
 * Loads files in one commit. The counts and the write see the same snapshot: the commit is refused when the table
 * moved in between.
 */
export async function load(
  engine: Engine,
  session: Session,
  request: LoadRequest,
  target: LoadTarget,
): Promise<{ readonly rowsRead: number; readonly change: Change | "nothing" }> {
  const { table, disposition } = request;
  const source = await sourceSql(session, table, request.files);
  if (disposition.type === "merge") {
    await session.run(`CREATE OR REPLACE TEMP TABLE batch AS ${source}`);
    const rowsRead = await session.count(`SELECT count(*) FROM ${batch}`);
    if (rowsRead === 0) return { rowsRead, change: "nothing" };
    if (disposition.strategy === "insert-only") {
      const insertRows = () => insertOnly(session, table, disposition.key, identityOf(disposition));
      return { rowsRead, change: await session.transaction(insertRows) };
    }
    const base = (await target.needsCopyOnWrite()) ? await target.currentSnapshotId() : undefined;
    const merge = (mergeSql: MergeSql) =>
      session.transaction(() => upsert(session, table, disposition.key, mergeSql));
    if (base === undefined) return { rowsRead, change: await merge(mergeStatement) };
    const change = await engine.withWholeTables(session, "overwrite", base, (catalog) =>
      merge((names) => rewriteStatement({ ...names, into: duckdbTableName(table.key, catalog) })),
    );
    return { rowsRead, change };
  }
  const base = disposition.type === "replace" ? await target.currentSnapshotId() : undefined;
  if (base === undefined) return insert(session, table, source, duckdbTableName(table.key));
  return engine.withWholeTables(session, "overwrite", base, async (catalog) => {
    return insert(session, table, source, duckdbTableName(table.key, catalog));
  });
}

async function insert(
  session: Session,
  table: TableDefinition,
  source: string,
  target: string,
): Promise<{ readonly rowsRead: number; readonly change: Change | "nothing" }> {
  const change = await session.transaction(async () => {
    const rowsInserted = await session.count(`INSERT INTO ${target} BY NAME ${source}`);
    if (rowsInserted === 0) return "nothing";
    return { rowsInserted, rowsUpdated: 0, ties: 0, found: await snapshotIds(session, table) };
  });
  return { rowsRead: change === "nothing" ? 0 : change.rowsInserted, change };
}

/** The last row of a key in the batch counts. A row that differs in nothing is left as it is. */
async function upsert(
  session: Session,
  table: TableDefinition,
  key: readonly string[],
  mergeSql: MergeSql,
): Promise<Change | "nothing"> {
  const target = duckdbTableName(table.key);
  const columns = Object.keys(table.columns);
  const others = columns.filter((name) => !key.includes(name));
  await session.run(`CREATE OR REPLACE TEMP TABLE latest AS SELECT ${list(columns)} FROM ${batch}
    QUALIFY row_number() OVER (PARTITION BY ${list(key)} ORDER BY rowid DESC) = 1`);
  const differs = others
    .map((name) => `t.${quoteName(name)} IS DISTINCT FROM s.${quoteName(name)}`)
    .join(" OR ");
  const rowsInserted = await session.count(
    `SELECT count(*) FROM temp.main.latest AS s ANTI JOIN ${target} AS t ON ${same(key)}`,
  );
  const rowsUpdated =
    others.length === 0
      ? 0
      : await session.count(
          `SELECT count(*) FROM temp.main.latest AS s JOIN ${target} AS t ON ${same(key)} WHERE ${differs}`,
        );
  if (rowsInserted + rowsUpdated === 0) return "nothing";
  const updated = rowsUpdated === 0 ? [] : others;
  await session.run(mergeSql({ target, key, columns, updated, differs }));
  return { rowsInserted, rowsUpdated, ties: 0, found: await snapshotIds(session, table) };
}

interface MergeNames {
  readonly target: string;
  readonly key: readonly string[];
  readonly columns: readonly string[];
  /** Columns that get new values; none when no row changes. */
  readonly updated: readonly string[];
  /** Which rows get them. */
  readonly differs: string;
}

/** The statement that brings the rows of `latest` into the table. */
type MergeSql = (names: MergeNames) => string;

const mergeStatement: MergeSql = ({ target, key, columns, updated, differs }) => {
  const update = updated.map((name) => `${quoteName(name)} = s.${quoteName(name)}`).join(", ");
  return [
    `MERGE INTO ${target} AS t USING temp.main.latest AS s ON ${same(key)}`,
    ...(update === "" ? [] : [`WHEN MATCHED AND (${differs}) THEN UPDATE SET ${update}`]),
    `WHEN NOT MATCHED THEN INSERT (${list(columns)}) VALUES (${columns.map((name) => `s.${quoteName(name)}`).join(", ")})`,
  ].join("\n");
};

/** The same without delete files: writes all rows, as they are afterwards, into the empty table `into`. */
function rewriteStatement(names: MergeNames & { readonly into: string }): string {
  const { into, target, key, columns, updated } = names;
  const values = updated
    .map(quoteName)
    .map((name) => `CASE WHEN s.rowid IS NULL THEN t.${name} ELSE s.${name} END AS ${name}`);
  return [
    `INSERT INTO ${into} BY NAME`,
    `SELECT t.*${values.length === 0 ? "" : ` REPLACE (${values.join(", ")})`}`,
    `FROM ${target} AS t LEFT JOIN temp.main.latest AS s ON ${same(key)}`,
    `UNION ALL BY NAME SELECT ${list(columns)} FROM temp.main.latest AS s ANTI JOIN ${target} AS t ON ${same(key)}`,
  ].join("\n");
}

/** The first row of an identity (key and tie columns) counts, in the table as in the batch. */
async function insertOnly(
  session: Session,
  table: TableDefinition,
  key: readonly string[],
  identity: readonly string[],
): Promise<Change | "nothing"> {
  const target = duckdbTableName(table.key);
  const columns = list(Object.keys(table.columns));
  await session.run(`CREATE OR REPLACE TEMP TABLE fresh AS
    SELECT ${columns} FROM (
      SELECT * FROM ${batch}
      QUALIFY row_number() OVER (PARTITION BY ${list(identity)} ORDER BY rowid) = 1
    ) AS s ANTI JOIN ${target} AS t ON ${same(identity)}`);
  const rowsInserted = await session.count("SELECT count(*) FROM temp.main.fresh");
  if (rowsInserted === 0) return "nothing";
  const newKeys = await session.count(
    `SELECT count(*) FROM (SELECT DISTINCT ${list(key)} FROM temp.main.fresh) AS s ANTI JOIN ${target} AS t ON ${same(key)}`,
  );
  await session.run(`INSERT INTO ${target} (${columns}) SELECT ${columns} FROM temp.main.fresh`);
  const found = await snapshotIds(session, table);
  return { rowsInserted, rowsUpdated: 0, ties: rowsInserted - newKeys, found };
}

/**
 * The snapshots that there are once this transaction has written. It will commit on top of the current one of them, or be
 * refused: DuckDB asks the catalog anew here, so before the write it may be told of fewer than what it then writes on.
 * Which one is current DuckDB doesn't say, and after a restore it is not the newest.
 */
async function snapshotIds(session: Session, table: TableDefinition): Promise<ReadonlySet<string>> {
  const rows = await session.run(
    `SELECT snapshot_id FROM iceberg_snapshots('${duckdbTableName(table.key)}')`,
  );
  return new Set(rows.map((row) => String(row["snapshot_id"])));
}

/** NULL equals NULL: a key with an empty part is a key. */
function same(columns: readonly string[]): string {
  return columns
    .map((name) => `t.${quoteName(name)} IS NOT DISTINCT FROM s.${quoteName(name)}`)
    .join(" AND ");
}

function list(columns: readonly string[]): string {
  return columns.map(quoteName).join(", ");
}
