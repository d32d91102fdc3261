import { mkdirSync, readdirSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { DuckDBInstance } from "@duckdb/node-api";
import type { Column, TableDefinition } from "../../definition/table.ts";
import { quoteName, quoteText } from "../ddl/quoting.ts";
import { Session } from "../duckdb/session.ts";
import { sourceSql } from "../duckdb/source-files.ts";
import { type Disposition, identityOf, type SourceFile } from "../lakehouse.ts";
import { sliceColumn, slicing } from "./slices.ts";

/** Rows as they are to be loaded, in Parquet files on this machine. */
export interface WrittenRows {
  readonly files: readonly string[];
  /** All rows of the source. */
  readonly rowsRead: number;
  /** 1, or more when the rows go into more partitions than one statement may write; see {@link sliceColumn}. */
  readonly slices: number;
}

/** A row's place in the source. */
const orderColumn = "moraine_order";

const fileBytes = "256MB";

/** What DuckDB may take of memory, however many rows there are: what does not fit waits on disk. */
const memoryLimit = "512MB";
/** Each reads, sorts and writes with memory of its own. */
const threads = 2;
/** A row group is held whole until it is written. */
const rowGroupBytes = 16 * 1024 * 1024;
/** DuckDB's own, and the fewest that it takes. */
const [mostRowsInGroup, fewestRowsInGroup] = [122_880, 2_048];

/**
 * Writes the rows of a load as Parquet (zstd) into a folder, by DuckDB: typed, in the table's columns, and for a merge
 * one row per key, since Athena refuses a source with two: the last one for an upsert, else the first.
 *
 * Timestamps are text: in tables that are not Iceberg Athena cuts them to milliseconds.
 */
export async function writeParquet(request: {
  readonly table: TableDefinition;
  readonly files: readonly SourceFile[];
  readonly disposition: Disposition;
  /** Made here; the caller removes it. */
  readonly folder: string;
  readonly signal?: AbortSignal | undefined;
}): Promise<WrittenRows> {
  const { table, folder, signal } = request;
  mkdirSync(folder, { recursive: true });
  const instance = await DuckDBInstance.create(":memory:", {
    autoinstall_known_extensions: "false",
    temp_directory: join(folder, "spill"),
    memory_limit: memoryLimit,
    threads: String(threads),
  });
  const session = new Session(await instance.connect(), signal, () => {});
  try {
    await session.run("SET GLOBAL TimeZone = 'UTC'");
    // Not rowid: with it in a window DuckDB 1.5 mixes up the columns of what reads the window.
    await session.run(
      `CREATE TABLE batch AS SELECT *, row_number() OVER () AS ${orderColumn}
       FROM (${await sourceSql(session, table, request.files)})`,
    );
    const rowsRead = await session.count("SELECT count(*) FROM batch");
    if (rowsRead === 0) return { files: [], rowsRead, slices: 1 };
    if (request.disposition.type === "merge") await keepOnePerKey(session, request.disposition);
    const slices = await countSlices(session, table);
    const output = join(folder, "rows");
    await session.run(
      `COPY (${stagedSql(table, slices)}) TO ${quoteText(output)}
       (FORMAT parquet, COMPRESSION zstd, FILE_SIZE_BYTES '${fileBytes}',
        ROW_GROUP_SIZE ${rowsInGroup(request.files, rowsRead)})`,
    );
    return { files: readdirSync(output).map((name) => join(output, name)), rowsRead, slices };
  } finally {
    await session.close();
    instance.closeSync();
    rmSync(join(folder, "spill"), { recursive: true, force: true });
  }
}

/** By how wide the rows were in their files. */
function rowsInGroup(files: readonly SourceFile[], rows: number): number {
  const bytes = files.reduce((sum, { path }) => sum + statSync(path).size, 0);
  const fitting = Math.floor(rowGroupBytes / (bytes / rows));
  return Math.min(mostRowsInGroup, Math.max(fewestRowsInGroup, fitting));
}

/**
 * Deletes the rows that have the key of another one. Looked for by a hash, of which a number is held per row and not a
 * key; only rows whose hash comes twice are compared.
 */
async function keepOnePerKey(
  session: Session,
  disposition: Extract<Disposition, { readonly type: "merge" }>,
): Promise<void> {
  const identity = identityOf(disposition).map(quoteName).join(", ");
  const order = disposition.strategy === "upsert" ? `${orderColumn} DESC` : orderColumn;
  const digest = `hash(${identity})`;
  await session.run(
    `CREATE TABLE repeated AS SELECT digest FROM (SELECT ${digest} AS digest FROM batch)
     GROUP BY digest HAVING count(*) > 1`,
  );
  if ((await session.count("SELECT count(*) FROM repeated")) === 0) return;
  await session.run(
    `DELETE FROM batch WHERE ${orderColumn} IN (
       SELECT ${orderColumn} FROM batch WHERE ${digest} IN (FROM repeated)
       QUALIFY row_number() OVER (PARTITION BY ${identity} ORDER BY ${order}) > 1)`,
  );
}

async function countSlices(session: Session, table: TableDefinition): Promise<number> {
  const cut = slicing(table);
  if (cut === undefined || cut.tuple.length === 0) return 1;
  const partitions = await session.count(
    `SELECT count(*) FROM (SELECT DISTINCT ${cut.tuple.join(", ")} FROM batch)`,
  );
  return Math.ceil(partitions / cut.perSlice);
}

function stagedSql(table: TableDefinition, slices: number): string {
  const columns = Object.entries(table.columns).map(([name, column]) => stagedColumn(name, column));
  const cut = slices > 1 ? slicing(table) : undefined;
  // In the order of the source, which is that of a scan.
  if (cut === undefined) return `SELECT ${columns.join(", ")} FROM batch`;
  const slice = `(dense_rank() OVER (ORDER BY ${cut.tuple.join(", ")}) - 1) // ${cut.perSlice}`;
  // Sorted, so that a statement reads the row groups of its slice alone.
  return `SELECT ${columns.join(", ")}, CAST(${slice} AS INTEGER) AS ${sliceColumn} FROM batch
          ORDER BY ${sliceColumn}, ${orderColumn}`;
}

function stagedColumn(name: string, column: Column): string {
  const quoted = quoteName(name);
  return column.type === "timestamp" ? `strftime(${quoted}, '%Y-%m-%d %H:%M:%S.%f') AS ${quoted}` : quoted;
}
