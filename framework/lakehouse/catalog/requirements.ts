import { commitFailed } from "./catalog-error.ts";
import type { Integer } from "./json.ts";
import { sameId, type TableMetadata } from "./table-metadata.ts";

/** What a commit expects of the table it was made for; the types of the REST specification. */
export type Requirement =
  | { readonly type: "assert-create" }
  | { readonly type: "assert-table-uuid"; readonly uuid: string }
  | {
      readonly type: "assert-ref-snapshot-id";
      readonly ref: string;
      readonly "snapshot-id"?: Integer | null | undefined;
    }
  | { readonly type: "assert-last-assigned-field-id"; readonly "last-assigned-field-id": number }
  | { readonly type: "assert-current-schema-id"; readonly "current-schema-id": number }
  | { readonly type: "assert-last-assigned-partition-id"; readonly "last-assigned-partition-id": number }
  | { readonly type: "assert-default-spec-id"; readonly "default-spec-id": number }
  | { readonly type: "assert-default-sort-order-id"; readonly "default-sort-order-id": number };

/** @throws CatalogError 409 CommitFailedException when the table (undefined: there is none) is not as required */
export function checkRequirement(requirement: Requirement, table: TableMetadata | undefined): void {
  if (requirement.type === "assert-create") {
    if (table !== undefined) commitFailed("Requirement failed: table already exists");
    return;
  }
  if (table === undefined) commitFailed("Requirement failed: current table metadata is missing");
  switch (requirement.type) {
    case "assert-table-uuid":
      if (requirement.uuid.toLowerCase() === table["table-uuid"].toLowerCase()) return;
      return commitFailed(
        `Requirement failed: UUID does not match: expected ${table["table-uuid"]} != ${requirement.uuid}`,
      );
    case "assert-ref-snapshot-id": {
      const actual = table.refs[requirement.ref]?.["snapshot-id"];
      const expected = requirement["snapshot-id"];
      if (sameId(expected, actual)) return;
      return commitFailed(
        `Requirement failed: branch or tag ${requirement.ref} has changed: expected id ${expected ?? "none"}, got ${actual ?? "none"}`,
      );
    }
    case "assert-last-assigned-field-id":
      return expectSame(
        "last assigned field id",
        requirement["last-assigned-field-id"],
        table["last-column-id"],
      );
    case "assert-current-schema-id":
      return expectSame("current schema", requirement["current-schema-id"], table["current-schema-id"]);
    case "assert-last-assigned-partition-id":
      return expectSame(
        "last assigned partition id",
        requirement["last-assigned-partition-id"],
        table["last-partition-id"],
      );
    case "assert-default-spec-id":
      return expectSame("default partition spec", requirement["default-spec-id"], table["default-spec-id"]);
    case "assert-default-sort-order-id":
      return expectSame(
        "default sort order",
        requirement["default-sort-order-id"],
        table["default-sort-order-id"],
      );
  }
}

function expectSame(what: string, expected: string | number, actual: string | number): void {
  if (expected !== actual)
    commitFailed(`Requirement failed: ${what} changed: expected ${expected}, got ${actual}`);
}
