import type { AlertMessage } from "../../../event/alert.ts";

/** Where messages go. */
export interface Channel {
  /**
   * Delivers a message.
   *
   * @param options `fresh`: read secrets anew, for one may have been rotated
   * @throws FailureError `retryable` when the same may succeed a moment later
   */
  send(
    message: AlertMessage,
    options: { readonly signal: AbortSignal; readonly fresh: boolean },
  ): Promise<void>;
}
