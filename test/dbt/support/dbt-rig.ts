import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { dimSfUserScd, sfUserRaw } from "../../../assets/sf_user/tables.ts";
import { type AssetKey, assetKey } from "../../../framework/definition/asset-key.ts";
import type { DbtManifest } from "../../../framework/dbt/dbt-manifest.ts";
import { DbtWorker } from "../../../framework/dbt/dbt-worker.ts";
import type { NodeFinished } from "../../../framework/dbt/worker-protocol.ts";
import { openEmbeddedLakehouse } from "../../../framework/lakehouse/duckdb/embedded-lakehouse.ts";
import { collectRows, type Lakehouse, type Row } from "../../../framework/lakehouse/lakehouse.ts";
import { testExtensions } from "../../support/extensions.ts";
import { testPythonEnvironment } from "../../support/python-environment.ts";
import type { DimensionRow } from "./dimension-row.ts";
import { type LandedRow, landed } from "./landed-row.ts";

/** The project's own dbt folder. */
export const shippedProject = fileURLToPath(new URL("../../../dbt", import.meta.url));

const staging = "model.moraine.stg_sf_user";
const dimension = "model.moraine.dim_sf_user_scd";

/** Keys of the three tables of the pipeline. */
export const keys = {
  raw: assetKey("sf_raw/sf_user"),
  staging: assetKey("sf_staging/stg_sf_user"),
  dimension: assetKey("sf_curated/dim_sf_user_scd"),
} as const;

/** How nodes ended, by name: a model's without package. */
export type Finished = Readonly<Record<string, NodeFinished>>;

/** A dbt process with a parsed project; one serves all lakes of a test file. */
export interface Dbt {
  readonly manifest: DbtManifest;
  /** A lake of its own, with an empty raw log and, as the product leaves it, an empty dimension. */
  openLake(options?: { readonly withDimension?: boolean }): Promise<PipelineLake>;
  close(): Promise<void>;
}

/** A lake, and the dbt project run against it. */
export interface PipelineLake {
  readonly lake: Lakehouse;
  /** Appends rows to the raw log as one load, duplicates and all. */
  land(loadId: string, rows: readonly LandedRow[]): Promise<void>;
  build(options?: {
    /** Unique ids. @default the staging table and the dimension */
    readonly nodes?: readonly string[];
    /** Replays the log. */
    readonly replay?: boolean;
    readonly env?: Readonly<Record<string, string>>;
  }): Promise<Finished>;
  /** Builds the two models; throws dbt's words when one fails. Gives the dimension. */
  run(options?: { readonly replay?: boolean }): Promise<readonly DimensionRow[]>;
  /** Rows of the dimension by user and `valid_from`, in the columns' order. */
  dimension(): Promise<readonly DimensionRow[]>;
  query(sql: string): Promise<readonly Row[]>;
  execute(sql: string): Promise<void>;
  /** Data version of a table: what early cutoff compares. */
  version(key: AssetKey): Promise<string | undefined>;
  close(): Promise<void>;
}

/** Starts dbt on a project. */
export async function startDbt(projectDir: string = shippedProject): Promise<Dbt> {
  const python = await testPythonEnvironment();
  const folder = await mkdtemp(join(tmpdir(), "moraine-dbt-"));
  const worker = new DbtWorker(python.python, {
    projectDir,
    profilesDir: shippedProject,
    target: "local",
    targetPath: join(folder, "target"),
    logPath: join(folder, "logs"),
  });
  const signal = new AbortController().signal;
  const manifest = (await worker.request({ command: "parse", env: {} }, { signal })) as DbtManifest;
  return {
    manifest,
    openLake: async ({ withDimension = true } = {}) => {
      const dir = await mkdtemp(join(folder, "lake-"));
      const lake = openEmbeddedLakehouse({
        dir: join(dir, "lake"),
        extensionDirectory: testExtensions,
      });
      await lake.ensureTable(sfUserRaw);
      if (withDimension) await lake.ensureTable(dimSfUserScd);
      return pipelineLake(worker, lake, dir);
    },
    close: async () => {
      await worker.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

function pipelineLake(worker: DbtWorker, lake: Lakehouse, dir: string): PipelineLake {
  const signal = new AbortController().signal;
  let files = 0;
  const query = async (sql: string): Promise<readonly Row[]> => collectRows(await lake.query(sql));
  const build: PipelineLake["build"] = async ({
    nodes = [staging, dimension],
    replay = false,
    env = {},
  } = {}) => {
    const finished: Record<string, NodeFinished> = {};
    await worker.request(
      {
        command: "build",
        env: { MORAINE_ALLOW_HISTORY_LOSS: "", ...(await lake.connectionEnvironment()), ...env },
        nodes,
        fullRefresh: replay ? nodes.filter((node) => node.startsWith("model.")) : [],
      },
      {
        signal,
        onEvent: (event) => {
          if (event.type === "node-finished") finished[nameOf(event.node)] = event;
        },
      },
    );
    return finished;
  };
  const readDimension = async () => {
    const columns = Object.keys(dimSfUserScd.columns).join(", ");
    const rows: readonly Row[] = await query(
      `SELECT ${columns} FROM sf_curated.dim_sf_user_scd ORDER BY user_id, valid_from`,
    );
    return rows as unknown as readonly DimensionRow[];
  };
  return {
    lake,
    land: async (loadId, rows) => {
      files += 1;
      const path = join(dir, `${files}.ndjson`);
      await writeFile(path, rows.map((row) => JSON.stringify(landed(row, loadId))).join("\n"));
      await lake.load({
        table: sfUserRaw,
        files: [{ path, format: "ndjson" }],
        disposition: { type: "append" },
      });
    },
    build,
    run: async (options = {}) => {
      for (const node of Object.values(await build(options))) {
        if (node.status !== "success") throw new Error(`${node.node}: ${node.status}: ${node.message}`);
      }
      return readDimension();
    },
    dimension: readDimension,
    query,
    execute: async (sql) => {
      await collectRows(await lake.query(sql, { readOnly: false }));
    },
    version: (key) => lake.dataVersion(key),
    close: () => lake.close(),
  };
}

/** `model.moraine.stg_sf_user` -> `stg_sf_user`; `test.moraine.some_test.0123` -> `some_test`. */
function nameOf(uniqueId: string): string {
  return uniqueId.split(".")[2] ?? uniqueId;
}
