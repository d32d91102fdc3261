import type { AssetKey } from "../definition/asset-key.ts";
import type { Cause } from "../event/event.ts";

/** Whether something is up to date with its code and what it reads, and why not. */
export interface Staleness {
  readonly status: "missing" | "stale" | "fresh";
  /** Empty exactly when `fresh`. */
  readonly causes: readonly Cause[];
}

/**
 * The same of an asset. One with partitions is `missing` when none was ever made, `stale` when one that is due is not
 * fresh (with the causes of the first such), else `fresh`.
 */
export interface AssetStatus extends Staleness {
  readonly key: AssetKey;
  /** In order; undefined for an asset without partitions. */
  readonly partitions?: ReadonlyMap<string, PartitionStatus>;
}

/** The status of one partition. */
export interface PartitionStatus extends Staleness {
  /**
   * Whether a run that names no partitions makes it: from the first one that was ever made on (of time, the newest alone
   * when none was), so that a run takes up where the asset began and leaves older history to who asks for it.
   */
  readonly isDue: boolean;
}
