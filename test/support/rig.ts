import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import type { Asset, Check, MaterializeResult } from "moraine";
import { assetKey, defineAsset } from "moraine";
import type { RunEvent } from "../../framework/event/event.ts";
import { materialize } from "../../framework/materializer/materialize.ts";
import { runChecksOnly } from "../../framework/materializer/run-checks.ts";
import type { RunRequest, RunSummary } from "../../framework/materializer/run-request.ts";
import { computeStatuses } from "../../framework/staleness/compute-statuses.ts";
import { LakeTables } from "../../framework/staleness/lake-tables.ts";
import { observe } from "../../framework/staleness/observe.ts";
import { type PlannedUnit, planRun } from "../../framework/staleness/plan-run.ts";
import { openStore } from "../../framework/store/open-store.ts";
import type { Store } from "../../framework/store/store.ts";
import { deferred, type Deferred } from "../../framework/util/deferred.ts";
import { MemoryLakehouse } from "./memory-lakehouse.ts";
import { runRequest } from "./run-request.ts";

/** A folder that is removed when the test ends. */
export function temporaryDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), "moraine-"));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  return directory;
}

/** A real store on disk and a lake in memory, with runs by one call. */
export class Rig {
  readonly directory = temporaryDirectory();
  readonly lakehouse = new MemoryLakehouse();
  readonly store: Store = openStore({ path: join(this.directory, "moraine.db"), target: "local" });
  readonly events: RunEvent[] = [];

  constructor() {
    onTestFinished(() => this.store.close());
  }

  /** Runs a project; all its assets unless `keys` says otherwise. */
  async run(
    assets: readonly Asset[],
    options: Partial<RunRequest> & { readonly checks?: readonly Check[] } = {},
  ): Promise<RunSummary> {
    const { checks = [], ...request } = options;
    return materialize({ ...this.#request(assets, checks), ...request });
  }

  /**
   * Runs a project, and expects that it does what the plan said before: the plan's `run` and no more than its `maybe` is
   * made unless something fails, the rest is fresh, or skipped where it is blocked. Nobody else may write meanwhile.
   */
  async runAsPlanned(assets: readonly Asset[], options: Parameters<Rig["run"]>[1] = {}): Promise<RunSummary> {
    const { checks = [], ...more } = options;
    const request = { ...this.#request(assets, checks), ...more };
    const { graph, keys, partitions: choice } = request;
    const lake = new LakeTables(this.lakehouse);
    await lake.refresh(graph.keys);
    const now = request.clock.now();
    const observations = observe({ graph, reader: this.store, lake, now, asked: true });
    const statuses = computeStatuses(graph, observations);
    const plan = [...planRun({ graph, observations, statuses, keys, choice }).values()].flat();
    const summary = await this.run(assets, options);
    const hasFailed = Object.values(summary.outcomes).includes("failed");
    const made = ["materialized", ...(hasFailed ? ["failed", "skipped"] : [])];
    const allowed = { run: made, maybe: [...made, "fresh"], none: ["fresh"], blocked: ["skipped"] };
    for (const { key, partition, action } of plan) {
      const outcome = partition === "" ? summary.outcomes[key] : summary.partitions[key]?.[partition];
      if (!allowed[action].includes(outcome ?? ""))
        throw new Error(`expected ${key}[${partition}] to end as planned (${action}), got ${outcome}`);
    }
    if (Object.values(summary.outcomes).includes("materialized") && plan.every(isIdle))
      throw new Error("expected nothing to be made, as planned");
    return summary;
  }

  /** Runs checks alone, as `moraine check` does. */
  async check(assets: readonly Asset[], checks: readonly Check[]): Promise<RunSummary> {
    return runChecksOnly({ ...this.#request(assets, checks), checks });
  }

  #request(assets: readonly Asset[], checks: readonly Check[]): RunRequest {
    const { store, lakehouse, directory: folder } = this;
    const request = runRequest({ assets, checks }, { store, lakehouse, folder });
    return { ...request, onEvent: (event) => this.events.push(event) };
  }

  /** Events of one type, in order. */
  eventsOf<T extends RunEvent["type"]>(type: T): Extract<RunEvent, { type: T }>[] {
    return this.events.filter((event): event is Extract<RunEvent, { type: T }> => event.type === type);
  }
}

const isIdle = ({ action }: PlannedUnit) => action === "none" || action === "blocked";

/** An asset whose table gets a new snapshot each time it runs, and that counts its calls. */
export function countingAsset(
  key: string,
  deps: readonly Asset[] = [],
  options: { readonly codeVersion?: string; readonly lakehouse?: MemoryLakehouse } = {},
) {
  const calls = { count: 0 };
  const asset = defineAsset({
    key,
    deps: Object.fromEntries(deps.map((dep, index) => [`dep${index}`, dep])),
    codeVersion: options.codeVersion ?? "1",
    materialize: (): MaterializeResult => {
      calls.count += 1;
      options.lakehouse?.commit(assetKey(key));
      return {};
    },
  });
  return Object.assign(calls, { asset });
}

/** An asset that waits until the test says how its call ends. */
export function controlledAsset(key: string, deps: readonly Asset[] = []) {
  const calls: { readonly signal: AbortSignal; readonly end: Deferred<MaterializeResult> }[] = [];
  let announce = deferred<(typeof calls)[number]>();
  const asset = defineAsset({
    key,
    deps: Object.fromEntries(deps.map((dep, index) => [`dep${index}`, dep])),
    codeVersion: "1",
    materialize: ({ signal }) => {
      const call = { signal, end: deferred<MaterializeResult>() };
      calls.push(call);
      announce.resolve(call);
      announce = deferred();
      return call.end.promise;
    },
  });
  return { asset, calls, key: asset.key, nextCall: () => announce.promise };
}
