import type { Asset } from "../../definition/asset.ts";
import type { AssetKey } from "../../definition/asset-key.ts";
import type { Unit } from "../../definition/unit.ts";
import type { Outcome, RunEvent } from "../../event/event.ts";
import { PartitionGraph } from "../../graph/partition-graph.ts";
import type { AttemptRecord, RunRecord, StoreReader } from "../../store/store.ts";
import { groupBy } from "../../util/group-by.ts";
import { checkEvents } from "./check-events.ts";
import { assetJobName, assetOf, bareDataset, type Catalog, dataset, sourceDataset } from "./datasets.ts";
import { type Dataset, envelope, facet, facets, type Facets, type OpenLineageEvent } from "./event.ts";
import {
  commonRunFacets,
  errorFacet,
  errorMessage,
  jobFacets,
  type Jobs,
  type NominalTime,
  nominalTimeOf,
  parentFacet,
  runJob,
  runUuid,
} from "./run-facets.ts";
import { RunRecords } from "./run-records.ts";
import { staticUuid } from "./static-uuid.ts";

/** What one attempt wrote to its table. */
export interface OutputStatistics {
  readonly rowCount: number | undefined;
  /** Bytes. */
  readonly size: number | undefined;
  readonly fileCount: number | undefined;
}

/** What the lake knows of an attempt's writes; undefined when it no longer does. */
export type StatisticsOf = (
  attempt: AttemptRecord,
  snapshotId: string,
) => Promise<OutputStatistics | undefined>;

/** What events are made from, beside the store's records. */
export interface LineageSource extends Catalog, Jobs {
  readonly reader: StoreReader;
  readonly statisticsOf: StatisticsOf;
  /** Whether an asset is a table: one that keeps another's files in order is none. */
  readonly isTable: (asset: Asset) => boolean;
  readonly now: Date;
}

type EventType = OpenLineageEvent["eventType"];

const ends: Readonly<Record<Exclude<Outcome, "fresh">, EventType>> = {
  materialized: "COMPLETE",
  failed: "FAIL",
  skipped: "ABORT",
  cancelled: "ABORT",
};

/**
 * Turns recorded events into those of OpenLineage: the start and the end of every run, of every attempt at an asset, and
 * of the checks that were run. They are made from the store's records alone, so that whoever makes them, however often, makes the
 * same ones with the same ids; only what the definitions say, and the lake's statistics, are as they are now.
 *
 * One maker is for events that were all read before it was made: what it has read of a run it does not read again.
 */
export class EventMaker {
  readonly #source: LineageSource;
  readonly #partitions: PartitionGraph;
  readonly #runs = new Map<string, RunRecords | undefined>();

  constructor(source: LineageSource) {
    this.#source = source;
    this.#partitions = new PartitionGraph(source.graph, source.now);
  }

  /** In order; none for what OpenLineage has no event for, or of a run that has been pruned. */
  async make(event: RunEvent): Promise<readonly OpenLineageEvent[]> {
    const records = this.#recordsOf(event.runId);
    if (records === undefined) return [];
    // oxlint-disable-next-line typescript/switch-exhaustiveness-check -- the others say nothing that lineage is about
    switch (event.type) {
      case "run-started":
        return [this.#runEvent(records.run, "START", event.at)];
      case "asset-started":
        return this.#attemptsOf(records, event, event.attempt).map((attempt) =>
          this.#started(records.run, attempt),
        );
      case "asset-retrying":
        return this.#ended(records, event, event.attempt);
      case "asset-finished":
        return this.#ended(records, event, event.attempts);
      case "run-finished":
        return [...this.#checksAlone(records), this.#runFinished(records.run, event)];
      case "run-interrupted":
        return [
          ...records.attempts
            .filter(({ outcome }) => outcome === undefined)
            .map((attempt) => this.#abandoned(records.run, attempt, event.at)),
          this.#runEvent(records.run, "ABORT", event.at, { errorMessage: errorMessage(gone) }),
        ];
      default:
        return [];
    }
  }

  #recordsOf(runId: string): RunRecords | undefined {
    if (!this.#runs.has(runId)) {
      const run = this.#source.reader.run(runId);
      this.#runs.set(runId, run && new RunRecords(this.#source.reader, run));
    }
    return this.#runs.get(runId);
  }

  #attemptsOf(
    records: RunRecords,
    { key, partition = "" }: { readonly key: string; readonly partition?: string },
    number: number,
  ): readonly AttemptRecord[] {
    return records.attempts.filter(
      (attempt) => attempt.key === key && attempt.partition === partition && attempt.attempt === number,
    );
  }

