import { hasPassed } from "../../../event/has-passed.ts";
import type { CheckResultRecord } from "../../../store/store.ts";
import { groupBy } from "../../../util/group-by.ts";
import type { Found } from "../found.ts";
import { type RuleInForce, type RuleOf, severityOf } from "../rules-in-force.ts";
import { type AlertWorld, toldFailure } from "../world.ts";
import { failedUnits, foundFailure } from "./failures.ts";

/** Checks whose newest result is bad, of the table or of a draft that therefore did not become the table. */
export function failedChecks(
  world: AlertWorld,
  by: RuleInForce,
  rule: RuleOf<"check-failed">,
): readonly Found[] {
  const { atLeast = "error" } = rule;
  const units = failedUnits(world, by, "check-failed");
  const bad = [...world.checks()]
    .filter(([key]) => by.keys.has(key))
    .flatMap(([, results]) => results)
    .concat([...units].flatMap(([key, attempts]) => draftResults(world, key, attempts)))
    .filter((result) => !hasPassed(result) && isDeclared(world, result))
    .filter(({ severity }) => severity === "error" || atLeast === "warn");
  const told = new Set(bad.map(({ key }) => key));
  // A blocking check that gave no result of its own, as a unit test of dbt: the attempt's failure tells what there is.
  const silent = [...units].filter(([key]) => !told.has(key));
  return [
    ...[...groupBy(bad, subjectOf).values()].map((results) => foundCheck(world, by, results)),
    ...silent.map(([key, attempts]) => foundFailure(world, by, { type: "asset-failed", key, attempts })),
  ];
}

function subjectOf({ key, check }: CheckResultRecord): string {
  return `${key} ${check}`;
}

/** What was found of drafts by the attempts that failed for it. */
function draftResults(
  world: AlertWorld,
  key: string,
  attempts: readonly { readonly runId: string }[],
): readonly CheckResultRecord[] {
  return [...new Set(attempts.map(({ runId }) => runId))]
    .flatMap((runId) => world.checksOfRun(runId))
    .filter((result) => result.key === key && result.isUnpublished);
}

function isDeclared({ graph }: AlertWorld, { key, check }: CheckResultRecord): boolean {
  return graph.has(key) && graph.checks(key).some(({ name }) => name === check);
}

/** @param results of one check, at least one */
function foundCheck(world: AlertWorld, by: RuleInForce, results: readonly CheckResultRecord[]): Found {
  const last = results.reduce((newestSoFar, result) => (result.at > newestSoFar.at ? result : newestSoFar));
  const { key, check, severity, blocking, runId, isUnpublished } = last;
  const { passed, value, expected } = last.result;
  return {
    by,
    rule: by.name,
    subject: subjectOf(last),
    severity: severityOf(by, severity === "error" ? "critical" : "warning"),
    since: results.map(({ at }) => at).sort()[0] ?? last.at,
    owners: world.owners([key]),
    facts: {
      type: "check-failed",
      key,
      partitions: [...new Set(results.map(({ partition }) => partition))].filter(
        (partition) => partition !== "",
      ),
      check,
      severity,
      blocking,
      runId,
      result: {
        passed,
        ...(value === undefined ? {} : { value }),
        ...(expected === undefined ? {} : { expected }),
      },
      failure: toldFailure(last.failure),
      isUnpublished,
    },
  };
}
