import { unreachable } from "../../util/unreachable.ts";
import type { Integer } from "./json.ts";
import { type BuilderContext, MetadataBuilder } from "./metadata-builder.ts";
import type {
  MetadataSnapshot,
  PartitionSpec,
  Schema,
  SnapshotReference,
  SortOrder,
  StatisticsFile,
  TableMetadata,
} from "./table-metadata.ts";

/** A change of table metadata; the actions of the REST specification. */
export type Update =
  | { readonly action: "assign-uuid"; readonly uuid: string }
  | { readonly action: "upgrade-format-version"; readonly "format-version": number }
  | { readonly action: "add-schema"; readonly schema: Schema; readonly "last-column-id"?: number | undefined }
  | { readonly action: "set-current-schema"; readonly "schema-id": number }
  | { readonly action: "remove-schemas"; readonly "schema-ids": readonly number[] }
  | { readonly action: "add-spec"; readonly spec: PartitionSpec }
  | { readonly action: "set-default-spec"; readonly "spec-id": number }
  | { readonly action: "remove-partition-specs"; readonly "spec-ids": readonly number[] }
  | { readonly action: "add-sort-order"; readonly "sort-order": SortOrder }
  | { readonly action: "set-default-sort-order"; readonly "sort-order-id": number }
  | { readonly action: "add-snapshot"; readonly snapshot: MetadataSnapshot }
  | ({ readonly action: "set-snapshot-ref"; readonly "ref-name": string } & SnapshotReference)
  | { readonly action: "remove-snapshots"; readonly "snapshot-ids": readonly Integer[] }
  | { readonly action: "remove-snapshot-ref"; readonly "ref-name": string }
  | { readonly action: "set-location"; readonly location: string }
  | { readonly action: "set-properties"; readonly updates: Readonly<Record<string, string>> }
  | { readonly action: "remove-properties"; readonly removals: readonly string[] }
  | { readonly action: "set-statistics"; readonly statistics: StatisticsFile }
  | { readonly action: "remove-statistics"; readonly "snapshot-id": Integer }
  | { readonly action: "set-partition-statistics"; readonly "partition-statistics": StatisticsFile }
  | { readonly action: "remove-partition-statistics"; readonly "snapshot-id": Integer };

/**
 * The table after the updates, in their order; `base` undefined makes a new one from nothing.
 *
 * @throws CatalogError 400 when an update does not fit
 */
export function applyUpdates(
  base: TableMetadata | undefined,
  updates: readonly Update[],
  context: BuilderContext & { readonly previousFile?: string | undefined },
): TableMetadata {
  const builder = new MetadataBuilder(base, context);
  for (const update of updates) apply(builder, update);
  return builder.build(context.previousFile);
}

function apply(builder: MetadataBuilder, update: Update): void {
  switch (update.action) {
    case "assign-uuid":
      return builder.assignUuid(update.uuid);
    case "upgrade-format-version":
      return builder.upgradeFormat(update["format-version"]);
    case "add-schema":
      return builder.addSchema(update.schema, update["last-column-id"]);
    case "set-current-schema":
      return builder.setCurrentSchema(update["schema-id"]);
    case "remove-schemas":
      return builder.removeSchemas(update["schema-ids"]);
    case "add-spec":
      return builder.addSpec(update.spec);
    case "set-default-spec":
      return builder.setDefaultSpec(update["spec-id"]);
    case "remove-partition-specs":
      return builder.removeSpecs(update["spec-ids"]);
    case "add-sort-order":
      return builder.addSortOrder(update["sort-order"]);
    case "set-default-sort-order":
      return builder.setDefaultSortOrder(update["sort-order-id"]);
    case "add-snapshot":
      return builder.addSnapshot(update.snapshot);
    case "set-snapshot-ref": {
      const { action: _action, "ref-name": name, ...reference } = update;
      return builder.setReference(name, reference);
    }
    case "remove-snapshots":
      return builder.removeSnapshots(update["snapshot-ids"]);
    case "remove-snapshot-ref":
      return builder.removeReference(update["ref-name"]);
    case "set-location":
      return builder.setLocation(update.location);
    case "set-properties":
      return builder.setProperties(update.updates);
    case "remove-properties":
      return builder.removeProperties(update.removals);
    case "set-statistics":
      return builder.setStatistics("statistics", update.statistics);
    case "remove-statistics":
      return builder.removeStatistics("statistics", update["snapshot-id"]);
    case "set-partition-statistics":
      return builder.setStatistics("partition-statistics", update["partition-statistics"]);
    case "remove-partition-statistics":
      return builder.removeStatistics("partition-statistics", update["snapshot-id"]);
    default:
      return unreachable(update);
  }
}
