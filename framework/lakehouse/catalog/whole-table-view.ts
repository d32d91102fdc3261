import { badRequest } from "./catalog-error.ts";
import type { LoadedTable, TableCatalog, TableChange } from "./table-catalog.ts";
import type { Requirement } from "./requirements.ts";
import {
  branchFrom,
  findSnapshot,
  mainBranch,
  type MetadataSnapshot,
  type TableMetadata,
  withoutSnapshots,
} from "./table-metadata.ts";
import type { Update } from "./updates.ts";

/** Where a `replace` snapshot says which snapshot last changed the content, so that the latter may be expired. */
export const contentSnapshotProperty = "moraine.content-snapshot-id";

/** What rewriting a whole table means: the same rows in other files, or other rows. Iceberg's words. */
export type WholeTableOperation = "replace" | "overwrite";

/**
 * The catalog as somebody sees it who is about to write whole tables anew: each table looks empty, and an append to
 * it becomes one snapshot that holds the appended files and nothing else, on top of the snapshot `base`. DuckDB can't
 * drop data files (it marks rows as deleted and keeps the files); through this view it need not.
 *
 * A commit fails with 409 when the table's current snapshot isn't `base` any more.
 */
export function wholeTableView(
  store: TableCatalog,
  operation: WholeTableOperation,
  base: bigint | undefined,
): TableCatalog {
  const refuse = (): never => badRequest("Only whole tables can be written here");
  return {
    namespaces: () => store.namespaces(),
    namespaceProperties: (namespace) => store.namespaceProperties(namespace),
    tables: (namespace) => store.tables(namespace),
    exists: (identifier) => store.exists(identifier),
    load: async (identifier) => emptied(await store.load(identifier)),
    commit: async (changes) => {
      const whole: TableChange[] = [];
      for (const change of changes) {
        const { metadata } = await store.load(change.identifier);
        whole.push(wholeTableChange(metadata, change, operation, base));
      }
      return store.commit(whole);
    },
    createNamespace: refuse,
    updateNamespace: refuse,
    dropNamespace: refuse,
    stage: refuse,
    create: refuse,
    rename: refuse,
    register: refuse,
    drop: refuse,
  };
}

/** Without the earlier partition specs as well: DuckDB 1.5.5 can't write when one shares a field with the current spec. */
function emptied(table: LoadedTable): LoadedTable {
  const metadata = withoutSnapshots(table.metadata);
  const specs = metadata["partition-specs"].filter((spec) => spec["spec-id"] === metadata["default-spec-id"]);
  return { ...table, metadata: { ...metadata, "partition-specs": specs } };
}

function wholeTableChange(
  metadata: TableMetadata,
  change: TableChange,
  operation: WholeTableOperation,
  base: bigint | undefined,
): TableChange {
  const added = change.updates.filter((update) => update.action === "add-snapshot");
  if (added.length !== 1) badRequest(`Expected one new snapshot, got ${added.length}`);
  const onTopOfBase: Requirement = { type: "assert-ref-snapshot-id", ref: mainBranch, "snapshot-id": base };
  return {
    identifier: change.identifier,
    requirements: [
      ...change.requirements.filter((requirement) => requirement.type !== "assert-ref-snapshot-id"),
      onTopOfBase,
    ],
    updates: change.updates.map((update): Update => {
      if (update.action !== "add-snapshot") return update;
      return { ...update, snapshot: onTop(update.snapshot, metadata, operation, base) };
    }),
  };
}

function onTop(
  snapshot: MetadataSnapshot,
  metadata: TableMetadata,
  operation: WholeTableOperation,
  base: bigint | undefined,
): MetadataSnapshot {
  const replaced = base === undefined ? undefined : findSnapshot(metadata, base);
  if (replaced === undefined) return snapshot;
  const totals = replaced.summary ?? {};
  const content = contentSnapshotId(branchFrom(metadata, replaced));
  return {
    ...snapshot,
    "parent-snapshot-id": replaced["snapshot-id"],
    summary: {
      ...snapshot.summary,
      operation,
      "deleted-data-files": totals["total-data-files"] ?? "0",
      "deleted-records": totals["total-records"] ?? "0",
      "removed-delete-files": totals["total-delete-files"] ?? "0",
      ...(operation === "replace" && content !== undefined ? { [contentSnapshotProperty]: content } : {}),
    },
  };
}

/** Id of the snapshot that last changed content, given a branch newest first; undefined when there is none. */
export function contentSnapshotId(branch: readonly MetadataSnapshot[]): string | undefined {
  for (const snapshot of branch) {
    if (snapshot.summary?.["operation"] !== "replace") return String(snapshot["snapshot-id"]);
    const recorded = snapshot.summary[contentSnapshotProperty];
    if (recorded !== undefined) return recorded;
  }
  // Whoever compacted the table also expired what came before; the oldest kept snapshot still says what it compacted.
  const oldest = branch.at(-1);
  const id = oldest?.["parent-snapshot-id"] ?? oldest?.["snapshot-id"];
  return id === undefined ? undefined : String(id);
}
