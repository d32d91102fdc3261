import type { RetryPolicy } from "../definition/asset.ts";
import type { Failure } from "../event/failure.ts";

/**
 * How long to wait before the next attempt, milliseconds: exponential with full jitter, so that many clients that
 * failed together do not come back together. A server's `Retry-After` is a lower bound.
 *
 * @param attempt the attempt that failed, from 1
 * @param random a number in [0, 1)
 */
export function backoffMs(policy: RetryPolicy, attempt: number, failure: Failure, random: number): number {
  const bound = Math.min(policy.maxDelayMs, policy.baseDelayMs * 2 ** (attempt - 1));
  return Math.max(Math.round(random * bound), failure.retryAfterMs ?? 0);
}
