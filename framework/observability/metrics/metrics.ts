import { statSync } from "node:fs";
import type { AssetKey } from "../../definition/asset-key.ts";
import type { Schedule } from "../../definition/schedule.ts";
import type { Sensor } from "../../definition/sensor.ts";
import type { AssetGraph } from "../../graph/asset-graph.ts";
import type { TickTotal } from "../../store/schedules.ts";
import type { Instant, StoreReader } from "../../store/store.ts";
import { addAssets, addChecks, addDefinitions, addFreshness } from "./asset-samples.ts";
import { families } from "./families.ts";
import { addEndedRuns, addRunningRuns } from "./run-samples.ts";
import { Samples } from "./samples.ts";
import { addDaemons, addSchedules } from "./schedule-samples.ts";

/** What is measured. */
export interface MetricsOptions {
  /** Stays open as long as the metrics are asked for. */
  readonly reader: StoreReader;
  readonly storePath: string;
  /** The definitions as they are now; undefined when they can't be read. */
  readonly graph: () => AssetGraph | undefined;
  /** The schedules and sensors as they are now; undefined when they can't be read. */
  readonly schedules: () => readonly (Schedule | Sensor)[] | undefined;
  readonly version: string;
  readonly now?: () => Date;
}

/** What was read of the history, and what it was read at. */
interface History {
  readonly at: string;
  readonly samples: Samples;
  readonly knownGood: ReadonlyMap<AssetKey, Instant>;
}

/**
 * The metrics of one target, read from its store at each call: whatever process made the runs, also one that died. What
 * only events change is read again when there are new ones; a quiet store costs a few look-ups however big it is.
 */
export class Metrics {
  readonly #options: MetricsOptions;
  #history: History | undefined;
  #ticks: { readonly at: string; readonly totals: readonly TickTotal[] } | undefined;

  constructor(options: MetricsOptions) {
    this.#options = options;
  }

  collect(): Samples {
    const { reader, graph: read, schedules, version, now: clock = () => new Date() } = this.#options;
    const [graph, now] = [read(), clock()];
    const samples = new Samples();
    samples.add(families.build, 1, { version });
    samples.add(families.projectReadable, graph === undefined ? 0 : 1);
    addRunningRuns(samples, reader, now);
    const history = this.#readHistory(now);
    samples.addAll(history.samples);
    if (graph !== undefined) {
      addDefinitions(samples, graph);
      addFreshness(samples, graph, history.knownGood, now);
    }
    addDaemons(samples, reader.scheduling, now);
    addSchedules(samples, reader, { totals: this.#readTicks(), definitions: schedules(), now });
    this.#addStore(samples);
    return samples;
  }

  /** Prometheus' text format, version 0.0.4. @throws StoreError */
  async text(): Promise<string> {
    return this.collect().text({ target: this.#options.reader.target });
  }

  #readHistory(now: Date): History {
    const { reader } = this.#options;
    // A run that is found dead gets no event, and is then no longer running.
    const at = `${reader.newestEventId()} ${reader
      .runs({ status: "running" })
      .map(({ id }) => id)
      .join(" ")}`;
    if (this.#history?.at === at) return this.#history;
    const samples = new Samples();
    const totals = reader.totals();
    const keys = [...new Set(totals.attempts.map(({ key }) => key))];
    const knownGood = reader.knownGood(keys, now.toISOString());
    addEndedRuns(samples, reader, totals);
    addAssets(samples, reader, totals, knownGood);
    addChecks(samples, reader);
    this.#history = { at, samples, knownGood };
    return this.#history;
  }

  #readTicks(): readonly TickTotal[] {
    const { scheduling } = this.#options.reader;
    const at = scheduling.tickState();
    if (this.#ticks?.at !== at) this.#ticks = { at, totals: scheduling.tickTotals() };
    return this.#ticks.totals;
  }

  #addStore(samples: Samples): void {
    const { storePath } = this.#options;
    samples.add(families.storeBytes, sizeOf(storePath));
    samples.add(families.walBytes, sizeOf(`${storePath}-wal`));
  }
}

/** Bytes; 0 when there is no such file. */
function sizeOf(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0;
}
