import { isAssetKey } from "../../definition/asset-key.ts";
import { isDead } from "../../store/run-owner.ts";
import type { RunRecord, Store } from "../../store/store.ts";
import type { OpenConfig } from "../project/open-project.ts";
import { UsageError } from "../usage-error.ts";

/** Finds a run by the whole or the unique beginning of its id. @throws UsageError when there is none */
export function findRun({ store }: Pick<OpenConfig, "store">, id: string): RunRecord {
  const run = store.run(id);
  if (run !== undefined) return run;
  const hint = isAssetKey(id) ? `moraine show ${id}` : "moraine runs";
  throw new UsageError(`no run ${id}, or more than one begins so`, hint);
}

/** The run as it is now; one whose process is gone has become `interrupted`. */
export function runNow(store: Store, runId: string): RunRecord {
  const now = new Date().toISOString();
  const owner = store.runOwner(runId);
  // Looked at before the record is read: what a process records, it records while it lives.
  if (owner !== undefined && isDead(owner, now)) store.interruptDeadRuns(now);
  const run = store.run(runId);
  if (run === undefined) throw new UsageError(`run ${runId} has been pruned meanwhile`);
  return run;
}

/** A run as `--json` shows it. */
export function runJson(run: RunRecord) {
  return { ...run, finishedAt: run.finishedAt ?? null, resumes: run.resumes ?? null };
}
