import { promisify } from "node:util";
import { gzip } from "node:zlib";
import type { HttpTransport } from "../../../definition/open-lineage.ts";
import { type Failure, FailureError } from "../../../event/failure.ts";
import type { Transport, Try } from "./transport.ts";

const compress = promisify(gzip);

/** What an answer says of the event itself: it is not what the server takes, and never will be. */
const refusals = new Set([400, 413, 415, 422]);

/**
 * Posts each event to a server. An answer that says that the event is wrong refuses that event; everything else (no
 * answer, 5xx, 429, a wrong address or key) keeps the events until it is mended.
 *
 * @param readKey reads the key; `fresh`: it may have been rotated. Throws FailureError
 */
export function httpTransport(
  { url, endpoint = "api/v1/lineage", compression }: HttpTransport,
  readKey: ((options: { readonly fresh: boolean }) => Promise<string>) | undefined,
): Transport {
  const address = new URL(`${url.replace(/\/+$/, "")}/${endpoint.replace(/^\/+/, "")}`);
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
        await answer.body?.cancel();
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
    // A redirection is no success: it would take the key to a place that nobody configured.
    const body = typeof request.body === "string" ? request.body : new Uint8Array(request.body);
    return await fetch(address, {
      method: "POST",
      headers: request.headers,
      body,
      redirect: "manual",
      signal: AbortSignal.any([signal, timeout]),
    });
  } catch (error) {
    signal.throwIfAborted();
    if (timeout.aborted)
      return {
        reason: "timeout",
        message: `${host} did not answer within ${timeoutMs} ms`,
        retryable: true,
        where: host,
      };
    const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
    const got = cause instanceof Error ? cause.message : String(cause);
    return { reason: "unreachable", message: `${host} can't be reached`, retryable: true, got, where: host };
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
    const retryAfterMs = retryAfter(headers.get("retry-after"));
    return {
      ...common,
      reason: status === 429 ? "rate-limited" : "unreachable",
      message: `${host} takes no more at present`,
      retryable: true,
      ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
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

/** `Retry-After` is a number of seconds or a date. */
function retryAfter(text: string | null): number | undefined {
  if (text === null) return undefined;
  const ms = /^\d+$/.test(text.trim()) ? Number(text) * 1_000 : Date.parse(text) - Date.now();
  return ms > 0 ? ms : undefined;
}
