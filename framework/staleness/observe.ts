import type { AssetKey } from "../definition/asset-key.ts";
import { type Unit, type UnitId, unitId } from "../definition/unit.ts";
import { hasPassed } from "../event/has-passed.ts";
import type { AssetGraph } from "../graph/asset-graph.ts";
import type { CheckResultRecord, MaterializationRecord, StoreReader } from "../store/store.ts";
import type { Observations, Provenance } from "./compute-statuses.ts";

/** What the lake says of its tables, read before staleness is worked out. */
export interface LakeVersions {
  /** Undefined: the lake has no such table, or the table never had content. */
  dataVersion(key: AssetKey): string | undefined;
  exists(key: AssetKey): boolean;
}

/** What {@link observe} takes. */
export interface ObserveOptions {
  readonly graph: AssetGraph;
  readonly reader: StoreReader;
  readonly lake: LakeVersions;
  readonly now: Date;
  readonly asked: boolean;
}

/**
 * Joins the store's records and the lake's versions. The lake's word counts over the record, so a table that was
 * written or dropped by somebody else is noticed; an asset that is no lake table has its recorded version. Of a
 * partition the record is all there is: a snapshot does not tell which partitions it changed.
 */
export function observe(options: ObserveOptions): Observations {
  return new RecordedWorld(options);
}

/** {@link Observations} that can be read again, unit by unit, while a run changes the world. */
export class RecordedWorld implements Observations {
  readonly now: Date;
  readonly #options: ObserveOptions;
  readonly #records: Map<AssetKey, Map<string, MaterializationRecord>>;
  readonly #failed = new Map<UnitId, readonly string[]>();
  readonly #blocking = new Map<AssetKey, ReadonlySet<string>>();
  /** Units that were written after the question was asked: they have been refreshed already. */
  readonly #answered = new Set<UnitId>();

  constructor(options: ObserveOptions) {
    this.#options = options;
    this.now = options.now;
    this.#records = new Map(
      [...options.reader.latestByPartition()].map(([key, partitions]) => [key, new Map(partitions)]),
    );
    for (const results of options.reader.latestCheckResults().values()) this.#noteChecks(results);
  }

  provenance(unit: Unit): Provenance | undefined {
    const record = this.#record(unit);
    return record === undefined || this.#isGone(record) ? undefined : provenanceOf(record);
  }

  hasLostTable(key: AssetKey): boolean {
    const [record] = this.#records.get(key)?.values() ?? [];
    return record !== undefined && this.#isGone(record);
  }

  dataVersion(unit: Unit): string | undefined {
    const record = this.#record(unit);
    if (unit.partition !== "") return record?.dataVersion;
    const version = this.#options.lake.dataVersion(unit.key);
    // As long as nobody else wrote, the asset's own word for its data counts.
    return version === undefined || version === record?.snapshotId
      ? (record?.dataVersion ?? version)
      : version;
  }

  failedChecks(unit: Unit): readonly string[] {
    return this.#failed.get(unitId(unit)) ?? [];
  }

  isAsked(unit: Unit): boolean {
    return this.#options.asked && !this.#answered.has(unitId(unit));
  }

  /** Reads a unit again, which somebody may have written. The lake must have been read again before. */
  refresh(unit: Unit): void {
    const { reader } = this.#options;
    const record = reader.latestOf(unit);
    if (record !== undefined) this.note(record);
    else this.#records.get(unit.key)?.delete(unit.partition);
    this.#failed.delete(unitId(unit));
    this.#noteChecks(reader.latestChecksOf(unit));
  }

  /** The newest materialization of a unit, as last read; its table may be gone. */
  latest(unit: Unit): MaterializationRecord | undefined {
    return this.#record(unit);
  }

  /** Takes in a materialization that has just been recorded. */
  note(record: MaterializationRecord): void {
    const before = this.#record(record);
    if (record.id === before?.id) return;
    const partitions = this.#records.get(record.key) ?? new Map<string, MaterializationRecord>();
    partitions.set(record.partition, record);
    this.#records.set(record.key, partitions);
    this.#answered.add(unitId(record));
  }

  #record({ key, partition }: Unit): MaterializationRecord | undefined {
    return this.#records.get(key)?.get(partition);
  }

  #isGone(record: MaterializationRecord): boolean {
    return record.snapshotId !== undefined && !this.#options.lake.exists(record.key);
  }

  #noteChecks(results: readonly CheckResultRecord[]): void {
    for (const result of results) {
      const { key, check } = result;
      if (hasPassed(result) || !this.#isBlocking(key, check)) continue;
      const id = unitId(result);
      this.#failed.set(id, [...(this.#failed.get(id) ?? []), check]);
    }
  }

  #isBlocking(key: AssetKey, check: string): boolean {
    if (!this.#options.graph.has(key)) return false;
    let names = this.#blocking.get(key);
    if (names === undefined) {
      const checks = this.#options.graph.checks(key).filter((declared) => declared.blocking);
      names = new Set(checks.map((declared) => declared.name));
      this.#blocking.set(key, names);
    }
    return names.has(check);
  }
}

/** What a record says that its unit was made from. */
export function provenanceOf(record: MaterializationRecord): Provenance {
  const upstreams = new Map<AssetKey, Map<string, string | undefined>>();
  for (const { upstream, upstreamPartition, dataVersion } of record.upstreams) {
    const partitions = upstreams.get(upstream) ?? new Map<string, string | undefined>();
    partitions.set(upstreamPartition, dataVersion);
    upstreams.set(upstream, partitions);
  }
  return {
    at: record.madeAt,
    codeVersion: record.codeVersion,
    dataVersion: record.dataVersion,
    upstreams,
  };
}
