import * as z from "zod";
import type { TableIdentifier } from "./location.ts";
import type { Requirement } from "./requirements.ts";
import type { Update } from "./updates.ts";

/**
 * Request bodies of the Iceberg REST specification
 * (https://github.com/apache/iceberg/blob/main/open-api/rest-catalog-open-api.yaml). Members that it does not name
 * are kept where they belong to the table and ignored elsewhere.
 */

const integer = z.union([z.int(), z.bigint()]);
const id = z.int();
const strings = z.record(z.string(), z.string());

const schema = z.looseObject({
  type: z.literal("struct"),
  "schema-id": id.optional().default(0),
  fields: z.array(z.looseObject({ id: id, name: z.string(), required: z.boolean() })),
});
const partitionField = z.looseObject({
  "field-id": id.optional(),
  "source-id": id,
  name: z.string(),
  transform: z.string(),
});
const partitionSpec = z.object({ "spec-id": id.optional().default(0), fields: z.array(partitionField) });
const sortOrder = z.object({
  "order-id": id.optional().default(0),
  fields: z.array(z.looseObject({ "source-id": id, transform: z.string() })),
});
const snapshot = z.looseObject({
  "snapshot-id": integer,
  "parent-snapshot-id": integer.nullish(),
  "sequence-number": integer.optional(),
  "timestamp-ms": id,
  "manifest-list": z.string(),
  "schema-id": id.nullish(),
  summary: strings,
});
const reference = {
  "ref-name": z.string().min(1),
  "snapshot-id": integer,
  type: z.enum(["branch", "tag"]),
  "max-ref-age-ms": id.nullish(),
  "max-snapshot-age-ms": id.nullish(),
  "min-snapshots-to-keep": id.nullish(),
};
const statistics = z.looseObject({ "snapshot-id": integer, "statistics-path": z.string() });

const requirement = z.discriminatedUnion("type", [
  z.object({ type: z.literal("assert-create") }),
  z.object({ type: z.literal("assert-table-uuid"), uuid: z.string() }),
  z.object({ type: z.literal("assert-ref-snapshot-id"), ref: z.string(), "snapshot-id": integer.nullish() }),
  z.object({ type: z.literal("assert-last-assigned-field-id"), "last-assigned-field-id": id }),
  z.object({ type: z.literal("assert-current-schema-id"), "current-schema-id": id }),
  z.object({ type: z.literal("assert-last-assigned-partition-id"), "last-assigned-partition-id": id }),
  z.object({ type: z.literal("assert-default-spec-id"), "default-spec-id": id }),
  z.object({ type: z.literal("assert-default-sort-order-id"), "default-sort-order-id": id }),
]);

const update = z.discriminatedUnion("action", [
  z.object({ action: z.literal("assign-uuid"), uuid: z.uuid() }),
  z.object({ action: z.literal("upgrade-format-version"), "format-version": id }),
  z.object({ action: z.literal("add-schema"), schema, "last-column-id": id.optional() }),
  z.object({ action: z.literal("set-current-schema"), "schema-id": id }),
  z.object({ action: z.literal("remove-schemas"), "schema-ids": z.array(id) }),
  z.object({ action: z.literal("add-spec"), spec: partitionSpec }),
  z.object({ action: z.literal("set-default-spec"), "spec-id": id }),
  z.object({ action: z.literal("remove-partition-specs"), "spec-ids": z.array(id) }),
  z.object({ action: z.literal("add-sort-order"), "sort-order": sortOrder }),
  z.object({ action: z.literal("set-default-sort-order"), "sort-order-id": id }),
  z.object({ action: z.literal("add-snapshot"), snapshot }),
  z.object({ action: z.literal("set-snapshot-ref"), ...reference }),
  z.object({ action: z.literal("remove-snapshots"), "snapshot-ids": z.array(integer) }),
  z.object({ action: z.literal("remove-snapshot-ref"), "ref-name": z.string() }),
  z.object({ action: z.literal("set-location"), location: z.string().min(1) }),
  z.object({ action: z.literal("set-properties"), updates: strings }),
  z.object({ action: z.literal("remove-properties"), removals: z.array(z.string()) }),
  z.object({ action: z.literal("set-statistics"), statistics }),
  z.object({ action: z.literal("remove-statistics"), "snapshot-id": integer }),
  z.object({ action: z.literal("set-partition-statistics"), "partition-statistics": statistics }),
  z.object({ action: z.literal("remove-partition-statistics"), "snapshot-id": integer }),
]);

const namespace = z.array(z.string()).length(1, "expected a namespace of one level");
const identifier = z
  .object({ namespace, name: z.string() })
  .transform((value): TableIdentifier => ({ namespace: value.namespace.join("."), name: value.name }));

const commitTable = z.object({
  requirements: z
    .array(requirement)
    .default([])
    .transform((list) => list as readonly Requirement[]),
  // A partition field's id is optional in a request only; the metadata builder gives it one.
  updates: z.array(update).transform((list) => list as unknown as readonly Update[]),
});

/** Checks a request body. The parsers throw ZodError. */
export const requests = {
  createNamespace: z.object({ namespace, properties: strings.optional().default({}) }),
  updateNamespace: z.object({
    removals: z.array(z.string()).optional().default([]),
    updates: strings.optional().default({}),
  }),
  createTable: z.object({
    name: z.string(),
    location: z.string().nullish(),
    schema,
    "partition-spec": partitionSpec.nullish(),
    "write-order": sortOrder.nullish(),
    "stage-create": z.boolean().optional().default(false),
    properties: strings.optional().default({}),
  }),
  commitTable,
  commitTransaction: z.object({
    "table-changes": z.array(z.intersection(z.object({ identifier }), commitTable)).min(1),
  }),
  renameTable: z.object({ source: identifier, destination: identifier }),
  registerTable: z.object({
    name: z.string(),
    "metadata-location": z.string(),
    overwrite: z.boolean().optional().default(false),
  }),
} as const;

/** A checked request to make a table. */
export type CreateTableRequest = z.infer<typeof requests.createTable>;

/**
 * Fills in what a client may leave out of updates.
 *
 * @throws ZodError for an update that the specification does not have
 */
export function parseUpdates(updates: readonly unknown[]): readonly Update[] {
  return z.array(update).parse(updates) as unknown as readonly Update[];
}
