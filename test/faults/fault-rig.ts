import { once } from "node:events";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { createInterface } from "node:readline";
import Database from "better-sqlite3";
import { buildGraph } from "../../framework/graph/build-graph.ts";
import { openEmbeddedLakehouse } from "../../framework/lakehouse/duckdb/embedded-lakehouse.ts";
import { collectRows } from "../../framework/lakehouse/lakehouse.ts";
import { computeStatuses } from "../../framework/staleness/compute-statuses.ts";
import { LakeTables } from "../../framework/staleness/lake-tables.ts";
import { observe } from "../../framework/staleness/observe.ts";
import { openStoreReader } from "../../framework/store/open-store.ts";
import { testExtensions } from "../lakehouse/support.ts";
import { temporaryDirectory } from "../support/rig.ts";
import { bundledScript, type Child, finished } from "../support/scripts.ts";
import { type AppendingShape, appendingProject } from "./appending-project.ts";
import type { RunOrder } from "./run-process.ts";

/** Runs of an appending project in processes of their own, over one folder with a real lake and store. */
export class FaultRig {
  readonly folder = temporaryDirectory();
  readonly #script: Awaited<ReturnType<typeof bundledScript>>;

  constructor(script: Awaited<ReturnType<typeof bundledScript>>) {
    this.#script = script;
  }

  async start(order: RunOrder): Promise<Child> {
    return this.#script.run(this.folder, await testExtensions(), JSON.stringify(order));
  }

  /** Runs to the end. @returns the lines that it said */
  async run(order: RunOrder): Promise<readonly string[]> {
    return (await finished(await this.start(order))).trimEnd().split("\n");
  }

  /** Kills a run when it says a line that `isMoment`, `afterMs` later. @returns whether it had ended before */
  async kill(order: RunOrder, isMoment: (line: string) => boolean, afterMs = 0): Promise<boolean> {
    const child = await this.start(order);
    let complaints = "";
    child.stderr.on("data", (chunk: Buffer) => (complaints += chunk.toString()));
    const closed = once(child, "close");
    for await (const line of createInterface({ input: child.stdout })) {
      if (!isMoment(line) || child.killed) continue;
      if (afterMs === 0) child.kill("SIGKILL");
      else setTimeout(() => child.kill("SIGKILL"), afterMs);
    }
    await closed;
    if (child.signalCode === null && child.exitCode !== 0) throw new Error(complaints);
    return child.signalCode === null;
  }

  /** Kills a run that has stopped where it says a line. */
  async killAt(order: RunOrder, line: string): Promise<void> {
    const hasEnded = await this.kill({ ...order, stopAt: line }, (said) => said === line);
    if (hasEnded) throw new Error(`expected a run to say ${line}`);
  }

  /** Starts several runs, lets their bodies begin when all have seen the project as it is, and waits for all. */
  async together(
    orders: readonly RunOrder[],
    disturb: (children: readonly Child[]) => Promise<void> = async () => {},
  ): Promise<readonly (readonly string[])[]> {
    const children = await Promise.all(orders.map((order) => this.start({ ...order, waits: true })));
    const said = Promise.all(children.map(saidBy));
    await Promise.all(children.map((child) => says(child, "run-started")));
    await writeFile(join(this.folder, "go"), "");
    await disturb(children);
    return said;
  }

  /** All that must be the same after any trouble: without instants, ids and snapshot ids, which never are. */
  async state(shape: AppendingShape) {
    const graph = buildGraph({
      assets: appendingProject(shape, { tell: () => {}, go: async () => {} }),
      checks: [],
      problems: [],
    });
    const lake = openEmbeddedLakehouse({
      dir: join(this.folder, "lake"),
      extensionDirectory: testExtensions,
    });
    const reader = openStoreReader({ path: join(this.folder, "moraine.db"), target: "local" });
    const versions = new LakeTables(lake);
    await versions.refresh(graph.keys);
    const statuses = computeStatuses(
      graph,
      observe({ graph, reader, lake: versions, now: new Date(), asked: false }),
    );
    const records = reader.latestMaterializations();
    const checks = reader.latestCheckResults();
    const assets = [];
    for (const key of graph.keys) {
      const record = records.get(key);
      const sql = `SELECT generation, part, "row", read FROM ${lake.tableName(key)} ORDER BY ALL`;
      assets.push({
        key,
        status: statuses.get(key)?.status,
        rows: await collectRows(await lake.query(sql)),
        codeVersion: record?.codeVersion,
        metadata: record?.metadata,
        isCurrent: record?.snapshotId === versions.dataVersion(key),
        lineage: record?.upstreams.map(({ upstream, dataVersion }) => ({
          upstream,
          isCurrent: dataVersion === versions.dataVersion(upstream),
        })),
        checks: checks.get(key)?.map(({ check, result }) => ({ check, ...result })),
      });
    }
    await lake.close();
    reader.close();
    return assets;
  }

  /** What must be gone when no process is left. */
  leftovers(): { readonly running: number; readonly leases: number; readonly unreconciled: number } {
    const count = (sql: string) => Number(this.ask(sql)[0]?.["n"]);
    return {
      running: count("SELECT count(*) AS n FROM runs WHERE status = 'running'"),
      leases: count("SELECT count(*) AS n FROM leases"),
      unreconciled: count("SELECT count(*) AS n FROM attempts WHERE outcome IS NULL AND reconciled IS NULL"),
    };
  }

  /** Rows of a question to the store's file. */
  ask(sql: string): readonly Readonly<Record<string, unknown>>[] {
    const database = new Database(join(this.folder, "moraine.db"), { readonly: true });
    try {
      return database.prepare(sql).all() as Record<string, unknown>[];
    } finally {
      database.close();
    }
  }
}

/** Resolves with a process when it says something. */
export function says(child: Child, text: string): Promise<Child> {
  return new Promise((done) => {
    let said = "";
    child.stdout.on("data", (chunk: Buffer) => {
      said += chunk.toString();
      if (said.includes(text)) done(child);
    });
  });
}

async function saidBy(child: Child): Promise<readonly string[]> {
  const text = await finished(child).catch((error: unknown) => {
    if (child.signalCode === "SIGKILL") return "";
    throw error;
  });
  return text.trimEnd().split("\n");
}

/** Whole numbers from 0 up to `below`, the same for the same seed (mulberry32). */
export function randomBelow(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * below);
  };
}

/** Nothing is left over. */
export const nothingLeft = { running: 0, leases: 0, unreconciled: 0 };

/** Bundles the process of a {@link FaultRig}. */
export function runScript(): ReturnType<typeof bundledScript> {
  return bundledScript("faults/run-process");
}
