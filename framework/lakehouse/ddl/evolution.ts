import { fail } from "../../event/failure.ts";
import type { TableDefinition } from "../../definition/table.ts";
import type { TableMetadata } from "../catalog/table-metadata.ts";
import type { LakeColumn } from "../lakehouse.ts";
import { tableProperties } from "./table-ddl.ts";

/** What must be done so that a table is as its definition says. */
export interface Evolution {
  /** Names of columns, in the definition's order. */
  readonly addColumns: readonly string[];
  readonly setProperties: Readonly<Record<string, string>>;
}

/**
 * Compares a table with its definition. Additive only: columns and properties that the definition does not name stay,
 * and so does the partitioning.
 *
 * @throws FailureError `query-failed` when a column has another type, or a new one is required
 */
export function planEvolution(table: TableDefinition, metadata: TableMetadata): Evolution {
  const present = new Map(schemaColumns(metadata).map(({ name, type }) => [name, type]));
  for (const [name, column] of Object.entries(table.columns)) {
    const type = present.get(name);
    if (type === undefined && column.required === true) {
      refuse(
        table,
        `new column ${name} can't be required: the rows already there have no value for it`,
        column.type,
      );
    }
    if (type !== undefined && type !== column.type) {
      refuse(table, `column ${name} has another type in the table than in the definition`, column.type, type);
    }
  }
  const wanted = Object.entries(tableProperties(table));
  return {
    addColumns: Object.keys(table.columns).filter((name) => !present.has(name)),
    setProperties: Object.fromEntries(wanted.filter(([name, value]) => metadata.properties[name] !== value)),
  };
}

/** The current schema's columns, in its order. */
export function schemaColumns(metadata: TableMetadata): readonly LakeColumn[] {
  const schema = metadata.schemas.find((one) => one["schema-id"] === metadata["current-schema-id"]);
  const fields = (schema?.fields ?? []) as readonly {
    readonly name: string;
    readonly type: unknown;
    readonly required: boolean;
  }[];
  const text = (type: unknown) =>
    typeof type === "string" ? type.replaceAll(" ", "") : JSON.stringify(type);
  return fields.map(({ name, type, required }) => ({ name, type: text(type), required }));
}

function refuse(table: TableDefinition, message: string, expected: string, got?: string): never {
  return fail({
    reason: "query-failed",
    message,
    expected,
    ...(got === undefined ? {} : { got }),
    where: table.key,
    next: "give the column another name in the definition, or drop the table and materialize it anew",
    retryable: false,
  });
}
