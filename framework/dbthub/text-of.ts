import type { Value } from "../lakehouse/lakehouse.ts";

/** A cell that holds text, as text; null and a missing column are empty. */
export function textOf(value: Value | undefined): string {
  if (value === null || value === undefined) return "";
  return typeof value === "string" ? value : JSON.stringify(value);
}
