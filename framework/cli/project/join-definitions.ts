import type { Definitions } from "../../definition/asset-source.ts";
import type { Config } from "../../definition/config.ts";
import { DefinitionError, type DefinitionProblem } from "../../definition/problem.ts";
import type { Schedule } from "../../definition/schedule.ts";
import type { Sensor } from "../../definition/sensor.ts";
import { targetNamesOf } from "../../definition/targets.ts";
import type { AssetGraph } from "../../graph/asset-graph.ts";
import { buildGraph } from "../../graph/build-graph.ts";
import { selectAssets } from "../../graph/selection.ts";

/** What a project defines, joined. */
export interface ScheduledDefinitions {
  readonly graph: AssetGraph;
  /** By name. */
  readonly schedules: readonly (Schedule | Sensor)[];
}

/**
 * Joins what a project defines into a graph and its schedules.
 *
 * @throws DefinitionError with every problem of both
 */
export function joinDefinitions(definitions: Definitions, config: Config): ScheduledDefinitions {
  const schedules = (definitions.schedules ?? []).toSorted((a, b) => (a.name < b.name ? -1 : 1));
  const problems = [...schedules.flatMap((each) => each.problems), ...nameProblems(schedules, config)];
  let graph: AssetGraph | undefined;
  try {
    graph = buildGraph(definitions);
    problems.push(...selectionProblems(schedules, graph));
  } catch (error) {
    if (!(error instanceof DefinitionError)) throw error;
    problems.unshift(...error.problems);
  }
  if (problems.length > 0 || graph === undefined) throw new DefinitionError(problems);
  return { graph, schedules };
}

function nameProblems(
  schedules: readonly (Schedule | Sensor)[],
  config: Config,
): readonly DefinitionProblem[] {
  const targetNames = targetNamesOf(config);
  return schedules.flatMap(({ kind, name, target }, index) => [
    ...(schedules[index - 1]?.name === name ? [{ message: `two schedules have the name ${name}` }] : []),
    ...(target === undefined || targetNames.includes(target)
      ? []
      : [{ message: `${kind} ${name}: no target ${target}; this project has ${targetNames.join(", ")}` }]),
  ]);
}

/** What a schedule selects can be said before it is asked for, but for what its assets' states will be. */
function selectionProblems(
  schedules: readonly (Schedule | Sensor)[],
  graph: AssetGraph,
): readonly DefinitionProblem[] {
  return schedules.flatMap((each) => {
    if (each.kind === "sensor") return [];
    try {
      const changes = { now: new Date(0), changedSince: () => new Set<never>() };
      selectAssets(graph, each.selection, { stateOf: () => new Set(), changes });
      return [];
    } catch (error) {
      if (!(error instanceof DefinitionError)) throw error;
      return error.problems.map((problem) => ({
        ...problem,
        message: `schedule ${each.name}: ${problem.message}`,
      }));
    }
  });
}
