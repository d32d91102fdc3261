import { literal, QueryError } from "./sql-reader.ts";

/** Properties of Iceberg tables that Athena takes beside `table_type`, and no other. */
const ownProperty = /^(vacuum_|optimize_|write_target_data_file_size_bytes$|write_compression$|format$)/;

/**
 * The options of Trino's CREATE TABLE. What only Athena knows is kept as properties of the Iceberg table, where VACUUM
 * reads it; the compression is Trino's, which is set to Zstandard.
 *
 * @param partitioning Trino's partition terms
 */
export function icebergOptions(
  properties: ReadonlyMap<string, string>,
  partitioning: readonly string[],
): string {
  const options: string[] = [];
  const kept = new Map<string, string>();
  for (const [name, value] of properties) {
    if (name === "table_type" || name === "is_external") continue;
    else if (name === "location") options.push(`location = ${literal(value.replace(/\/$/, ""))}`);
    else if (name === "format") options.push(`format = ${literal(value.toUpperCase())}`);
    else if (name === "format_version") options.push(`format_version = ${value}`);
    else if (name === "partitioning") options.push(`partitioning = ${value}`);
    else if (ownProperty.test(name)) kept.set(name, value);
    else throw new QueryError("INVALID_TABLE_PROPERTY", `Table properties [${name}] are not supported.`);
  }
  if (partitioning.length > 0) options.push(`partitioning = ARRAY[${partitioning.map(literal).join(", ")}]`);
  if (kept.size > 0) options.push(extraProperties(kept));
  return options.length === 0 ? "" : ` WITH (${options.join(", ")})`;
}

/** Trino's option for properties that it does not know. */
export function extraProperties(properties: ReadonlyMap<string, string>): string {
  const array = (texts: Iterable<string>) => `ARRAY[${[...texts].map(literal).join(", ")}]`;
  return `extra_properties = MAP(${array(properties.keys())}, ${array(properties.values())})`;
}

/** @throws QueryError when Athena takes no such property in ALTER TABLE */
export function refuseUnknownProperties(names: Iterable<string>): void {
  for (const name of names)
    if (!ownProperty.test(name))
      throw new QueryError("FAILED: SemanticException", `Unsupported table property key: ${name}`);
}
