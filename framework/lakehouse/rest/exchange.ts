import { FailureError } from "../../event/failure.ts";
import { fetchFailureText } from "../../util/fetch-failure.ts";
import type { Fetch } from "../../util/proxy.ts";
import { createRedactor, type Redactor } from "../../util/redact.ts";

const requestTimeoutMs = 20_000;

/** An answer of an HTTP server, whatever its status. */
export interface Answer {
  readonly status: number;
  readonly text: string;
  readonly retryAfter: string | null;
}

/**
 * One exchange whatever the status. An answer that refuses may quote what was sent: the token and the client's secret are
 * hidden in it.
 *
 * @throws FailureError `unreachable` when there is no answer
 */
export async function exchange(
  request: { readonly method: "GET" | "HEAD" | "POST" | "DELETE"; readonly url: string },
  message: {
    readonly headers: Readonly<Record<string, string>>;
    readonly body: string | undefined;
    readonly signal: AbortSignal | undefined;
    readonly send: Fetch;
  },
): Promise<Answer> {
  const timeout = AbortSignal.timeout(requestTimeoutMs);
  const signal = message.signal === undefined ? timeout : AbortSignal.any([message.signal, timeout]);
  try {
    const response = await message.send(request.url, {
      method: request.method,
      headers: message.headers,
      ...(message.body === undefined ? {} : { body: message.body }),
      signal,
    });
    const text = await response.text();
    const told = response.ok ? text : redactorOf(message).redact(text);
    return { status: response.status, text: told, retryAfter: response.headers.get("retry-after") };
  } catch (error) {
    if (message.signal?.aborted === true) throw error;
    throw new FailureError(
      {
        reason: "unreachable",
        message: timeout.aborted
          ? `the catalog did not answer within ${requestTimeoutMs / 1000} s`
          : "the catalog can't be reached",
        got: fetchFailureText(error),
        where: request.url,
        next: "check `uri` and the network, then run the same command again",
        retryable: true,
      },
      { cause: error },
    );
  }
}

function redactorOf(message: {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | undefined;
}): Redactor {
  const redactor = createRedactor();
  redactor.add(/^bearer (.+)$/i.exec(message.headers["authorization"] ?? "")?.[1] ?? "");
  if (message.headers["content-type"] === "application/x-www-form-urlencoded")
    redactor.add(new URLSearchParams(message.body).get("client_secret") ?? "");
  return redactor;
}
