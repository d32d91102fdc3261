import type { BrokenRun } from "../../../store/alerts/alert-records.ts";
import type { Found } from "../found.ts";
import { type RuleInForce, severityOf } from "../rules-in-force.ts";
import { type AlertWorld, toldFailure } from "../world.ts";

/**
 * Runs that failed or lost their process, until a run of the same selection succeeds or everything that they were to make
 * has been good since. A run of checks alone has no assets: its checks tell of themselves.
 */
export function brokenRuns(world: AlertWorld, by: RuleInForce): readonly Found[] {
  return world
    .brokenRuns()
    .filter((run) => run.keys.some((key) => by.keys.has(key)) && !isMadeGood(world, run))
    .map((run) => ({
      by,
      rule: by.name,
      subject: run.selection,
      severity: severityOf(by, "critical"),
      since: run.finishedAt ?? run.startedAt,
      owners: world.owners(run.failed.length > 0 ? run.failed.map(({ key }) => key) : run.keys),
      facts: {
        type: "run-failed",
        runId: run.id,
        status: run.status,
        trigger: run.trigger,
        selection: run.selection,
        failed: run.failed.map(({ key, failure }) => ({ key, runId: run.id, failure: toldFailure(failure) })),
        skipped: run.skipped,
      },
    }));
}

function isMadeGood(world: AlertWorld, run: BrokenRun): boolean {
  const keys = run.keys.filter((key) => world.graph.has(key));
  const good = world.knownGood(keys);
  return keys.every((key) => (good.get(key) ?? "") >= run.startedAt);
}
