import type { AssetKey } from "../definition/asset-key.ts";
import type { Batch } from "../definition/batch.ts";
import { computeStatuses } from "../staleness/compute-statuses.ts";
import { failureOf } from "./boundary.ts";
import type { RunSession } from "./run-session.ts";

/** Starts slow batches (dbt) while their upstreams still run, each once, and only when they are likely to be needed. */
export class WarmUp {
  readonly #session: RunSession;
  readonly #order: readonly AssetKey[];
  readonly #selected: ReadonlySet<AssetKey>;
  readonly #started = new Set<Batch>();

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

  async #start(keys: readonly AssetKey[]): Promise<void> {
    const batches = keys.flatMap((key) => {
      const { source } = this.#session.graph.asset(key);
      return source.type === "batch" && !this.#started.has(source.batch)
        ? [{ key, batch: source.batch }]
        : [];
    });
    await Promise.all(batches.map(({ key, batch }) => this.#prepare(batch, key)));
  }

  async #prepare(batch: Batch, key: AssetKey): Promise<void> {
    if (this.#started.has(batch) || batch.prepare === undefined) return;
    this.#started.add(batch);
    try {
      await batch.prepare(this.#session.workContext(undefined, this.#session.signal));
    } catch (error) {
      // The batch meets the same trouble when it runs, and reports it there with the assets that it stops.
      const { message } = failureOf(error, { unit: { key, partition: "" }, runId: this.#session.runId });
      this.#session.record({
        type: "log",
        level: "warn",
        message: `${batch.name} could not warm up: ${message}`,
      });
    }
  }
}
