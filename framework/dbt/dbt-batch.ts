import type { AssetKey } from "../definition/asset-key.ts";
import type { Batch, BatchContext } from "../definition/batch.ts";
import type { WorkContext } from "../definition/context.ts";
import { FailureError } from "../event/failure.ts";
import { createRedactor } from "../util/redact.ts";
import type { DbtAsset, DbtGraph, DbtTest } from "./dbt-graph.ts";
import type { CallOptions, DbtSession } from "./dbt-session.ts";
import { DbtError } from "./dbt-worker.ts";
import { nodeFailure } from "./node-failure.ts";
import type { PythonProgress } from "./python-environment.ts";
import { RunReport } from "./run-report.ts";
import type { WorkerEvent } from "./worker-protocol.ts";

/** Names of variables whose values must not be shown; a refused connection may repeat them. */
const secretName = /TOKEN|SECRET|PASSWORD|KEY/;

/** Makes dbt assets: one invocation of dbt for all of a call, with their tests. */
export class DbtBatch implements Batch {
  readonly name = "dbt";
  readonly #session: DbtSession;
  readonly #where: (path: string) => string;
  readonly #assets: ReadonlyMap<AssetKey, DbtAsset>;
  readonly #notes: readonly string[];

  /** @param where the path of a dbt file for messages */
  constructor(session: DbtSession, graph: DbtGraph, where: (path: string) => string) {
    this.#session = session;
    this.#where = where;
    this.#assets = new Map(graph.assets.map((asset) => [asset.key, asset]));
    this.#notes = graph.notes;
  }

  async prepare(context: WorkContext): Promise<void> {
    await this.#session.warmUp(callOptions(context));
  }

  async materialize(
    context: BatchContext & {
      readonly assets: readonly { readonly key: AssetKey; readonly forced: boolean }[];
    },
  ): Promise<void> {
    for (const note of this.#notes) context.log(note, "warn");
    const assets = context.assets.map(({ key }) => this.#asset(key));
    await this.#run(context, {
      assets,
      tests: assets.flatMap((asset) => asset.tests),
      forced: context.assets.filter(({ forced }) => forced).map(({ key }) => this.#asset(key)),
    });
  }

  async check(
    context: BatchContext & {
      readonly checks: readonly { readonly key: AssetKey; readonly name: string }[];
    },
  ): Promise<void> {
    const tests = context.checks.flatMap(
      ({ key, name }) => this.#asset(key).tests.find((test) => test.name === name) ?? [],
    );
    await this.#run(context, { assets: [], tests, forced: [] });
  }

  async close(): Promise<void> {
    await this.#session.close();
  }

  async #run(
    context: BatchContext,
    work: {
      readonly assets: readonly DbtAsset[];
      readonly tests: readonly DbtTest[];
      readonly forced: readonly DbtAsset[];
    },
  ): Promise<void> {
    const { lakehouse } = context;
    const report = new RunReport({ context, ...work, where: this.#where });
    const made = new Set(work.assets.map(({ key }) => key));
    const runnable: DbtTest[] = [];
    for (const test of work.tests) {
      const missing: AssetKey[] = [];
      for (const key of test.reads) {
        if (!made.has(key) && !(await lakehouse.exists(key))) missing.push(key);
      }
      if (missing.length === 0) runnable.push(test);
      else report.refuseTest(test, missing);
    }
    const nodes = [...work.assets, ...runnable].map(({ node }) => node.uniqueId);
    if (nodes.length === 0) return;
    const env = await lakehouse.connectionEnvironment();
    const redactor = createRedactor();
    redactor.add(...Object.entries(env).flatMap(([name, value]) => (secretName.test(name) ? [value] : [])));
    const redact = (event: WorkerEvent) =>
      "message" in event ? { ...event, message: redactor.redact(event.message) } : event;
    try {
      await this.#session.build(
        {
          env,
          nodes,
          fullRefresh: work.forced.map(({ node }) => node.uniqueId),
        },
        { ...callOptions(context), onEvent: (event) => report.take(redact(event)) },
      );
    } catch (error) {
      if (!(error instanceof DbtError)) throw error;
      throw new FailureError(
        {
          ...nodeFailure("dbt could not begin", redactor.redact(error.message), this.#where("")),
          detail: redactor.redact(error.detail),
        },
        { cause: error },
      );
    } finally {
      await report.settled();
    }
  }

  #asset(key: AssetKey): DbtAsset {
    const asset = this.#assets.get(key);
    if (asset === undefined) throw new Error(`Internal error: expected ${key} to be a dbt asset`);
    return asset;
  }
}

function callOptions(context: WorkContext): CallOptions {
  return { signal: context.signal, onProgress: ({ message }: PythonProgress) => context.log(message) };
}
