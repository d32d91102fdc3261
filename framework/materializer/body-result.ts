import type { MaterializeResult } from "../definition/context.ts";
import { type Unit, unitId } from "../definition/unit.ts";
import type { Metadata } from "../event/event.ts";
import { fail } from "../event/failure.ts";
import { type MetadataProblem, metadataProblem } from "../event/metadata.ts";
import type { Json } from "../util/hash.ts";
import { describeValue, jsonLoss, toPlain } from "../util/plain-json.ts";

/**
 * Takes what foreign code gave as the result of a materialization, as it can be stored and read again.
 *
 * @throws FailureError `asset-error` naming the member that can't be kept: what would be lost or read as another value
 */
export function bodyResult(unit: Unit, given: unknown): MaterializeResult {
  if (typeof given !== "object" || given === null) return {};
  const { dataVersion, metadata, cursor } = given as Readonly<Record<string, unknown>>;
  if (dataVersion !== undefined && (typeof dataVersion !== "string" || dataVersion === ""))
    refuse(unit, { path: "dataVersion", expected: "a text that is not empty", got: dataVersion });
  const kept = keptMetadata(metadata);
  if ("problem" in kept) return refuse(unit, kept.problem);
  const loss = cursor === undefined ? undefined : jsonLoss(cursor, "cursor");
  if (loss !== undefined) {
    const expected = "what JSON holds: null, true, false, finite numbers, texts, lists and plain objects";
    refuse(unit, { ...loss, expected });
  }
  return { dataVersion, metadata: kept.metadata, cursor: cursor as Json | undefined };
}

/** Metadata as it is stored, or the first value that can't be. */
export function keptMetadata(
  given: unknown,
): { readonly metadata: Metadata | undefined } | { readonly problem: MetadataProblem } {
  if (given === undefined) return { metadata: undefined };
  const plain = toPlain(given);
  const problem =
    metadataProblem(given) ??
    (plain === undefined
      ? { path: "metadata", expected: "what JSON holds", got: given }
      : metadataProblem(plain));
  return problem === undefined ? { metadata: plain as Metadata } : { problem };
}

function refuse(unit: Unit, { path, expected, got }: MetadataProblem): never {
  return fail({
    reason: "asset-error",
    message: `${unitId(unit)} returned a wrong ${path}`,
    retryable: false,
    expected,
    got: describeValue(got),
  });
}
