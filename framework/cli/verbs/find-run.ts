import { isAssetKey } from "../../definition/asset-key.ts";
import type { RunRecord } from "../../store/store.ts";
import type { OpenConfig } from "../project/open-project.ts";
import { UsageError } from "../usage-error.ts";

/** Finds a run by the whole or the unique beginning of its id. @throws UsageError when there is none */
export function findRun({ store }: Pick<OpenConfig, "store">, id: string): RunRecord {
  const run = store.run(id);
  if (run !== undefined) return run;
  const hint = isAssetKey(id) ? `moraine show ${id}` : "moraine runs";
  throw new UsageError(`no run ${id}, or more than one begins so`, hint);
}

/** A run as `--json` shows it. */
export function runJson(run: RunRecord) {
  return { ...run, finishedAt: run.finishedAt ?? null, resumes: run.resumes ?? null };
}
