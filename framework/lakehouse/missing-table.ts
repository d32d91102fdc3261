import type { AssetKey } from "../definition/asset-key.ts";
import { FailureError } from "../event/failure.ts";
import { nearest } from "../util/nearest.ts";
import { displayName, type TableIdentifier } from "./catalog/location.ts";

/** There is no table of this key; names those most like it. */
export function noSuchKey(key: AssetKey, tables: readonly TableIdentifier[]): FailureError {
  const keys = tables.map(({ namespace, name }) => `${namespace}/${name}`);
  return new FailureError({
    reason: "query-failed",
    message: `there is no table ${key}`,
    where: key,
    next: suggestion(nearest(key, keys), tables.length),
    retryable: false,
  });
}

/** The same failure, but naming the tables most like the one that DuckDB did not find, if that is what it says. */
export function withSuggestion(error: FailureError, tables: readonly TableIdentifier[]): FailureError {
  const missing = /Table with name "?([\w.]+)"? does not exist/.exec(error.failure.got ?? "")?.[1];
  if (missing === undefined) return error;
  // DuckDB leaves the namespace out, so names are compared without it.
  const name = missing.split(".").at(-1) ?? missing;
  const near = nearest(
    name,
    tables.map((table) => table.name),
  );
  const candidates = tables.filter((table) => near.includes(table.name)).map(displayName);
  return new FailureError(
    {
      ...error.failure,
      message: `there is no table ${missing}`,
      got: `no table ${missing}`,
      next: suggestion(candidates, tables.length),
    },
    { cause: error.cause },
  );
}

/** What to do about a table that is not there; `tableCount`: of the lake. */
export function suggestion(candidates: readonly string[], tableCount: number): string {
  if (candidates.length > 0) return `did you mean ${candidates.join(", ")}?`;
  return `\`moraine lake\` lists the ${tableCount} ${tableCount === 1 ? "table" : "tables"} that there are`;
}
