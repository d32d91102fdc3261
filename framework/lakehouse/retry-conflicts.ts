import { FailureError } from "../event/failure.ts";
import type { Clock } from "../util/clock.ts";

/** How often a commit is tried before its conflict is reported. */
const maxAttempts = 8;
const firstDelayMs = 20;
const maxDelayMs = 1_000;

/** Runs work again when another writer committed first, after a random wait whose bound doubles each time. */
export async function retryConflicts<T>(
  work: () => Promise<T>,
  options: {
    readonly clock: Clock;
    readonly random: () => number;
    readonly signal?: AbortSignal | undefined;
  },
): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await work();
    } catch (error) {
      if (!isCommitConflict(error) || attempt === maxAttempts) throw error;
    }
    const bound = Math.min(maxDelayMs, firstDelayMs * 2 ** attempt);
    await options.clock.sleep(options.random() * bound, options.signal);
  }
}

/** Whether a failure says that somebody else committed first. */
function isCommitConflict(error: unknown): boolean {
  return error instanceof FailureError && error.failure.reason === "commit-conflict";
}
