import { describeValue } from "../util/plain-json.ts";
import type { DefinitionProblem } from "./problem.ts";

/** One thing that is wrong with a policy or a condition: where in it, what was expected there, and what came. */
export interface PolicyProblem {
  readonly path: readonly string[];
  readonly expected: string;
  readonly got: unknown;
}

/** Puts them in words, e.g. `raw/users: freshness.maxAgeMs: expected ..., got -1`. @param of what stands before the path */
export function policyProblems(of: string, problems: readonly PolicyProblem[]): readonly DefinitionProblem[] {
  return problems.map(({ path, expected, got }) => ({
    message: `${[of, ...path].join(".")}: ${expected}, got ${describeValue(got)}`,
  }));
}
