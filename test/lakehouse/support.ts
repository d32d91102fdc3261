import { DuckDBInstance } from "@duckdb/node-api";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  openEmbeddedLakehouse,
  type EmbeddedLakehouseOptions,
} from "../../framework/lakehouse/duckdb/embedded-lakehouse.ts";
import type { Lakehouse, SourceFile } from "../../framework/lakehouse/lakehouse.ts";
import { testExtensions } from "../support/extensions.ts";

export { testExtensions } from "../support/extensions.ts";

/** A lakehouse in a folder of its own, and files to load into it. */
export interface LakeRig {
  readonly dir: string;
  readonly lake: Lakehouse;
  /** What attempts under way may go back to. */
  readonly snapshotsInUse: string[];
  /** Another lakehouse on the same folder, as another process would have. */
  another(options?: Partial<EmbeddedLakehouseOptions>): Lakehouse;
  /** Writes rows as newline-delimited JSON. */
  ndjson(rows: readonly object[]): Promise<SourceFile>;
  /** Writes the rows of a query as Parquet. */
  parquet(sql: string): Promise<SourceFile>;
  close(): Promise<void>;
}

/** Makes a {@link LakeRig}; close it after the test. */
export async function lakeRig(options: Partial<EmbeddedLakehouseOptions> = {}): Promise<LakeRig> {
  const folder = await mkdtemp(join(tmpdir(), "moraine-lake-"));
  const dir = join(folder, "lake");
  const opened: Lakehouse[] = [];
  const inUse: string[] = [];
  const another = (more: Partial<EmbeddedLakehouseOptions> = {}): Lakehouse => {
    const own = { dir, extensionDirectory: testExtensions, snapshotsInUse: () => inUse };
    const lake = openEmbeddedLakehouse({ ...own, ...options, ...more });
    opened.push(lake);
    return lake;
  };
  return {
    dir,
    lake: another(),
    snapshotsInUse: inUse,
    another,
    ...sourceFiles(folder),
    close: async () => {
      await Promise.all(opened.map((lake) => lake.close()));
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** Makes files to load, in a folder. */
export function sourceFiles(folder: string): Pick<LakeRig, "ndjson" | "parquet"> {
  let files = 0;
  return {
    ndjson: async (rows) => {
      files += 1;
      const path = join(folder, `${files}.ndjson`);
      await writeFile(path, rows.map((row) => JSON.stringify(row)).join("\n"));
      return { path, format: "ndjson" };
    },
    parquet: async (sql) => {
      files += 1;
      const path = join(folder, `${files}.parquet`);
      const connection = await (await DuckDBInstance.create()).connect();
      await connection.run(`COPY (${sql}) TO '${path}' (FORMAT parquet)`);
      connection.closeSync();
      return { path, format: "parquet" };
    },
  };
}
