import type { Metadata, MetadataValue } from "../../event/event.ts";
import { unreachable } from "../../util/unreachable.ts";
import { formatBytes, formatCount, formatDuration } from "./numbers.ts";
import { cleanText } from "./text.ts";

/** Names under which `rows` metadata says what changed, and the sign that stands before the number. */
const changes: readonly (readonly [sign: string, names: readonly string[]])[] = [
  ["+", ["added", "inserted", "new", "landed", "rows_added", "rows_inserted"]],
  ["~", ["changed", "updated", "merged", "rows_changed", "rows_updated"]],
  ["-", ["deleted", "removed", "retired", "rows_deleted"]],
];
const changeNames = new Set(changes.flatMap(([, names]) => names));

/** The number of rows of the asset after it was materialized: `rows`, else the first rows value that is no change. */
export function rowCountOf(metadata: Metadata | undefined): number | undefined {
  if (metadata === undefined) return undefined;
  // Of a partition `rows` are its own.
  const named = metadata["table_rows"] ?? metadata["rows"];
  if (named?.type === "rows" || named?.type === "number") return named.value;
  for (const [name, value] of Object.entries(metadata)) {
    if (value.type === "rows" && !changeNames.has(name)) return value.value;
  }
  return undefined;
}

/**
 * `+18 ~31`: what the metadata says changed; else, with the row count before, their difference; else nothing.
 */
export function rowChanges(metadata: Metadata | undefined, previousRows?: number): string {
  if (metadata === undefined) return "";
  const told = changes.flatMap(([sign, names]) => {
    const value = names
      .map((name) => metadata[name])
      .find((entry) => entry?.type === "rows" || entry?.type === "number");
    return value !== undefined && "value" in value && typeof value.value === "number" && value.value !== 0
      ? [`${sign}${formatCount(value.value)}`]
      : [];
  });
  if (told.length > 0) return told.join(" ");
  const rows = rowCountOf(metadata);
  if (rows === undefined || previousRows === undefined || rows === previousRows) return "";
  return rows > previousRows
    ? `+${formatCount(rows - previousRows)}`
    : `-${formatCount(previousRows - rows)}`;
}

/** One materialization in a few words: `1,204 rows (+18 ~31)`; without rows, its first other value; else empty. */
export function metadataSummary(metadata: Metadata | undefined, previousRows?: number): string {
  const rows = rowCountOf(metadata);
  const change = rowChanges(metadata, previousRows);
  if (rows !== undefined) {
    return `${formatCount(rows)} ${rows === 1 ? "row" : "rows"}${change === "" ? "" : ` (${change})`}`;
  }
  if (change !== "") return `${change} rows`;
  const first = Object.entries(metadata ?? {}).find(
    ([, value]) => value.type !== "json" && value.type !== "markdown" && value.type !== "table",
  );
  return first === undefined ? "" : `${cleanText(first[0])} ${metadataText(first[1])}`;
}

/** One metadata value as one line. */
export function metadataText(value: MetadataValue): string {
  switch (value.type) {
    case "rows":
      return `${formatCount(value.value)} ${value.value === 1 ? "row" : "rows"}`;
    case "bytes":
      return formatBytes(value.value);
    case "duration":
      return formatDuration(value.ms);
    case "number":
      return formatCount(value.value);
    case "text":
    case "markdown":
    case "url":
      return cleanText(value.value);
    case "json":
      return cleanText(JSON.stringify(value.value) ?? "");
    case "table":
      return `${formatCount(value.rows.length)} rows of ${value.columns.map(cleanText).join(", ")}`;
    default:
      return unreachable(value);
  }
}
