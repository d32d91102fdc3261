import type { AssetKey } from "../definition/asset-key.ts";
import type { Lakehouse } from "../lakehouse/lakehouse.ts";
import type { LakeVersions } from "./observe.ts";

/** The lake's tables and versions as last read, so that staleness can ask without waiting. */
export class LakeTables implements LakeVersions {
  readonly #lakehouse: Lakehouse;
  readonly #versions = new Map<
    AssetKey,
    {
      readonly exists: boolean;
      readonly dataVersion: string | undefined;
      readonly snapshotId: string | undefined;
    }
  >();

  constructor(lakehouse: Lakehouse) {
    this.#lakehouse = lakehouse;
  }

  dataVersion(key: AssetKey): string | undefined {
    return this.#versions.get(key)?.dataVersion;
  }

  exists(key: AssetKey): boolean {
    return this.#versions.get(key)?.exists ?? false;
  }

  /** The newest snapshot, whether or not it changed content. */
  snapshotId(key: AssetKey): string | undefined {
    return this.#versions.get(key)?.snapshotId;
  }

  /** Reads these tables again. */
  async refresh(keys: Iterable<AssetKey>): Promise<void> {
    for (const key of keys) {
      const exists = await this.#lakehouse.exists(key);
      const dataVersion = exists ? await this.#lakehouse.dataVersion(key) : undefined;
      const snapshotId = exists ? (await this.#lakehouse.currentSnapshot(key))?.id : undefined;
      this.#versions.set(key, { exists, dataVersion, snapshotId });
    }
  }
}
