import type { Unit } from "../../definition/unit.ts";
import { hasPassed } from "../../event/has-passed.ts";
import type { CheckResultRecord, RunRecord } from "../../store/store.ts";
import { assertionsFacet } from "./assertions.ts";
import { assetJobName, assetOf, bareDataset, type Catalog } from "./datasets.ts";
import { envelope, facets, type Facets, type OpenLineageEvent } from "./event.ts";
import {
  commonRunFacets,
  errorMessage,
  jobFacets,
  type Jobs,
  parentFacet,
  runJob,
  runUuid,
} from "./run-facets.ts";
import { staticUuid } from "./static-uuid.ts";

/**
 * The start and the end of the checks of one table. They are a job of their own that reads the table: assertions are shown of
 * an input alone, and the job that makes the table does not read it.
 *
 * @param of the attempt that they followed; 0: none, they were run alone
 */
export function checkEvents(
  source: Catalog & Jobs,
  run: RunRecord,
  of: Unit & { readonly attempt: number },
  results: readonly CheckResultRecord[],
): readonly OpenLineageEvent[] {
  if (results.length === 0) return [];
  const { key, partition, attempt } = of;
  const begins = results.map(({ at, durationMs }) => new Date(Date.parse(at) - durationMs).toISOString());
  const startedAt = begins.reduce((first, at) => (at < first ? at : first));
  const endedAt = results.reduce((last, { at }) => (at > last ? at : last), startedAt);
  const common = commonRunFacets(run, partition === "" ? {} : { partition });
  const parent = parentFacet(runJob(source), runUuid(run));
  const owners = assetOf(source, key)?.owners ?? [];
  const job = {
    namespace: source.namespace,
    name: `${assetJobName(source.project, key)}.checks`,
    facets: jobFacets("TEST", { owners, description: undefined, tags: [] }),
  };
  const runId = staticUuid(startedAt, [run.target, run.id, key, partition, attempt, "checks"]);
  const make = (
    eventType: OpenLineageEvent["eventType"],
    at: string,
    inputs: OpenLineageEvent["inputs"],
    more: Facets = {},
  ): OpenLineageEvent => ({
    ...envelope(eventType, at),
    run: { runId, facets: facets({ parent, ...common, ...more }) },
    job,
    inputs,
    outputs: [],
  });
  const table = bareDataset(source, key);
  const dataQualityAssertions = assertionsFacet(results, source.graph);
  const failed = results.filter((result) => !hasPassed(result) && result.severity === "error");
  const names = failed.map(({ check }) => check).join(", ");
  const errors = failed.length === 0 ? {} : { errorMessage: errorMessage(`did not pass: ${names}`) };
  const inputs = [{ ...table, inputFacets: { dataQualityAssertions } }];
  return [
    make("START", startedAt, [table]),
    make(failed.length === 0 ? "COMPLETE" : "FAIL", endedAt, inputs, errors),
  ];
}
