import type { Config } from "../../definition/config.ts";
import { DefinitionError } from "../../definition/problem.ts";
import type { AssetGraph } from "../../graph/asset-graph.ts";

/**
 * Joins what a project defines, and sees whether its `alerts` are right and fit the assets.
 *
 * @throws DefinitionError with everything that is wrong with either
 */
export async function withAlerts<T extends { readonly graph: AssetGraph }>(
  { alerts, targets }: Config,
  join: () => T,
): Promise<T> {
  if (alerts === undefined) return join();
  const { alertProblems } = await import("../../definition/alert-problems.ts");
  const { alertSelectionProblems } = await import("../../observability/alerts/rules-in-force.ts");
  const problems = [...alertProblems(alerts, Object.keys(targets ?? { local: {} }))];
  try {
    const joined = join();
    if (problems.length === 0) problems.push(...alertSelectionProblems(alerts, joined.graph));
    if (problems.length === 0) return joined;
  } catch (error) {
    if (!(error instanceof DefinitionError)) throw error;
    problems.unshift(...error.problems);
  }
  throw new DefinitionError(problems);
}
