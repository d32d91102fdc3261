import type { RunRequest, RunSummary } from "./run-request.ts";
import { RunSession } from "./run-session.ts";
import { RunWalk } from "./run-walk.ts";

/**
 * Runs what is stale among the selected assets, in topological order, and records it.
 *
 * Failures of assets are outcomes, never thrown. An asset is asked again when its upstreams are done, so what comes
 * out unchanged stops there.
 *
 * @throws StoreError when the store can't be written, FailureError `lake-unreadable` when the lake can't be opened
 */
export async function materialize(request: RunRequest): Promise<RunSummary> {
  const session = new RunSession(request);
  try {
    await session.open();
    return await new RunWalk(session).run();
  } catch (error) {
    session.abandon();
    throw error;
  } finally {
    session.close();
  }
}
