import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import type { Asset, MaterializeContext, MaterializeResult, Row, TableDefinition } from "moraine";
import { sfUserRaw } from "../../assets/sf_user/tables.ts";
import { dbthub } from "../../framework/dbthub/dbthub.ts";
import type { CheckOutcome } from "../../framework/event/event.ts";
import { type Failure, FailureError } from "../../framework/event/failure.ts";
import { openEmbeddedLakehouse } from "../../framework/lakehouse/duckdb/embedded-lakehouse.ts";
import { collectRows, type Lakehouse } from "../../framework/lakehouse/lakehouse.ts";
import { type FaultInput, type Sandbox, startSandbox } from "../../framework/sandbox/sandbox.ts";
import type { Clock } from "../../framework/util/clock.ts";
import type { Json } from "../../framework/util/hash.ts";
import { testExtensions } from "../lakehouse/support.ts";

/** The shipped YAML, which tests vary by replacing text. */
export const shippedYaml = readFileSync(new URL("../../assets/sf_user/dbthub.yml", import.meta.url), "utf8");

/** The machine's time, and sleep that takes none: what would wait is noted. */
export function sleeplessClock(): Clock & { readonly slept: number[] } {
  const slept: number[] = [];
  return {
    slept,
    now: () => new Date(),
    sleep: async (ms, signal) => {
      signal?.throwIfAborted();
      slept.push(ms);
    },
  };
}

/** What one materialization did. */
export interface Ran {
  readonly result: MaterializeResult | undefined;
  readonly failure: Failure | undefined;
  readonly reports: ReadonlyMap<string, CheckOutcome>;
  readonly logs: readonly string[];
  readonly announced: number;
}

/** How one materialization differs from the usual. */
export interface RunOptions {
  readonly forced?: boolean;
  readonly signal?: AbortSignal;
  /** Runs although the cursor of a success is not to be kept, as after a crash before the record. */
  readonly forgetCursor?: boolean;
}

/** What a rig is made of. */
export interface RigOptions {
  readonly users?: number;
  /** Changes the shipped YAML. */
  readonly yaml?: (text: string) => string;
  readonly table?: TableDefinition;
}

/** An org, a lake and the ingestion asset between them, all real. */
export class DbthubRig {
  readonly dir = mkdtempSync(join(tmpdir(), "moraine-dbthub-"));
  readonly clock = sleeplessClock();
  readonly sandbox: Sandbox;
  readonly lake: Lakehouse;
  asset: Asset;
  cursor: Json | undefined;
  readonly #orgDir: string;
  readonly #table: TableDefinition;

  private constructor(sandbox: Sandbox, orgDir: string, table: TableDefinition) {
    this.sandbox = sandbox;
    this.#orgDir = orgDir;
    this.#table = table;
    this.lake = openEmbeddedLakehouse({ dir: join(this.dir, "lake"), extensionDirectory: testExtensions });
    this.asset = this.define();
  }

  /** Opens one that several tests share; close it. */
  static async start(options: RigOptions = {}): Promise<DbthubRig> {
    const dir = mkdtempSync(join(tmpdir(), "moraine-org-"));
    const sandbox = await startSandbox({ dbPath: join(dir, "sandbox.db"), users: options.users ?? 60 });
    const rig = new DbthubRig(sandbox, dir, options.table ?? sfUserRaw);
    if (options.yaml !== undefined) rig.asset = rig.define(options.yaml);
    return rig;
  }

