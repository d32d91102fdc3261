import { fail } from "../../../event/failure.ts";
import { retryAfterMs } from "../../../util/retry-after.ts";
import { sendRequest } from "../../http/send-request.ts";

/** A request of ours to somebody's server. */
export interface HttpRequest {
  /** May be a secret: only its host is ever named. */
  readonly url: string;
  readonly method: "GET" | "POST";
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly signal: AbortSignal;
}

/**
 * Sends a request and waits for a 2xx answer; a redirection is none.
 *
 * @throws FailureError
 */
export async function request({ url, ...init }: HttpRequest): Promise<void> {
  if (!URL.canParse(url)) {
    fail({
      reason: "bad-response",
      message: "the URL that the secret holds is none",
      retryable: false,
      expected: "an http or https URL",
      next: "correct the secret, then moraine alerts test",
    });
  }
  const address = new URL(url);
  const response = await sendRequest(address, init);
  if (!response.ok) refuse(response, address.host);
}

function refuse({ status, headers }: Response, host: string): never {
  const got = `HTTP ${status}`;
  if (status === 429) {
    const delayMs = retryAfterMs(headers.get("retry-after"), new Date()) ?? 0;
    fail({
      reason: "rate-limited",
      message: `${host} takes no more messages at present`,
      retryable: true,
      got,
      where: host,
      ...(delayMs > 0 ? { retryAfterMs: delayMs } : {}),
    });
  }
  if (status === 401 || status === 403) {
    fail({
      reason: "credentials-refused",
      message: `${host} refused the message`,
      // Once more with the secret read anew.
      retryable: true,
      got,
      where: host,
      next: "renew the secret, then moraine alerts test",
    });
  }
  fail({
    reason: status >= 500 || status === 408 ? "unreachable" : "bad-response",
    message: `${host} did not take the message`,
    retryable: status >= 500 || status === 408,
    expected: "HTTP 2xx",
    got,
    where: host,
    ...(status >= 300 && status < 500 ? { next: "correct the channel's URL, then moraine alerts test" } : {}),
  });
}