  #runEvent(run: RunRecord, eventType: EventType, at: string, more: Facets = {}): OpenLineageEvent {
    const own = run.selection === "" ? {} : { selection: run.selection };
    return {
      ...envelope(eventType, at),
      run: { runId: runUuid(run), facets: facets({ ...commonRunFacets(run, own), ...more }) },
      job: { ...runJob(this.#source), facets: jobFacets("DAG") },
      inputs: [],
      outputs: [],
    };
  }

  #runFinished(run: RunRecord, event: Extract<RunEvent, { type: "run-finished" }>): OpenLineageEvent {
    const { status, outcomes, at } = event;
    if (status === "succeeded") return this.#runEvent(run, "COMPLETE", at);
    if (status === "cancelled") return this.#runEvent(run, "ABORT", at);
    const failed = Object.keys(outcomes).filter((key) => outcomes[key] === "failed");
    const what = failed.length === 0 ? "a check failed" : `failed: ${failed.join(", ")}`;
    return this.#runEvent(run, "FAIL", at, { errorMessage: errorMessage(what) });
  }

  #started(run: RunRecord, attempt: AttemptRecord): OpenLineageEvent {
    const { graph } = this.#source;
    const upstreams = graph.has(attempt.key) ? graph.upstreams(attempt.key) : [];
    return this.#attemptEvent(run, attempt, {
      eventType: "START",
      at: attempt.startedAt,
      inputs: [...this.#outside(attempt.key), ...upstreams.map((key) => bareDataset(this.#source, key))],
      outputs: this.#bareOutput(attempt.key),
    });
  }

  async #ended(
    records: RunRecords,
    event: { readonly key: string; readonly partition?: string },
    number: number,
  ): Promise<readonly OpenLineageEvent[]> {
    const { run } = records;
    const [attempt] = this.#attemptsOf(records, event, number);
    // One that has begun nothing has nothing to end.
    if (attempt?.outcome === undefined || attempt.finishedAt === undefined || attempt.outcome === "fresh")
      return [];
    const record = records.materialization(attempt);
    const { failure, outcome, finishedAt: at } = attempt;
    // An attempt before the one that wrote has a record of the same unit, and no part in it.
    const wrote = record !== undefined && record.startedAt === attempt.startedAt ? record : undefined;
    const end = this.#attemptEvent(run, attempt, {
      eventType: ends[outcome],
      at,
      inputs: [...this.#outside(attempt.key), ...this.#inputs(attempt.key, wrote?.upstreams)],
      outputs: await this.#output(attempt, wrote),
      ...(failure === undefined ? {} : { facets: { errorMessage: errorFacet(failure) } }),
    });
    return [end, ...checkEvents(this.#source, run, attempt, records.checksDuring(attempt))];
  }

  #abandoned(run: RunRecord, attempt: AttemptRecord, at: string): OpenLineageEvent {
    return this.#attemptEvent(run, attempt, {
      eventType: "ABORT",
      at,
      inputs: [],
      outputs: this.#bareOutput(attempt.key),
      facets: { errorMessage: errorMessage(gone) },
    });
  }

  #attemptEvent(
    run: RunRecord,
    attempt: AttemptRecord,
    what: Pick<OpenLineageEvent, "eventType" | "inputs" | "outputs"> & {
      readonly at: string;
      readonly facets?: Facets;
    },
  ): OpenLineageEvent {
    const { key, partition, attempt: number } = attempt;
    const asset = this.#assetOf(key);
    const own = { attempt: String(number), ...(partition === "" ? {} : { partition }) };
    return {
      ...envelope(what.eventType, what.at),
      run: {
        runId: staticUuid(attempt.startedAt, [run.target, run.id, key, partition, number]),
        facets: facets({
          parent: parentFacet(runJob(this.#source), runUuid(run)),
          ...commonRunFacets(run, own, this.#windowOf(attempt) ?? nominalTimeOf(run)),
          ...what.facets,
        }),
      },
      job: {
        namespace: this.#source.namespace,
        name: assetJobName(this.#source.project, key),
        facets: jobFacets(asset?.assetKind === "dbt" ? "MODEL" : "TASK", asset),
      },
      inputs: what.inputs,
      outputs: what.outputs,
    };
  }

  #assetOf(key: AssetKey): Asset | undefined {
    return assetOf(this.#source, key);
  }

  /** The window of a partition of time. */
  #windowOf({ key, partition }: Unit): NominalTime | undefined {
    if (partition === "" || this.#assetOf(key) === undefined) return undefined;
    const set = this.#partitions.set(key);
    const window = set?.has(partition) === true ? set.partition(partition).window : undefined;
    return window && { start: window.start.toISOString(), end: window.end.toISOString() };
  }

  #outside(key: AssetKey): readonly Dataset[] {
    const asset = this.#assetOf(key);
    const source = asset && sourceDataset(asset);
    return source === undefined ? [] : [source];
  }

  /** What was read, each table once; without a record of that, what the definition says is read. */
  #inputs(
    key: AssetKey,
    recorded: readonly { readonly upstream: AssetKey; readonly dataVersion: string | undefined }[] = [],
  ): readonly Dataset[] {
    if (recorded.length === 0) {
      const upstreams = this.#assetOf(key) === undefined ? [] : this.#source.graph.upstreams(key);
      return upstreams.map((upstream) => dataset(this.#source, upstream, { version: undefined }));
    }
    return [...groupBy(recorded, ({ upstream }) => upstream)].map(([upstream, edges]) => {
      // Of a partition the version is the table's when that partition changed last: several are of no one table.
      const versions = new Set(edges.map(({ dataVersion }) => dataVersion));
      const version = versions.size === 1 ? edges[0].dataVersion : undefined;
      return dataset(this.#source, upstream, { version });
    });
  }

  async #output(
    attempt: AttemptRecord,
    wrote: ReturnType<RunRecords["materialization"]>,
  ): Promise<OpenLineageEvent["outputs"]> {
    const bare = this.#bareOutput(attempt.key);
    if (wrote === undefined || bare.length === 0) return bare;
    const { snapshotId, dataVersion, codeVersion } = wrote;
    const isAsDefined = this.#assetOf(attempt.key)?.codeVersion() === codeVersion;
    const described = dataset(this.#source, attempt.key, {
      version: snapshotId ?? dataVersion,
      written: isAsDefined ? "as-defined" : "by-another-definition",
    });
    const statistics =
      snapshotId === undefined ? undefined : await this.#source.statisticsOf(attempt, snapshotId);
    const outputStatistics =
      statistics === undefined ? undefined : facet("OutputStatisticsOutputDatasetFacet", statistics);
    return [{ ...described, ...(outputStatistics && { outputFacets: { outputStatistics } }) }];
  }

  #bareOutput(key: AssetKey): readonly Dataset[] {
    const asset = this.#assetOf(key);
    const isTable = asset === undefined || this.#source.isTable(asset);
    return isTable ? [bareDataset(this.#source, key)] : [];
  }

  /** Of a run that did nothing else than run checks. */
  #checksAlone(records: RunRecords): readonly OpenLineageEvent[] {
    if (records.attempts.length > 0) return [];
    return [...records.checks.values()].flatMap((results) => {
      const [first] = results;
      return first === undefined
        ? []
        : checkEvents(this.#source, records.run, { ...first, attempt: 0 }, results);
    });
  }
}

const gone = "the process of the run is gone";
