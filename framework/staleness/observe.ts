import type { AssetKey } from "../definition/asset-key.ts";
import type { AssetGraph } from "../graph/asset-graph.ts";
import type { MaterializationRecord, StoreReader } from "../store/store.ts";
import type { Observations, Provenance } from "./compute-statuses.ts";

/** What the lake says of its tables, read before staleness is worked out. */
export interface LakeVersions {
  /** Undefined: the lake has no such table, or the table never had content. */
  dataVersion(key: AssetKey): string | undefined;
  exists(key: AssetKey): boolean;
}

/**
 * Joins the store's records and the lake's versions. The lake's word counts over the record, so a table that was
 * written or dropped by somebody else is noticed; an asset that is no lake table has its recorded version.
 */
export function observe(options: {
  readonly graph: AssetGraph;
  readonly reader: StoreReader;
  readonly lake: LakeVersions;
  readonly now: Date;
  readonly asked: boolean;
}): Observations {
  const { graph, reader, lake } = options;
  const records = reader.latestMaterializations();
  const results = reader.latestCheckResults();
  const isGone = (record: MaterializationRecord) =>
    record.snapshotId !== undefined && !lake.exists(record.key);
  return {
    provenance: (key) => {
      const record = records.get(key);
      return record === undefined || isGone(record) ? undefined : provenanceOf(record);
    },
    hasLostTable: (key) => {
      const record = records.get(key);
      return record !== undefined && isGone(record);
    },
    dataVersion: (key) => lake.dataVersion(key) ?? records.get(key)?.dataVersion,
    failedCheck: (key) => {
      const declared = new Set(
        graph
          .checks(key)
          .filter((check) => check.blocking)
          .map((check) => check.name),
      );
      return results
        .get(key)
        ?.find(
          (result) => declared.has(result.check) && !(result.result.passed && result.failure === undefined),
        )?.check;
    },
    now: options.now,
    asked: options.asked,
  };
}

function provenanceOf(record: MaterializationRecord): Provenance {
  return {
    at: record.finishedAt,
    codeVersion: record.codeVersion,
    dataVersion: record.dataVersion,
    upstreams: new Map(record.upstreams.map((edge) => [edge.upstream, edge.dataVersion])),
  };
}
