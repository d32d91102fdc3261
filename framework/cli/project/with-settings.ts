import type { Config, DaemonConfig, LogsConfig } from "../../definition/config.ts";
import { policyProblems, type PolicyProblem } from "../../definition/policy-problem.ts";
import { DefinitionError, type DefinitionProblem } from "../../definition/problem.ts";
import { wholeNumber } from "../../definition/run-limits.ts";
import { targetNamesOf } from "../../definition/targets.ts";
import { logLevels } from "../../event/event.ts";
import type { AssetGraph } from "../../graph/asset-graph.ts";

/**
 * Joins what a project defines, and sees whether the config's `daemon`, `logs`, `alerts` and `openLineage` are right and fit the assets.
 *
 * @throws DefinitionError with everything that is wrong with any of it
 */
export async function withSettings<T extends { readonly graph: AssetGraph }>(
  config: Config,
  join: () => T,
): Promise<T> {
  const problems = [
    ...policyProblems("daemon", daemonProblems(config.daemon ?? {})),
    ...policyProblems("logs", logsProblems(config.logs ?? {})),
    ...(await alertsProblems(config)),
    ...(await lineageProblems(config)),
  ];
  try {
    const joined = join();
    if (problems.length === 0) problems.push(...(await selectionProblems(config, joined.graph)));
    if (problems.length === 0) return joined;
  } catch (error) {
    if (!(error instanceof DefinitionError)) throw error;
    problems.unshift(...error.problems);
  }
  throw new DefinitionError(problems);
}

async function alertsProblems(config: Config): Promise<readonly DefinitionProblem[]> {
  if (config.alerts === undefined) return [];
  const { alertProblems } = await import("../../definition/alert-problems.ts");
  return alertProblems(config.alerts, targetNamesOf(config));
}

async function lineageProblems(config: Config): Promise<readonly DefinitionProblem[]> {
  if (config.openLineage === undefined) return [];
  const { openLineageProblems } = await import("../../definition/open-lineage.ts");
  const found = openLineageProblems(config.openLineage, targetNamesOf(config));
  return policyProblems("openLineage", found);
}

async function selectionProblems(
  { alerts }: Config,
  graph: AssetGraph,
): Promise<readonly DefinitionProblem[]> {
  if (alerts === undefined) return [];
  const { alertSelectionProblems } = await import("../../observability/alerts/rules-in-force.ts");
  return alertSelectionProblems(alerts, graph);
}

function daemonProblems(daemon: DaemonConfig): readonly PolicyProblem[] {
  const { maxRuns, drainMs, automationMs, memoryMb, metricsPort: port, metricsHost } = daemon;
  const isPort = port === undefined || (Number.isInteger(port) && port >= 0 && port <= 65_535);
  return [
    ...wholeNumber("maxRuns", maxRuns, 1),
    ...wholeNumber("drainMs", drainMs, 0),
    ...wholeNumber("automationMs", automationMs, 1000),
    ...wholeNumber("memoryMb", memoryMb, 64),
    ...(isPort ? [] : [{ path: ["metricsPort"], expected: "expected a port, 0 to 65535", got: port }]),
    ...text("metricsHost", metricsHost, "an address to listen on"),
  ];
}

function logsProblems({ file, level, maxMegabytes }: LogsConfig): readonly PolicyProblem[] {
  const isLevel = level === undefined || logLevels.includes(level);
  return [
    ...text("file", file, "the path of a file"),
    ...(isLevel
      ? []
      : [{ path: ["level"], expected: `expected one of ${logLevels.join(", ")}`, got: level }]),
    ...wholeNumber("maxMegabytes", maxMegabytes, 1),
  ];
}

function text(name: string, got: unknown, what: string): readonly PolicyProblem[] {
  const isText = got === undefined || (typeof got === "string" && got !== "");
  return isText ? [] : [{ path: [name], expected: `expected ${what}`, got }];
}
