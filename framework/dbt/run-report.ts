import type { AssetKey } from "../definition/asset-key.ts";
import type { BatchContext } from "../definition/batch.ts";
import type { CheckOutcome, Metadata, MetadataValue } from "../event/event.ts";
import type { Failure } from "../event/failure.ts";
import { collectRows } from "../lakehouse/lakehouse.ts";
import type { DbtAsset, DbtTest } from "./dbt-graph.ts";
import { nodeFailure } from "./node-failure.ts";
import type { NodeFinished, WorkerEvent } from "./worker-protocol.ts";

const sampleRows = 5;

interface ReportOptions {
  readonly context: BatchContext;
  readonly assets: readonly DbtAsset[];
  readonly tests: readonly DbtTest[];
  /** The path of a dbt file for messages. */
  readonly where: (path: string) => string;
}

/**
 * Turns what dbt says of one invocation into what the materializer wants to know. What must be looked up first (rows of
 * a table, samples of a failed test) is reported when it is there; {@link settled} waits for it.
 */
export class RunReport {
  readonly #options: ReportOptions;
  readonly #assets: ReadonlyMap<string, DbtAsset>;
  readonly #assetsByKey: ReadonlyMap<AssetKey, DbtAsset>;
  readonly #tests: ReadonlyMap<string, DbtTest>;
  /** Why what is downstream of a key does not run: the key where it began. */
  readonly #stoppedBy = new Map<AssetKey, AssetKey>();
  readonly #failedUnitTests = new Map<AssetKey, DbtTest>();
  readonly #lookups: Promise<void>[] = [];

  constructor(options: ReportOptions) {
    this.#options = options;
    this.#assets = new Map(options.assets.map((asset) => [asset.node.uniqueId, asset]));
    this.#assetsByKey = new Map(options.assets.map((asset) => [asset.key, asset]));
    this.#tests = new Map(options.tests.map((test) => [test.node.uniqueId, test]));
  }

