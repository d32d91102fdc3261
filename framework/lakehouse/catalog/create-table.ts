import { withFreshIds } from "./fresh-ids.ts";
import { type CreateTableRequest, parseUpdates } from "./protocol.ts";
import type { Update } from "./updates.ts";

/** The updates that make the requested table out of nothing. */
export function createTableUpdates(request: CreateTableRequest): readonly Update[] {
  const { "format-version": format = "2", ...properties } = request.properties;
  const { schema: fields, "partition-spec": spec, "write-order": order } = withFreshIds(request);
  return parseUpdates([
    { action: "upgrade-format-version", "format-version": Number(format) },
    { action: "add-schema", schema: fields },
    { action: "set-current-schema", "schema-id": -1 },
    { action: "add-spec", spec: spec ?? { "spec-id": 0, fields: [] } },
    { action: "set-default-spec", "spec-id": -1 },
    { action: "add-sort-order", "sort-order": order ?? { "order-id": 0, fields: [] } },
    { action: "set-default-sort-order", "sort-order-id": -1 },
    { action: "set-properties", updates: properties },
  ]);
}
