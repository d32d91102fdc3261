import type { AssetKey } from "./asset-key.ts";
import type { AssetRows } from "./asset-rows.ts";
import type { HasRows } from "./row-type.ts";

/** An asset by its key: an upstream that is declared outside TypeScript, like a dbt model. */
export interface AssetRef<R = unknown> extends HasRows<R> {
  readonly kind: "asset-ref";
  readonly key: AssetKey;
}

/**
 * Keys that {@link assetRef} takes: those that `moraine types` has written down, or any text before it has. Written so
 * that the compiler lists them where one is wrong, instead of saying `keyof AssetRows`.
 */
export type RefKey = [keyof AssetRows] extends [never]
  ? string
  : { [K in keyof AssetRows]: K }[keyof AssetRows];

/** The rows of the asset with this key, as `moraine types` has written them down. */
export type AssetRow<K extends RefKey> = K extends keyof AssetRows ? AssetRows[K] : unknown;

/**
 * Names an asset that is declared outside TypeScript, for `deps` and checks. Once `moraine types` has written the
 * project's row types, a key that it does not know fails `tsc`; that no asset has the key is also told before anything
 * runs.
 *
 * @example
 * defineAsset({ key: "mart/report", deps: { users: assetRef("sf_staging/stg_sf_user") }, materialize })
 */
export function assetRef<const K extends RefKey>(key: K): AssetRef<AssetRow<K>> {
  return Object.freeze({ kind: "asset-ref", key: key as string as AssetKey });
}