  /** Takes an event of the worker; nodes that nobody asked for (ephemeral models) are no one's business. */
  take(event: WorkerEvent): void {
    const { context } = this.#options;
    if (event.type === "log") {
      context.log(`dbt: ${event.message}`, event.level);
      return;
    }
    const asset = this.#assets.get(event.node);
    const test = this.#tests.get(event.node);
    if (event.type === "node-started") {
      // dbt starts what it then skips as well.
      if (asset !== undefined && this.#stoppingUpstream(asset) === undefined)
        context.report({ type: "asset-started", key: asset.key });
      if (test !== undefined && !this.#stoppedBy.has(test.asset))
        context.report({ type: "check-started", key: test.asset, check: test.name });
    } else if (asset !== undefined) this.#takeAsset(asset, event);
    else if (test !== undefined) this.#takeTest(test, event);
  }

  /** A test that cannot run counts as not passed: no result is never success. */
  refuseTest(test: DbtTest, missing: readonly AssetKey[]): void {
    this.#finishCheck(
      test,
      0,
      { passed: false },
      {
        reason: "check-failed",
        message: `${test.name} reads ${missing.join(", ")}, which ${missing.length === 1 ? "is" : "are"} not there yet`,
        next: `moraine materialize ${missing.join(" ")}`,
        retryable: false,
      },
    );
  }

  /** Resolves when everything that was taken has been reported. */
  async settled(): Promise<void> {
    await Promise.all(this.#lookups);
  }

  #takeAsset(asset: DbtAsset, event: NodeFinished): void {
    const { context, where } = this.#options;
    const { key } = asset;
    const bytesScanned = Number(event.bytesScanned ?? Number.NaN);
    if (bytesScanned >= 0 && Number.isFinite(bytesScanned)) context.lakehouse.addCosts?.(key, bytesScanned);
    if (event.status === "success" || event.status === "no-op") {
      this.#lookUp(async () => {
        const metadata = await this.#metadata(key, event);
        context.report({ type: "asset-finished", key, result: { metadata } });
      });
      return;
    }
    const unitTest = this.#failedUnitTests.get(key);
    const because = this.#stoppingUpstream(asset);
    if (event.status === "skipped" && unitTest === undefined && because !== undefined) {
      this.#stoppedBy.set(key, because);
      context.report({ type: "asset-skipped", key, because });
      return;
    }
    this.#stoppedBy.set(key, key);
    const failure: Failure =
      unitTest === undefined
        ? nodeFailure(`dbt could not make ${key}`, event.message, where(asset.node.path))
        : {
            reason: "check-failed",
            message: `the unit test ${unitTest.name} failed, so ${key} was not made`,
            where: where(unitTest.node.path),
            retryable: false,
          };
    context.report({ type: "asset-failed", key, failure });
  }

  #takeTest(test: DbtTest, event: NodeFinished): void {
    const { where } = this.#options;
    const { durationMs, status } = event;
    const isUnitTest = test.node.resourceType === "unit_test";
    if (status === "pass" || status === "success") {
      this.#finishCheck(test, durationMs, { passed: true });
      return;
    }
    if (status === "skipped") {
      // Of an asset that was not made itself, nobody expects a result.
      if (this.#stoppedBy.has(test.asset)) return;
      const failure: Failure = {
        reason: "check-failed",
        message: `${test.name} did not run: a table that it reads was not made`,
        where: where(test.node.path),
        retryable: false,
      };
      this.#finishCheck(test, durationMs, { passed: false }, failure);
      return;
    }
    if (isBlocking(test) && status !== "warn") this.#stoppedBy.set(test.asset, test.asset);
    if (isUnitTest) this.#failedUnitTests.set(test.asset, test);
    if (status !== "fail" && status !== "warn") {
      const failure = nodeFailure(`dbt could not run ${test.name}`, event.message, where(test.node.path));
      this.#finishCheck(test, durationMs, { passed: false }, failure);
      return;
    }
    if (isUnitTest) {
      const metadata: Metadata = { difference: { type: "text", value: event.message.trim() } };
      this.#finishCheck(test, durationMs, { passed: false, metadata });
      return;
    }
    this.#lookUp(async () => {
      // dbt's `warn_if` on a test of severity error: worth telling, and not failed.
      const passed = status === "warn" && isBlocking(test);
      const samples = await this.#samples(event.compiledCode);
      this.#finishCheck(test, durationMs, {
        passed,
        value: event.failures,
        ...(event.message.endsWith("!= 0") ? { expected: 0 } : {}),
        ...(samples.length > 0 ? { samples } : {}),
      });
    });
  }

  #finishCheck(test: DbtTest, durationMs: number, result: CheckOutcome, failure?: Failure): void {
    const { asset: key, name: check } = test;
    const rest = { durationMs, result, ...(failure === undefined ? {} : { failure }) };
    this.#options.context.report({ type: "check-finished", key, check, ...rest });
  }

  /** Where the trouble began because of which dbt did not run this asset. */
  #stoppingUpstream(asset: DbtAsset): AssetKey | undefined {
    const seen = new Set<AssetKey>();
    const open = Object.values(asset.deps);
    for (let key = open.shift(); key !== undefined; key = open.shift()) {
      if (seen.has(key)) continue;
      seen.add(key);
      const stopped = this.#stoppedBy.get(key);
      if (stopped !== undefined) return stopped;
      open.push(...Object.values(this.#assetsByKey.get(key)?.deps ?? {}));
    }
    return undefined;
  }

  /** How many rows the table has, from Iceberg's own summary, and how many were written where the adapter says so. */
  async #metadata(key: AssetKey, event: NodeFinished): Promise<Metadata> {
    const summary = (await this.#options.context.lakehouse.currentSnapshot(key))?.summary;
    const total = Number(summary?.["total-records"]);
    const deleted = Number(summary?.["total-position-deletes"] ?? 0);
    const written = Number(event.rowsAffected ?? Number.NaN);
    return {
      ...(Number.isFinite(total - deleted) ? { rows: { type: "rows", value: total - deleted } } : {}),
      ...(Number.isFinite(written) && written >= 0 ? { rows_written: { type: "rows", value: written } } : {}),
      ...changesIn(event.message),
    };
  }

  async #samples(compiledCode: string | null): Promise<NonNullable<CheckOutcome["samples"]>> {
    if (compiledCode === null) return [];
    const { context } = this.#options;
    try {
      const query = `select * from (\n${compiledCode}\n) as broken limit ${sampleRows}`;
      return await collectRows(await context.lakehouse.query(query, { signal: context.signal }));
    } catch (error) {
      // The result stands without them.
      context.log(`no samples: ${error instanceof Error ? error.message : String(error)}`, "debug");
      return [];
    }
  }

  #lookUp(work: () => Promise<void>): void {
    this.#lookups.push(work());
  }
}

/** What our materializations say they changed: `3 inserted, 2 updated, 0 deleted, 3 versions_opened`. */
function changesIn(message: string): Metadata {
  if (!/^\d+ inserted, /.test(message)) return {};
  const counts = [...message.matchAll(/(\d+) (\w+)/g)].map(
    ([, count, name = ""]): [string, MetadataValue] => {
      const value = Number(count);
      return ["inserted", "updated", "deleted"].includes(name)
        ? [`rows_${name}`, { type: "rows", value }]
        : [name, { type: "number", value }];
    },
  );
  return Object.fromEntries(counts);
}

/** Whether a failed test stops what is downstream. */
export function isBlocking(test: DbtTest): boolean {
  return severityOf(test) === "error";
}

/** dbt's severity, which may be written in any case. */
export function severityOf(test: DbtTest): "warn" | "error" {
  const { severity } = test.node.config;
  return typeof severity === "string" && severity.toLowerCase() === "warn" ? "warn" : "error";
}
