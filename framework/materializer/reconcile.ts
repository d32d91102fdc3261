import type { AssetKey } from "../definition/asset-key.ts";
import { undoWriter } from "../lakehouse/undo-writer.ts";
import type { UnreconciledAttempt } from "../store/store.ts";
import type { RunRequest } from "./run-request.ts";

/**
 * Deals with attempts whose process died: their runs become `interrupted`, their leases are free, and what they had
 * written to their tables is taken back, so that the same work done again doubles nothing. Safe to be killed and
 * called again; another run that does the same at the same time does no harm, for a table goes back by compare-and-swap.
 *
 * The attempts were in no other way recorded: provenance, cursor and outcome come in one transaction after the table.
 *
 * @returns the assets whose attempts were dealt with
 */
export async function reconcile(
  { store, lakehouse }: Pick<RunRequest, "store" | "lakehouse">,
  now: string,
): Promise<ReadonlySet<AssetKey>> {
  store.interruptDeadRuns(now);
  const attempts = store.unreconciledAttempts();
  // Newest first: of several on one table each goes back to where the one before it stood.
  for (const attempt of attempts.toReversed()) {
    const how = await undo(attempt, lakehouse);
    store.markReconciled([attempt], how);
  }
  return new Set(attempts.map(({ key }) => key));
}

async function undo(
  { runId, key, partition, attempt, snapshotBefore }: UnreconciledAttempt,
  lakehouse: RunRequest["lakehouse"],
): Promise<"undone" | "kept"> {
  if (snapshotBefore === undefined) return "kept";
  const start = snapshotBefore === "" ? undefined : snapshotBefore;
  const how = await undoWriter(lakehouse, key, { writer: { runId, partition, attempt }, start });
  return how === "kept" ? "kept" : "undone";
}