  /** Ends what {@link DbthubRig.start} began. */
  async close(): Promise<void> {
    await this.lake.close();
    await this.sandbox.close();
    for (const each of [this.#orgDir, this.dir]) rmSync(each, { recursive: true, force: true });
  }

  /** Opens one that ends with the test. */
  static async open(options: RigOptions = {}): Promise<DbthubRig> {
    const rig = await DbthubRig.start(options);
    onTestFinished(() => rig.close());
    return rig;
  }

  /** The asset from the shipped YAML, changed. */
  define(change: (text: string) => string = (text) => text, table = this.#table): Asset {
    const file = join(this.dir, "dbthub.yml");
    writeFileSync(file, change(shippedYaml));
    return dbthub({ file, table, clock: this.clock });
  }

  get sql(): string {
    return this.lake.tableName(this.#table.key);
  }

  /** Materializes once, as the materializer would, without its retries. */
  async run(options: RunOptions = {}): Promise<Ran> {
    const { asset, lake } = this;
    if (asset.problems.length > 0) throw new Error(JSON.stringify(asset.problems));
    if (asset.source.type !== "body") throw new Error("expected a body");
    await lake.ensureTable(asset.table ?? this.#table);
    const reports = new Map<string, CheckOutcome>();
    const logs: string[] = [];
    let announced = 0;
    const context: MaterializeContext = {
      ...this.workContext(logs, options.signal),
      key: asset.key,
      partition: undefined,
      inputs: {},
      attempt: 1,
      forced: options.forced ?? false,
      lastMaterialization: undefined,
      cursor: this.cursor,
      progress: () => {},
      announceChange: () => (announced += 1),
      reportCheck: (name, result) => void reports.set(name, result),
    };
    let result: MaterializeResult | undefined;
    let failure: Failure | undefined;
    try {
      result = (await asset.source.materialize(context)) ?? {};
      if (options.forgetCursor !== true) this.cursor = result.cursor;
    } catch (error) {
      if (!(error instanceof FailureError)) throw error;
      failure = error.failure;
    }
    return { result, failure, reports, logs, announced };
  }

  /** Runs and expects success. */
  async materialize(options: RunOptions = {}): Promise<Ran & { readonly result: MaterializeResult }> {
    const ran = await this.run(options);
    if (ran.result === undefined) throw new Error(`expected success, got ${JSON.stringify(ran.failure)}`);
    return { ...ran, result: ran.result };
  }

  /** Runs one of the asset's checks. */
  async check(name: string): Promise<CheckOutcome> {
    const check = this.asset.checks.find((each) => each.name === name);
    if (check?.source.type !== "body") throw new Error(`no check ${name} with a body`);
    return check.source.run({
      ...this.workContext([]),
      key: this.asset.key,
      partition: undefined,
      sql: this.sql,
    });
  }

  private workContext(logs: string[], signal = new AbortController().signal) {
    return {
      runId: "run-1",
      projectDir: this.dir,
      stateDir: this.dir,
      target: "local",
      lakehouse: this.lake,
      resources: {
        secrets: { name: "sandbox", get: async () => ({ ...this.sandbox.credentials() }) },
      },
      signal,
      log: (message: string, level = "info") => void logs.push(`${level}: ${message}`),
    };
  }

  /** Rows of a query; `raw` in it stands for the table. */
  async rows(sql: string): Promise<Row[]> {
    return collectRows(await this.lake.query(sql.replaceAll(/\braw\b/g, this.sql)));
  }

  /** The table without what differs from load to load. */
  async content(): Promise<Row[]> {
    return this.rows("SELECT * EXCLUDE (load_id, extracted_at) FROM raw ORDER BY ALL");
  }

  /** One number. */
  async count(where = "TRUE"): Promise<number> {
    const [row] = await this.rows(`SELECT count(*) AS n FROM raw WHERE ${where}`);
    return Number(row?.["n"]);
  }

  /** Sends a command to the org's control API. */
  async control(method: string, path: string, body?: unknown): Promise<unknown> {
    const init = body === undefined ? {} : { body: JSON.stringify(body) };
    const answer = await fetch(`${this.sandbox.url}/sandbox/${path}`, { method, ...init });
    if (!answer.ok) throw new Error(`${path}: ${await answer.text()}`);
    return answer.json();
  }

  fault = (fault: FaultInput) => this.control("POST", "faults", fault);
  clearFaults = () => this.control("DELETE", "faults");
  post = (...records: readonly Record<string, unknown>[]) => this.control("POST", "records", { records });

  /** Ids of some present users, in a fixed order. */
  async someIds(count: number, where = "is_active"): Promise<string[]> {
    const rows = await this.rows(`SELECT DISTINCT id FROM raw WHERE ${where} ORDER BY id LIMIT ${count}`);
    return rows.map((row) => row["id"] as string);
  }
}
