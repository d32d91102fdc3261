import type { AssetKey } from "../definition/asset-key.ts";
import { FailureError } from "../event/failure.ts";
import type { Lakehouse, Snapshot } from "./lakehouse.ts";
import { type Writer, writerOf } from "./writer.ts";

/**
 * Snapshots of a branch that were committed after one of them (undefined: since the table had none), newest first.
 * Undefined when that one is no longer on the branch: somebody restored an earlier state, or it has expired.
 *
 * @param history newest first, as {@link Lakehouse.history} gives it
 */
export function snapshotsAfter(
  history: readonly Snapshot[],
  start: string | undefined,
): readonly Snapshot[] | undefined {
  if (start === undefined) return history;
  const index = history.findIndex((snapshot) => snapshot.id === start);
  return index < 0 ? undefined : history.slice(0, index);
}

/**
 * Takes back what one attempt committed to a table after the snapshot `start` (undefined: the table had none):
 * `undone`; or `nothing`, when the table holds what it held; or `kept`, when somebody else committed to it as well, the
 * lake can't restore, or `start` is gone. Compacting meanwhile changed nothing, and goes with what it compacted. Safe to
 * call again, also after being killed.
 */
export async function undoWriter(
  lakehouse: Lakehouse,
  key: AssetKey,
  options: { readonly writer: Writer; readonly start: string | undefined },
): Promise<"nothing" | "undone" | "kept"> {
  const { writer, start } = options;
  const history = await lakehouse.history(key);
  const made = snapshotsAfter(history, start)?.filter(({ operation }) => operation !== "replace");
  if (made?.length === 0) return "nothing";
  if (made === undefined || !lakehouse.canRestore) return "kept";
  if (!made.every((snapshot) => isBy(snapshot, writer))) return "kept";
  try {
    await lakehouse.restore(key, { from: history[0]?.id, to: start });
    return "undone";
  } catch (error) {
    // Somebody was quicker: the same undone by another process, or another write. Which one, the table tells.
    if (error instanceof FailureError && error.failure.reason === "commit-conflict")
      return undoWriter(lakehouse, key, options);
    throw error;
  }
}

function isBy(snapshot: Snapshot, { runId, partition, attempt }: Writer): boolean {
  const by = writerOf(snapshot);
  return by?.runId === runId && by.partition === partition && by.attempt === attempt;
}
