import type { Clock } from "../../util/clock.ts";
import { type Attributions, stamped } from "../catalog/attributions.ts";
import { noSuchTable } from "../catalog/catalog-error.ts";
import type { Drafts, DraftTable } from "../catalog/drafts.ts";
import { displayName, type TableIdentifier } from "../catalog/location.ts";
import { checkRequirement } from "../catalog/requirements.ts";
import type {
  LoadedTable,
  NewTable,
  SearchableCatalog,
  StagedTable,
  TableChange,
} from "../catalog/table-catalog.ts";
import { currentSnapshot, mainBranch } from "../catalog/table-metadata.ts";
import { applyUpdates, type Update } from "../catalog/updates.ts";

/** A state of a draft: the table, and what was committed to it since the draft began. */
export interface DraftVersion {
  readonly table: LoadedTable;
  readonly updates: readonly Update[];
}

/**
 * A remote catalog as the writers of drafts see it: what they commit to a table with a draft stays in this process,
 * until one commit sends all of it. The files are where they will be.
 */
export class DraftCatalog implements SearchableCatalog {
  private readonly catalog: SearchableCatalog;
  private readonly drafts: Drafts<DraftVersion>;
  private readonly options: { readonly clock: Pick<Clock, "now">; readonly attributions: Attributions };
  /** Tables that were staged and not yet made. */
  private readonly staged = new Map<string, StagedTable>();

  constructor(
    catalog: SearchableCatalog,
    drafts: Drafts<DraftVersion>,
    options: { readonly clock: Pick<Clock, "now">; readonly attributions: Attributions },
  ) {
    this.catalog = catalog;
    this.drafts = drafts;
    this.options = options;
  }

  namespaces(): ReturnType<SearchableCatalog["namespaces"]> {
    return this.catalog.namespaces();
  }

  namespaceProperties(namespace: string): ReturnType<SearchableCatalog["namespaceProperties"]> {
    return this.catalog.namespaceProperties(namespace);
  }

  createNamespace(...namespace: Parameters<SearchableCatalog["createNamespace"]>): void | Promise<void> {
    return this.catalog.createNamespace(...namespace);
  }

  updateNamespace(
    ...change: Parameters<SearchableCatalog["updateNamespace"]>
  ): ReturnType<SearchableCatalog["updateNamespace"]> {
    return this.catalog.updateNamespace(...change);
  }

  dropNamespace(namespace: string): void | Promise<void> {
    return this.catalog.dropNamespace(namespace);
  }

  async tables(namespace: string): Promise<readonly TableIdentifier[]> {
    return this.drafts.tables(namespace, await this.catalog.tables(namespace));
  }

  async exists(identifier: TableIdentifier): Promise<boolean> {
    const draft = this.drafts.find(identifier);
    return draft === undefined ? this.catalog.exists(identifier) : draft.newest !== undefined;
  }

  async load(identifier: TableIdentifier): Promise<LoadedTable> {
    return (await this.find(identifier)) ?? noSuchTable(displayName(identifier));
  }

  async find(identifier: TableIdentifier): Promise<LoadedTable | undefined> {
    const draft = this.drafts.find(identifier);
    if (draft === undefined) return this.catalog.find(identifier);
    const table = draft.newest?.table;
    if (table === undefined || draft.base === undefined) return table;
    // What opens the files is given for a while only.
    const published = await this.catalog.find(identifier);
    return published?.access === undefined ? table : { ...table, access: published.access };
  }

  async stage(table: NewTable): Promise<StagedTable> {
    const staged = await this.catalog.stage(table);
    this.staged.set(displayName(table.identifier), staged);
    return staged;
  }

  /** A table with a draft is staged first, by those who write it. */
  async create(table: NewTable): Promise<LoadedTable> {
    this.drafts.expectNone([table.identifier], "made");
    return this.catalog.create(table);
  }

  async commit(changes: readonly TableChange[]): Promise<readonly LoadedTable[]> {
    const drafted = changes.flatMap((change) => {
      const draft = this.drafts.find(change.identifier);
      return draft === undefined ? [] : [{ identifier: change.identifier, next: this.next(draft, change) }];
    });
    const rest = changes.filter(({ identifier }) => this.drafts.find(identifier) === undefined);
    const published = await this.catalog.commit(rest);
    for (const { identifier, next } of drafted) this.drafts.move(identifier, next);
    return [...drafted.map(({ next }) => next.table), ...published];
  }

  async rename(from: TableIdentifier, to: TableIdentifier): Promise<void> {
    this.drafts.expectNone([from, to], "renamed");
    await this.catalog.rename(from, to);
  }

  async register(...table: Parameters<SearchableCatalog["register"]>): Promise<LoadedTable> {
    this.drafts.expectNone([table[0]], "registered");
    return this.catalog.register(...table);
  }

  async drop(identifier: TableIdentifier, purge: boolean): Promise<void> {
    if (!this.drafts.drop(identifier)) await this.catalog.drop(identifier, purge);
  }

  /** The draft after a commit to it. @throws CatalogError 409 when it is not as required */
  private next(draft: DraftTable<DraftVersion>, change: TableChange): DraftVersion {
    const { clock, attributions } = this.options;
    const { identifier, requirements } = change;
    const { newest } = draft;
    for (const requirement of requirements) checkRequirement(requirement, newest?.table.metadata);
    const updates = stamped(change.updates, attributions.stamp(identifier));
    const nowMs = clock.now().getTime();
    const metadata = applyUpdates(newest?.table.metadata, updates, { nowMs });
    const { metadataFile = "", access = this.staged.get(displayName(identifier))?.access } =
      newest?.table ?? {};
    const table = { metadataFile, metadata, ...(access === undefined ? {} : { access }) };
    return { table, updates: [...(newest?.updates ?? []), ...updates] };
  }
}

/**
 * The commit that makes a draft the table that everybody sees; undefined when there is nothing to say. It is refused
 * when the table is not where the draft began.
 */
export function publishing(
  identifier: TableIdentifier,
  { base, newest }: DraftTable<DraftVersion>,
): TableChange | undefined {
  if (newest === undefined || newest === base) return undefined;
  const { updates } = newest;
  if (base === undefined) return { identifier, requirements: [{ type: "assert-create" }], updates };
  const { metadata } = base.table;
  const current = currentSnapshot(metadata)?.["snapshot-id"] ?? null;
  return {
    identifier,
    requirements: [
      { type: "assert-table-uuid", uuid: metadata["table-uuid"] },
      { type: "assert-ref-snapshot-id", ref: mainBranch, "snapshot-id": current },
      { type: "assert-current-schema-id", "current-schema-id": metadata["current-schema-id"] },
    ],
    updates,
  };
}
