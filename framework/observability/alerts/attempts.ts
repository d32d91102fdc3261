import { type Failure, FailureError } from "../../event/failure.ts";
import type { Clock } from "../../util/clock.ts";

/** What trying something outside needs. */
export interface AttemptOptions {
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** Hides secrets in everything that is stored, shown or sent. */
  readonly redact: (text: string) => string;
}

/** How often something is tried at once, before it waits for the next look. */
export const attemptsAtOnce = 2;
/** How long one attempt takes at the most, unless the config says so. */
export const defaultTimeoutMs = 10_000;
/** A server that wants us to wait for longer is asked again by the next look. */
export const longestPauseMs = 5_000;
const pauseMs = 1_000;

/**
 * Does something outside, once more where that may help. Never throws.
 *
 * @param work `fresh`: read secrets anew, for one may have been rotated
 * @returns why it could not be done, without secrets
 */
export async function attempt(
  options: AttemptOptions & { readonly timeoutMs?: number },
  work: (how: { readonly signal: AbortSignal; readonly fresh: boolean }) => Promise<void>,
): Promise<Failure | null> {
  const { clock, signal, redact } = options;
  for (let tries = 1; ; tries++) {
    const failure = await attemptOnce(options, (limited) => work({ signal: limited, fresh: tries > 1 }));
    if (failure === null) return null;
    const waitMs = failure.retryAfterMs ?? pauseMs;
    if (!failure.retryable || tries === attemptsAtOnce || waitMs > longestPauseMs || signal.aborted)
      return redacted(failure, redact);
    await clock.sleep(waitMs, signal).catch(() => {});
  }
}

async function attemptOnce(
  options: Parameters<typeof attempt>[0],
  work: (signal: AbortSignal) => Promise<void>,
): Promise<Failure | null> {
  const { signal, timeoutMs = defaultTimeoutMs } = options;
  const timeout = AbortSignal.timeout(timeoutMs);
  try {
    await work(AbortSignal.any([signal, timeout]));
    return null;
  } catch (error) {
    if (error instanceof FailureError) return error.failure;
    if (signal.aborted) return { reason: "cancelled", message: "it was cancelled", retryable: true };
    if (timeout.aborted)
      return { reason: "timeout", message: `no answer in ${timeoutMs / 1000} s`, retryable: true };
    // A bug in a channel must not keep the others from being told.
    const got = error instanceof Error ? error.message : String(error);
    return { reason: "bad-response", message: "the channel failed", retryable: false, got };
  }
}

function redacted(failure: Failure, redact: (text: string) => string): Failure {
  const texts = Object.entries(failure).map(([name, value]) => [
    name,
    typeof value === "string" ? redact(value) : (value as unknown),
  ]);
  return Object.fromEntries(texts) as Failure;
}
