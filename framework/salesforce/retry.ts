import { type Failure, FailureError } from "../event/failure.ts";
import type { Clock } from "../util/clock.ts";

/** Tries of one HTTP request; what still fails then is the asset's to retry. */
const maxAttempts = 5;
const baseDelayMs = 500;
const maxDelayMs = 20_000;

/** Longest wait before the attempt with this number (1: the first retry) goes out, milliseconds; doubles from half a second. */
export function longestDelayMs(retry: number): number {
  return Math.min(maxDelayMs, baseDelayMs * 2 ** (retry - 1));
}

/**
 * Repeats a request while its failure is retryable and `mayRepeat` agrees, with full jitter, never earlier than
 * `Retry-After`. A
 * server that wants to be left alone for longer than this waits is obeyed by giving up.
 */
export async function withRetries<T>(
  run: () => Promise<T>,
  options: {
    readonly clock: Clock;
    readonly signal: AbortSignal;
    /** 0 to 1. @default Math.random */
    readonly random?: () => number;
    /** Whether the request may be sent again after this failure. @default always, as fits one that changes nothing */
    readonly mayRepeat?: (failure: Failure) => boolean;
    readonly onRetry: (failure: Failure, delayMs: number) => void;
  },
): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await run();
    } catch (error) {
      if (!(error instanceof FailureError) || !error.failure.retryable || attempt === maxAttempts)
        throw error;
      if (options.mayRepeat?.(error.failure) === false) throw error;
      const asked = error.failure.retryAfterMs ?? 0;
      if (asked > maxDelayMs) throw error;
      const delayMs = asked + (options.random ?? Math.random)() * longestDelayMs(attempt);
      options.onRetry(error.failure, delayMs);
      await options.clock.sleep(delayMs, options.signal);
    }
  }
}
