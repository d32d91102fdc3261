import { groupBy } from "./group-by.ts";

/** Whether two names are the same apart from case, as DuckDB, Athena and Spark compare names. */
export function isSameButCase(a: string, b: string): boolean {
  return a !== b && a.toLowerCase() === b.toLowerCase();
}

/** The groups of names that are the same apart from case; names without such a twin are left out. */
export function caseTwins(names: readonly string[]): readonly (readonly string[])[] {
  const groups = groupBy(new Set(names), (name) => name.toLowerCase());
  return [...groups.values()].filter((group) => group.length > 1);
}
