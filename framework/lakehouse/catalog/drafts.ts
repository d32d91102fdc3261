import { deferred } from "../../util/deferred.ts";
import { badRequest } from "./catalog-error.ts";
import { displayName, type TableIdentifier } from "./location.ts";
import { Pointers } from "./pointers.ts";

/** A table as its writer sees it, beside the published one that everybody else sees. */
export interface DraftTable {
  /** The metadata file that it began from; undefined when there was no table. */
  readonly base: string | undefined;
  /** Its own newest metadata file; undefined while there is no table. */
  readonly file: string | undefined;
}

/** A draft that has begun. */
export interface OpenedDraft {
  /** Undefined when it has ended. */
  table(): DraftTable | undefined;
  /** Ends it; gives what it was at last, once. */
  end(): DraftTable | undefined;
}

interface OpenDraft extends DraftTable {
  readonly identifier: TableIdentifier;
}

/**
 * The drafts of one process, at most one of each table. They live in memory only: a process that dies takes them with
 * it, and what it had written is litter.
 */
export class Drafts {
  private open = new Map<string, OpenDraft>();
  /** When the newest draft of each table, begun or waiting, has ended. */
  private readonly ends = new Map<string, Promise<void>>();

  /**
   * Begins a draft of a table from the metadata file that `readBase` gives; waits for an earlier one of the same table.
   */
  async begin(
    identifier: TableIdentifier,
    readBase: () => string | undefined,
    signal?: AbortSignal,
  ): Promise<OpenedDraft> {
    const name = displayName(identifier);
    const ended = deferred<void>();
    const before = this.ends.get(name);
    this.ends.set(name, ended.promise);
    let isOpen = true;
    const end = (): DraftTable | undefined => {
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
      const base = readBase();
      this.open.set(name, { identifier, base, file: base });
    } catch (error) {
      // Who waits for this one waits for the one before it.
      void Promise.resolve(before).then(end);
      throw error;
    }
    return { table: () => (isOpen ? this.open.get(name) : undefined), end };
  }

  find(identifier: TableIdentifier): DraftTable | undefined {
    return this.open.get(displayName(identifier));
  }

  /** Tables of a namespace that have a draft and, in it, a metadata file. */
  tables(namespace: string): readonly TableIdentifier[] {
    const made = [...this.open.values()].filter(({ file }) => file !== undefined);
    return made.map(({ identifier }) => identifier).filter((one) => one.namespace === namespace);
  }

  /** Moves the draft of a table, which there must be. */
  move(identifier: TableIdentifier, file: string | undefined): void {
    const name = displayName(identifier);
    const draft = this.open.get(name);
    if (draft === undefined) throw new Error(`Internal error: expected a draft of ${name}, got none`);
    this.open.set(name, { ...draft, file });
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
  private readonly drafts: Drafts;

  constructor(path: string, drafts: Drafts) {
    super(path);
    this.drafts = drafts;
  }

  override exclusively<T>(work: () => T): T {
    return this.drafts.atomically(() => super.exclusively(work));
  }

  override tables(namespace: string): readonly TableIdentifier[] {
    const published = super.tables(namespace);
    const made = this.drafts
      .tables(namespace)
      .filter(({ name }) => published.every((table) => table.name !== name));
    return [...published, ...made].toSorted((a, b) => (a.name < b.name ? -1 : 1));
  }

  override metadataFile(table: TableIdentifier): string | undefined {
    const draft = this.drafts.find(table);
    return draft === undefined ? super.metadataFile(table) : draft.file;
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
    for (const table of [from, to]) {
      if (this.drafts.find(table) !== undefined) refuse(table, "renamed");
    }
    super.renameTable(from, to);
  }

  override removeTable(table: TableIdentifier): void {
    const draft = this.drafts.find(table);
    if (draft === undefined) return super.removeTable(table);
    // Its files are the published table's as well.
    if (draft.base !== undefined) refuse(table, "dropped");
    this.drafts.move(table, undefined);
  }
}

function refuse(table: TableIdentifier, what: string): never {
  return badRequest(`${displayName(table)} can't be ${what} before what was written to it is published`);
}
