import type { AssetKey } from "../definition/asset-key.ts";
import type { Cause } from "../event/event.ts";

/** Whether an asset is up to date with its code and what it reads, and why not. */
export interface AssetStatus {
  readonly key: AssetKey;
  readonly status: "missing" | "stale" | "fresh";
  /** Empty exactly when `fresh`. */
  readonly causes: readonly Cause[];
}
