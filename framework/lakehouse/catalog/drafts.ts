import { deferred } from "../../util/deferred.ts";
import { badRequest } from "./catalog-error.ts";
import { displayName, type TableIdentifier } from "./location.ts";
import { Pointers } from "./pointers.ts";
import type { Answer } from "./table-catalog.ts";

/**
 * A table as its writer sees it, beside the published one that everybody else sees. What a version of it is, the
 * catalog knows.
 */
export interface DraftTable<Version> {
  /** What it began from; undefined when there was no table. */
  readonly base: Version | undefined;
  /** Its own newest version; undefined while there is no table. */
  readonly newest: Version | undefined;
}

/** A draft that has begun. */
export interface OpenedDraft<Version> {
  /** What it is now; it must not have ended. */
  table(): DraftTable<Version>;
  /** Ends it; gives what it was at last, once. */
  end(): DraftTable<Version> | undefined;
}

interface OpenDraft<Version> extends DraftTable<Version> {
  readonly identifier: TableIdentifier;
}

/**
 * The drafts of one process, at most one of each table. They live in memory only: a process that dies takes them with
 * it, and what it had written is litter.
 */
export class Drafts<Version> {
  private open = new Map<string, OpenDraft<Version>>();
  /** When the newest draft of each table, begun or waiting, has ended. */
  private readonly ends = new Map<string, Promise<void>>();

  /** Begins a draft of a table from what `readBase` gives; waits for an earlier one of the same table. */
  async begin(
    identifier: TableIdentifier,
    readBase: () => Answer<Version | undefined>,
    signal?: AbortSignal,
  ): Promise<OpenedDraft<Version>> {
    const name = displayName(identifier);
    const ended = deferred<void>();
    const before = this.ends.get(name);
    this.ends.set(name, ended.promise);
    let isOpen = true;
    const end = (): DraftTable<Version> | undefined => {
      if (!isOpen) return undefined;
      const last = this.open.get(name);
      isOpen = false;
      this.open.delete(name);
      if (this.ends.get(name) === ended.promise) this.ends.delete(name);
      ended.resolve();
      return last;
    };
    try {
      await unlessAborted(before, signal);
      const base = await readBase();
      this.open.set(name, { identifier, base, newest: base });
    } catch (error) {
      // Who waits for this one waits for the one before it.
      void Promise.resolve(before).then(end);
      throw error;
    }
    const table = (): DraftTable<Version> => {
      const draft = isOpen ? this.open.get(name) : undefined;
      if (draft === undefined) throw new Error(`Internal error: expected the draft of ${name} to be open`);
      return draft;
    };
    return { table, end };
  }

  find(identifier: TableIdentifier): DraftTable<Version> | undefined {
    return this.open.get(displayName(identifier));
  }

  /** The tables of a namespace, given those that are published, with those that only a draft has made. */
  tables(namespace: string, published: readonly TableIdentifier[]): readonly TableIdentifier[] {
    const made = [...this.open.values()]
      .flatMap(({ identifier, newest }) => (newest === undefined ? [] : [identifier]))
      .filter((one) => one.namespace === namespace)
      .filter(({ name }) => published.every((table) => table.name !== name));
    return [...published, ...made].toSorted((a, b) => (a.name < b.name ? -1 : 1));
  }

  /** Moves the draft of a table, which there must be. */
  move(identifier: TableIdentifier, newest: Version | undefined): void {
    const name = displayName(identifier);
    const draft = this.open.get(name);
    if (draft === undefined) throw new Error(`Internal error: expected a draft of ${name}, got none`);
    this.open.set(name, { ...draft, newest });
  }

  /** Forgets a table that only its draft has made; nothing for one without a draft. Says whether there was a draft. */
  drop(identifier: TableIdentifier): boolean {
    const draft = this.find(identifier);
    if (draft === undefined) return false;
    // Its files are the published table's as well.
    if (draft.base !== undefined) unpublished(identifier, "dropped");
    this.move(identifier, undefined);
    return true;
  }

  /** @throws CatalogError 400 when one of the tables has a draft */
  expectNone(tables: readonly TableIdentifier[], what: "made" | "registered" | "renamed"): void {
    for (const table of tables) if (this.find(table) !== undefined) unpublished(table, what);
  }

  /** Runs `work`; its moves count only when it does not throw. */
  atomically<T>(work: () => T): T {
    const before = new Map(this.open);
    try {
      return work();
    } catch (error) {
      this.open = before;
      throw error;
    }
  }
}

/** Waits for the promise; rejects with the signal's reason when that comes first. */
async function unlessAborted(
  promise: Promise<void> | undefined,
  signal: AbortSignal | undefined,
): Promise<void> {
  signal?.throwIfAborted();
  const aborted = deferred<void>();
  const onAbort = (): void => aborted.reject(new Error("aborted"));
  signal?.addEventListener("abort", onAbort, { once: true });
  try {
    await Promise.race([promise, aborted.promise]);
  } finally {
    signal?.removeEventListener("abort", onAbort);
  }
}

/** The lake's pointers as the writer of drafts sees them: a table that has a draft is where the draft is. */
export class DraftPointers extends Pointers {
  private readonly drafts: Drafts<string>;

  /** @param drafts versions are metadata files */
  constructor(path: string, drafts: Drafts<string>) {
    super(path);
    this.drafts = drafts;
  }

  override exclusively<T>(work: () => T): T {
    return this.drafts.atomically(() => super.exclusively(work));
  }

  override tables(namespace: string): readonly TableIdentifier[] {
    return this.drafts.tables(namespace, super.tables(namespace));
  }

  override metadataFile(table: TableIdentifier): string | undefined {
    const draft = this.drafts.find(table);
    return draft === undefined ? super.metadataFile(table) : draft.newest;
  }

  override addTable(table: TableIdentifier, metadataFile: string): void {
    if (this.drafts.find(table) === undefined) super.addTable(table, metadataFile);
    else this.drafts.move(table, metadataFile);
  }

  override moveTable(table: TableIdentifier, from: string, to: string): void {
    if (this.drafts.find(table) === undefined) super.moveTable(table, from, to);
    else this.drafts.move(table, to);
  }

  override renameTable(from: TableIdentifier, to: TableIdentifier): void {
    this.drafts.expectNone([from, to], "renamed");
    super.renameTable(from, to);
  }

  override removeTable(table: TableIdentifier): void {
    if (!this.drafts.drop(table)) super.removeTable(table);
  }
}

function unpublished(table: TableIdentifier, what: string): never {
  return badRequest(`${displayName(table)} can't be ${what} before what was written to it is published`);
}
