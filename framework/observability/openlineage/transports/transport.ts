import type { Failure } from "../../../event/failure.ts";

/** A try at one event. */
export interface Try {
  /** How long an answer may take. */
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

/** A way to tell somebody. */
export interface Transport {
  /**
   * Tells one event, given as JSON.
   *
   * @returns null when it arrived; a `retryable` failure when it may the next time, another one when this event never will
   * @throws the signal's reason when it aborts
   */
  send(event: string, how: Try): Promise<Failure | null>;
}
