import type { AssetKey, Lakehouse, TableDefinition } from "moraine";
import type { Snapshot } from "../../framework/lakehouse/lakehouse.ts";

/** A lake that holds only versions: enough for the materializer, with nothing on disk. */
export class MemoryLakehouse implements Lakehouse {
  readonly name = "memory";
  readonly #versions = new Map<AssetKey, string[]>();

  /** Commits a new snapshot, as an asset's body or somebody else would. */
  commit(key: AssetKey): string {
    const versions = this.#versions.get(key) ?? [];
    versions.push(`${key}#${versions.length + 1}`);
    this.#versions.set(key, versions);
    return versions.at(-1) ?? "";
  }

  tableName(key: AssetKey): string {
    return key.replace("/", ".");
  }
  async ensureTable(table: TableDefinition): Promise<void> {
    if (!this.#versions.has(table.key)) this.#versions.set(table.key, []);
  }
  async load(): Promise<never> {
    throw new Error("not in this lake");
  }
  async query(): Promise<never> {
    throw new Error("not in this lake");
  }
  async currentSnapshot(): Promise<Snapshot | undefined> {
    return undefined;
  }
  async history(): Promise<readonly Snapshot[]> {
    return [];
  }
  async dataVersion(key: AssetKey): Promise<string | undefined> {
    return this.#versions.get(key)?.at(-1);
  }
  async exists(key: AssetKey): Promise<boolean> {
    return this.#versions.has(key);
  }
  async tables(): Promise<readonly []> {
    return [];
  }
  async optimize(): Promise<never> {
    throw new Error("not in this lake");
  }
  async expire(): Promise<never> {
    throw new Error("not in this lake");
  }
  async drop(key: AssetKey): Promise<void> {
    this.#versions.delete(key);
  }
  async connectionEnvironment(): Promise<Readonly<Record<string, string>>> {
    return {};
  }
  async close(): Promise<void> {}
}
