import { hasPassed } from "../../event/has-passed.ts";
import type { AssetGraph } from "../../graph/asset-graph.ts";
import type { CheckResultRecord } from "../../store/store.ts";
import { facet } from "./event.ts";

/** The longest text of a value that is sent. */
const longestValue = 1_000;

/** What checks found of one table, as a facet of it as an input: of an output nobody shows it. */
export function assertionsFacet(results: readonly CheckResultRecord[], graph: AssetGraph): object {
  return facet("DataQualityAssertionsDatasetFacet", {
    assertions: results.map((record) => {
      const { check, severity, result, failure } = record;
      const asset = graph.has(record.key) ? graph.asset(record.key) : undefined;
      const defined = asset && graph.checks(asset.key).find(({ name }) => name === check);
      return {
        ...classify(check, { ...asset?.table?.columns, ...asset?.declaredColumns }),
        name: check,
        success: hasPassed(record),
        severity,
        description: defined?.description,
        expected: textOf(result.expected),
        actual: failure === undefined ? textOf(result.value) : `[${failure.reason}] ${failure.message}`,
      };
    }),
  });
}

/** The sorts of rules and dbt tests that are named after the column they are about. */
const columnTests = /^(accepted_values|not_null|pattern|range|required|unique)_(.+)$/;

function classify(
  check: string,
  columns: Readonly<Record<string, unknown>>,
): { readonly assertion: string; readonly column?: string } {
  const [, assertion, column = ""] = columnTests.exec(check) ?? [];
  return assertion !== undefined && Object.hasOwn(columns, column)
    ? { assertion, column }
    : { assertion: check };
}

function textOf(value: unknown): string | undefined {
  if (value === undefined || value === null) return undefined;
  const text = typeof value === "string" ? value : JSON.stringify(value);
  return text.length > longestValue ? `${text.slice(0, longestValue)}…` : text;
}
