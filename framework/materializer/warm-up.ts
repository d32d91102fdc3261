import type { AssetKey } from "../definition/asset-key.ts";
import type { Batch } from "../definition/batch.ts";
import type { WorkContext } from "../definition/context.ts";
import { computeStatuses } from "../staleness/compute-statuses.ts";
import { failureOf } from "./boundary.ts";
import type { RunSession } from "./run-session.ts";

/** Starts slow batches (dbt) while their upstreams still run, each once, and only when they are likely to be needed. */
export class WarmUp {
  readonly #session: RunSession;
  readonly #order: readonly AssetKey[];
  readonly #selected: ReadonlySet<AssetKey>;
  readonly #started = new Set<Batch>();
  readonly #pending: Promise<void>[] = [];
  readonly #stop = new AbortController();

  /** @param order the selected assets in topological order */
  constructor(session: RunSession, order: readonly AssetKey[]) {
    this.#session = session;
    this.#order = order;
    this.#selected = new Set(order);
  }

  /** Every batch with an asset that has a cause of its own, whatever its upstreams bring. */
  async whatIsSureToRun(): Promise<void> {
    const { graph, observations, request } = this.#session;
    const statuses = computeStatuses(graph, observations, this.#session.partitionGraph);
    await this.#start(
      this.#order.filter((key) => {
        const causes = statuses.get(key)?.causes ?? [];
        return request.forced.has(key) || causes.some((cause) => cause.type !== "upstream");
      }),
    );
  }

  /** The batches that read an asset which has said that its data changes. */
  async downstreamOf(key: AssetKey): Promise<void> {
    await this.#start(
      this.#session.graph.descendants(key).filter((downstream) => this.#selected.has(downstream)),
    );
  }

  /** Ends what still warms up, for nobody needs it any more, and waits for that. */
  async end(): Promise<void> {
    this.#stop.abort();
    await Promise.allSettled(this.#pending);
  }

  async #start(keys: readonly AssetKey[]): Promise<void> {
    const batches = keys.flatMap((key) => {
      const { source } = this.#session.graph.asset(key);
      return source.type === "batch" && !this.#started.has(source.batch)
        ? [{ key, batch: source.batch }]
        : [];
    });
    const preparing = batches.map(({ key, batch }) => this.#prepare(batch, key));
    this.#pending.push(...preparing);
    await Promise.all(preparing);
  }

  async #prepare(batch: Batch, key: AssetKey): Promise<void> {
    if (this.#started.has(batch) || batch.prepare === undefined) return;
    this.#started.add(batch);
    const signal = AbortSignal.any([this.#session.signal, this.#stop.signal]);
    const context = this.#session.workContext(undefined, signal);
    const log: WorkContext["log"] = (message, level) => {
      if (!this.#stop.signal.aborted) context.log(message, level);
    };
    try {
      await batch.prepare({ ...context, log });
    } catch (error) {
      // The batch meets the same trouble when it runs, and reports it there with the assets that it stops.
      const { message } = failureOf(error, { unit: { key, partition: "" }, runId: this.#session.runId });
      log(`${batch.name} could not warm up: ${message}`, "warn");
    }
  }
}
