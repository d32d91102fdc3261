import { type Unit, unitId } from "../../definition/unit.ts";
import { PartitionGraph } from "../../graph/partition-graph.ts";
import { failedUnits, type PastRun, readPastRun, unfinishedUnits } from "../../materializer/past-run.ts";
import { rollbackWord } from "../../materializer/roll-back.ts";
import type { AskedFor } from "../../materializer/run-request.ts";
import { countOf, someOf } from "../../tui/words/numbers.ts";
import type { OpenProject } from "../project/open-project.ts";
import { UsageError } from "../usage-error.ts";
import { findRun } from "./find-run.ts";

/** What `runs resume` runs: all that the run has left. @throws UsageError when that can't be done */
export function resumeOf(project: OpenProject, id: string): AskedFor {
  const past = pastRunOf(project, id, (runId) => `moraine runs resume ${runId}`);
  return new Present(project).askedAgain(past, unfinishedUnits(past));
}

/** What `materialize --retry` runs: what failed, and what waited for it. @throws UsageError when that can't be done */
export function retryOf(project: OpenProject, id: string): AskedFor {
  const past = pastRunOf(project, id, (runId) => `moraine materialize --retry ${runId}`);
  const present = new Present(project);
  const units = failedUnits(past, present.partitionGraph, (unit) => present.has(unit));
  if (units.length > 0) return present.askedAgain(past, units);
  throw new UsageError(
    `nothing of run ${past.run.id} is left that failed or was skipped`,
    unfinishedUnits(past).length > 0 ? `moraine runs resume ${past.run.id}` : again(past.run.selection),
  );
}

/** Reads the run back, and refuses one that can't be gone on with. */
function pastRunOf(project: OpenProject, id: string, command: (runId: string) => string): PastRun {
  const { store, targetName } = project;
  // One whose process was killed does not work any more, whatever its record says.
  store.interruptDeadRuns(new Date().toISOString());
  const run = findRun(project, id);
  if (run.target !== targetName) {
    throw new UsageError(
      `run ${run.id} is one of target ${run.target}, and this is ${targetName}`,
      `${command(run.id)} --target ${run.target}`,
    );
  }
  const past = readPastRun(store, run);
  if (past === undefined) {
    throw new UsageError(
      `the events of run ${run.id} have been pruned, and with them what it was asked for`,
      again(run.selection),
    );
  }
  const working = [run, ...past.later].find(({ status }) => status === "running");
  if (working !== undefined) {
    throw new UsageError(
      working === run ? `run ${run.id} still works` : `run ${working.id} goes on with it and still works`,
      `moraine logs ${working.id} --follow, or moraine runs cancel ${working.id}`,
    );
  }
  if (run.selection.startsWith(`${rollbackWord} `))
    throw new UsageError(
      `run ${run.id} is a rollback, which is not gone on with`,
      `moraine ${run.selection}`,
    );
  if (past.units.length === 0 && /^check( |$)/.test(run.selection))
    throw new UsageError(`run ${run.id} had no assets: it only ran checks`, `moraine ${run.selection}`);
  if (run.status === "succeeded")
    throw new UsageError(`run ${run.id} succeeded: nothing of it is left`, again(run.selection));
  return past;
}

/** The project's units at present. */
class Present {
  readonly partitionGraph: PartitionGraph;
  readonly #project: OpenProject;

  constructor(project: OpenProject) {
    this.#project = project;
    this.partitionGraph = new PartitionGraph(project.graph, new Date());
  }

  has({ key, partition }: Unit): boolean {
    if (!this.#project.graph.has(key)) return false;
    const set = this.partitionGraph.set(key);
    return set === undefined ? partition === "" : set.has(partition);
  }

  /** The request for some units of a past run. @throws UsageError when some are not there any more */
  askedAgain({ run, forced }: PastRun, units: readonly Unit[]): AskedFor {
    const gone = units.filter((unit) => !this.has(unit));
    if (gone.length > 0) {
      const keys = [...new Set(units.filter((unit) => this.has(unit)).map(({ key }) => key))];
      throw new UsageError(
        `run ${run.id} has ${countOf(gone.length, "asset")} left that the project no longer has: ${someOf(gone.map(unitId))}`,
        again(keys.length <= 8 ? keys.join(" ") : run.selection),
      );
    }
    const partitions = new Map(units.map(({ key }) => [key, [] as string[]]));
    for (const { key, partition } of units) partitions.get(key)?.push(partition);
    const keys = [...partitions.keys()];
    return {
      keys,
      partitions: { type: "named", keys: partitions },
      forced: new Set(keys.filter((key) => forced.has(key))),
      selection: run.selection,
      tags: run.tags,
      resumes: run.id,
    };
  }
}

function again(selection: string): string {
  return `moraine materialize ${selection}`.trimEnd();
}
