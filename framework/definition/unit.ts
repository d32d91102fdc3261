import type { AssetKey } from "./asset-key.ts";

/**
 * What runs, holds a lease and has a provenance: an asset without partitions (`partition` is empty), or one partition of
 * an asset that has them.
 */
export interface Unit {
  readonly key: AssetKey;
  readonly partition: string;
}

/** A unit as text, unique and readable: `sf_raw/sf_user`, `sales/orders[2026-01-31]`. */
export type UnitId = string & { readonly __brand: "UnitId" };

/** The text of a unit. */
export function unitId({ key, partition }: Unit): UnitId {
  return (partition === "" ? key : `${key}[${partition}]`) as UnitId;
}
