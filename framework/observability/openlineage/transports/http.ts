import { promisify } from "node:util";
import { gzip } from "node:zlib";
import type { HttpTransport } from "../../../definition/open-lineage.ts";
import { type Failure, FailureError } from "../../../event/failure.ts";
import { retryAfterMs } from "../../../util/retry-after.ts";
import { sendRequest } from "../../http/send-request.ts";
import type { Transport, Try } from "./transport.ts";

const compress = promisify(gzip);

/** What an answer says of the event itself: it is not what the server takes, and never will be. */
const refusals = new Set([400, 413, 415, 422]);

/** The address that events are posted to. */
export function addressOf({ url, endpoint = "api/v1/lineage" }: HttpTransport): string {
  return `${url.replace(/\/+$/, "")}/${endpoint.replace(/^\/+/, "")}`;
}

/**
 * Posts each event to a server. An answer that says that the event is wrong refuses that event; everything else (no
 * answer, 5xx, 429, a wrong address or key) keeps the events until it is mended.
 *
 * @param readKey reads the key; `fresh`: it may have been rotated. Throws FailureError
 */
export function httpTransport(
  config: HttpTransport,
  readKey: ((options: { readonly fresh: boolean }) => Promise<string>) | undefined,
): Transport {
  const address = new URL(addressOf(config));
  const { compression } = config;
  let isFresh = false;
  let key: string | undefined;
  return {
    async send(event, how) {
      try {
        if (readKey !== undefined) key ??= await readKey({ fresh: isFresh });
      } catch (error) {
        if (error instanceof FailureError) return { ...error.failure, retryable: true };
        throw error;
      }
      const body = compression === undefined ? event : await compress(event);
      const headers = {
        "content-type": "application/json",
        ...(compression === undefined ? {} : { "content-encoding": compression }),
        ...(key === undefined ? {} : { authorization: `Bearer ${key}` }),
      };
      const answer = await post(address, { headers, body }, how);
      if (answer instanceof Response) {
        if (answer.status === 401) [key, isFresh] = [undefined, true];
        return answer.ok ? null : failureOf(answer, address);
      }
      return answer;
    },
  };
}

async function post(
  address: URL,
  request: { readonly headers: Record<string, string>; readonly body: string | Buffer },
  { signal, timeoutMs }: Try,
): Promise<Response | Failure> {
  const timeout = AbortSignal.timeout(timeoutMs);
  const { host } = address;
  try {
    const body = typeof request.body === "string" ? request.body : new Uint8Array(request.body);
    return await sendRequest(address, {
      method: "POST",
      headers: request.headers,
      body,
      signal: AbortSignal.any([signal, timeout]),
    });
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof FailureError) return error.failure;
    if (!timeout.aborted) throw error;
    const message = `${host} did not answer within ${timeoutMs} ms`;
    return { reason: "timeout", message, retryable: true, where: host };
  }
}

function failureOf({ status, headers }: Response, { host, pathname }: URL): Failure {
  const common = { got: `HTTP ${status}`, expected: "HTTP 2xx", where: `${host}${pathname}` };
  if (refusals.has(status))
    return { ...common, reason: "bad-response", message: `${host} refused the event`, retryable: false };
  if (status === 401 || status === 403)
    return {
      ...common,
      reason: "credentials-refused",
      message: `${host} refused the key`,
      retryable: true,
      next: "renew the key of the transport, then moraine openlineage send",
    };
  if (status === 429 || status === 503) {
    const delayMs = retryAfterMs(headers.get("retry-after"), new Date()) ?? 0;
    return {
      ...common,
      reason: status === 429 ? "rate-limited" : "unreachable",
      message: `${host} takes no more at present`,
      retryable: true,
      ...(delayMs > 0 ? { retryAfterMs: delayMs } : {}),
    };
  }
  return {
    ...common,
    reason: status >= 500 || status === 408 ? "unreachable" : "bad-response",
    message: `${host} did not take the event`,
    retryable: true,
    ...(status < 500 && status !== 408
      ? { next: "correct the transport's url or endpoint, then moraine openlineage send" }
      : {}),
  };
}
