import type { AssetKey } from "../../definition/asset-key.ts";
import { FailureError } from "../../event/failure.ts";

/** A draft has files in common with the published table, which nobody may remove on its behalf. */
export function unpublished(key: AssetKey): FailureError {
  return new FailureError({
    reason: "query-failed",
    message: `${key} can't be expired before what was written to it is published`,
    where: key,
    retryable: false,
  });
}

/** Outside a namespace of the lake DuckDB would write to its memory, and say that all is well. */
export function nothingToWriteTo(): FailureError {
  return new FailureError({
    reason: "query-failed",
    message: "the lake has no table yet, and a statement can't make the first one",
    retryable: false,
    next: "declare a table by defineTable: it is made before the body runs, or by ensureTable",
  });
}

/** Drafts do not nest. */
export function nested(key: AssetKey): FailureError {
  return new FailureError({
    reason: "query-failed",
    message: `no draft of ${key} within a draft`,
    where: key,
    retryable: false,
    next: "take the draft from the lakehouse itself, beside the other one",
  });
}
