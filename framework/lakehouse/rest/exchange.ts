import { FailureError } from "../../event/failure.ts";

const requestTimeoutMs = 20_000;

/** An answer of an HTTP server, whatever its status. */
export interface Answer {
  readonly status: number;
  readonly text: string;
  readonly retryAfter: string | null;
}

/** One exchange whatever the status. @throws FailureError `unreachable` when there is no answer */
export async function exchange(
  request: { readonly method: "GET" | "HEAD" | "POST" | "DELETE"; readonly url: string },
  message: {
    readonly headers: Readonly<Record<string, string>>;
    readonly body: string | undefined;
    readonly signal: AbortSignal | undefined;
  },
): Promise<Answer> {
  const timeout = AbortSignal.timeout(requestTimeoutMs);
  const signal = message.signal === undefined ? timeout : AbortSignal.any([message.signal, timeout]);
  try {
    const response = await fetch(request.url, {
      method: request.method,
      headers: message.headers,
      ...(message.body === undefined ? {} : { body: message.body }),
      signal,
    });
    const text = await response.text();
    return { status: response.status, text, retryAfter: response.headers.get("retry-after") };
  } catch (error) {
    if (message.signal?.aborted === true) throw error;
    throw new FailureError(
      {
        reason: "unreachable",
        message: timeout.aborted
          ? `the catalog did not answer within ${requestTimeoutMs / 1000} s`
          : "the catalog can't be reached",
        got: reasonOf(error),
        where: request.url,
        next: "check `uri` and the network, then run the same command again",
        retryable: true,
      },
      { cause: error },
    );
  }
}

/** `fetch` says only that it failed; its cause says why. */
function reasonOf(error: unknown): string {
  const cause = error instanceof Error ? (error.cause ?? error) : error;
  return cause instanceof Error ? cause.message || cause.name : String(cause);
}
