import type { AssetKey } from "../definition/asset-key.ts";
import type { Batch } from "../definition/batch.ts";
import type { Outcome } from "../event/event.ts";
import type { Failure } from "../event/failure.ts";
import { backoffMs } from "./backoff.ts";
import { BatchInvocation, type BatchMember } from "./batch-invocation.ts";
import type { RunSession } from "./run-session.ts";

/**
 * Runs contiguous assets of one batch in one invocation and records each one's outcome. What failed retryably, and
 * what was skipped because of it, goes into another invocation.
 *
 * @param members in topological order
 */
export async function runBatch(
  session: RunSession,
  batch: Batch,
  members: readonly BatchMember[],
): Promise<ReadonlyMap<AssetKey, Outcome>> {
  const outcomes = new Map<AssetKey, Outcome>();
  let left = members;
  for (let number = 1; left.length > 0; number++) {
    const ends = await new BatchInvocation(session, batch, left, number).run();
    const retries = new Map<AssetKey, Failure>();
    for (const [key, end] of ends) {
      if ("retry" in end) retries.set(key, end.retry);
      else outcomes.set(key, end.outcome);
    }
    const [first] = retries;
    if (first === undefined) break;
    left = left.filter((member) => retries.has(member.key));
    const [key, failure] = first;
    // Cancelled meanwhile: the next invocation reports every member so.
    await session.pause(backoffMs(session.graph.asset(key).retry, number, failure, Math.random()));
  }
  return outcomes;
}
