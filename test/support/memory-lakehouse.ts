import type { AssetKey, Lakehouse, TableDefinition } from "moraine";
import { fail } from "moraine";
import type { Draft, Snapshot } from "../../framework/lakehouse/lakehouse.ts";
import { stampOf, type Writer } from "../../framework/lakehouse/writer.ts";

interface MemoryTable {
  readonly snapshots: Snapshot[];
  current: Snapshot | undefined;
}

/** A lake that holds only snapshots: enough for the materializer, with nothing on disk. */
export class MemoryLakehouse implements Lakehouse {
  readonly name = "memory";
  readonly canRestore = true;
  readonly canDraft = true;
  readonly #tables = new Map<AssetKey, MemoryTable>();
  #writers = new Map<AssetKey, Set<Writer>>();

  /** Commits a new snapshot, as an asset's body or somebody else would. */
  commit(key: AssetKey): string {
    const table = this.#table(key);
    const [writer, ...others] = this.#writers.get(key) ?? [];
    const id = `${key}#${table.snapshots.length + 1}`;
    const snapshot: Snapshot = {
      id,
      contentId: id,
      parentId: table.current?.id,
      committedAt: new Date(),
      operation: "append",
      summary: {
        "total-records": "0",
        ...(writer === undefined || others.length > 0 ? {} : stampOf(writer)),
      },
    };
    table.snapshots.push(snapshot);
    table.current = snapshot;
    return snapshot.id;
  }

  tableName(key: AssetKey): string {
    return key.replace("/", ".");
  }
  async ensureTable(table: TableDefinition): Promise<void> {
    this.#table(table.key);
  }
  async load(): Promise<never> {
    throw new Error("not in this lake");
  }
  async query(): Promise<never> {
    throw new Error("not in this lake");
  }
  async currentSnapshot(key: AssetKey): Promise<Snapshot | undefined> {
    return this.#tables.get(key)?.current;
  }
  async history(key: AssetKey): Promise<readonly Snapshot[]> {
    const { snapshots = [], current } = this.#tables.get(key) ?? {};
    const branch: Snapshot[] = [];
    for (let next = current; next !== undefined;) {
      branch.push(next);
      const { parentId } = next;
      next = snapshots.find((snapshot) => snapshot.id === parentId);
    }
    return branch;
  }
  async snapshots(key: AssetKey): Promise<readonly Snapshot[]> {
    return this.#tables.get(key)?.snapshots.toReversed() ?? [];
  }
  async restore(key: AssetKey, { from, to }: Parameters<Lakehouse["restore"]>[1]): Promise<void> {
    const table = this.#tables.get(key);
    if (table?.current?.id !== from) {
      fail({ reason: "commit-conflict", message: "another writer committed first", retryable: true });
    }
    const target = table?.snapshots.find((snapshot) => snapshot.id === to);
    if (table === undefined || target?.id !== to) {
      fail({ reason: "query-failed", message: `${key} has no snapshot ${to}`, retryable: false });
    }
    table.current = target;
  }
  async draft(key: AssetKey): Promise<Draft> {
    const lakehouse = new MemoryLakehouse();
    const base = this.#tables.get(key)?.current;
    for (const [name, table] of this.#tables) {
      const own = { ...table, snapshots: [...table.snapshots] };
      lakehouse.#tables.set(name, name === key ? own : table);
    }
    lakehouse.#writers = this.#writers;
    return {
      lakehouse,
      publish: async () => {
        if (this.#tables.get(key)?.current !== base)
          fail({ reason: "commit-conflict", message: "another writer committed first", retryable: true });
        const draft = lakehouse.#tables.get(key);
        if (draft !== undefined) this.#tables.set(key, draft);
      },
      discard: async () => {},
    };
  }
  attribute(key: AssetKey, writer: Writer): () => void {
    const writers = this.#writers.get(key) ?? new Set();
    this.#writers.set(key, writers.add(writer));
    return () => writers.delete(writer);
  }
  async dataVersion(key: AssetKey): Promise<string | undefined> {
    return this.#tables.get(key)?.current?.id;
  }
  async exists(key: AssetKey): Promise<boolean> {
    return this.#tables.has(key);
  }
  async columns(): Promise<undefined> {
    return undefined;
  }
  async tables(): Promise<readonly []> {
    return [];
  }
  async layout(): Promise<never> {
    throw new Error("not in this lake");
  }
  async optimize(): Promise<never> {
    throw new Error("not in this lake");
  }
  async expire(): Promise<never> {
    throw new Error("not in this lake");
  }
  async drop(key: AssetKey): Promise<void> {
    this.#tables.delete(key);
  }
  async connectionEnvironment(): Promise<Readonly<Record<string, string>>> {
    return {};
  }
  async close(): Promise<void> {}

  #table(key: AssetKey): MemoryTable {
    const table = this.#tables.get(key) ?? { snapshots: [], current: undefined };
    this.#tables.set(key, table);
    return table;
  }
}
