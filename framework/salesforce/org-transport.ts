import type { HttpRequest, HttpResponse } from "jsforce/lib/types/common.js";
import { StreamPromise } from "jsforce/lib/util/promise.js";
import { PassThrough } from "node:stream";
import { FailureError } from "../event/failure.ts";
import { networkError, responseError } from "./response-failure.ts";

/** API calls of the org in the last 24 hours, as `Sforce-Limit-Info` says. */
export interface ApiUsage {
  readonly used: number;
  readonly limit: number;
}

/**
 * The transport below jsforce's connection. jsforce's own can't be aborted, sleeps through its retries without jitter,
 * hides `Retry-After` and hangs for ever when a response body breaks off (it pipes without watching for errors); this one
 * sends each request once, ends with the signal, and says what went wrong as a failure. Retries are the session's.
 */
export class OrgTransport {
  /** HTTP requests sent so far. */
  calls = 0;
  /** The server's clock at its last answer, whole seconds. */
  serverTime: Date | undefined;
  usage: ApiUsage | undefined;
  signal: AbortSignal;
  readonly #timeoutMs: number;
  readonly #refused = new WeakSet<HttpRequest>();

  constructor(options: { readonly signal: AbortSignal; readonly timeoutMs: number }) {
    this.signal = options.signal;
    this.#timeoutMs = options.timeoutMs;
  }

  httpRequest(request: HttpRequest): StreamPromise<HttpResponse> {
    return StreamPromise.create(() => ({ stream: new PassThrough(), promise: this.#send(request) }));
  }

  getRequestStreamCreator(): never {
    throw new Error("Internal error: expected no caller to stream a request");
  }

  async #send(request: HttpRequest): Promise<HttpResponse> {
    const where = request.url.split("?")[0] ?? request.url;
    this.signal.throwIfAborted();
    this.calls += 1;
    let isAnswered = false;
    let response: HttpResponse;
    try {
      const answer = await fetch(request.url, {
        method: request.method,
        headers: request.headers ?? {},
        body: typeof request.body === "string" ? request.body : null,
        redirect: "follow",
        signal: AbortSignal.any([this.signal, AbortSignal.timeout(this.#timeoutMs)]),
      });
      isAnswered = true;
      const headers = Object.fromEntries(answer.headers.entries());
      this.#note(headers);
      response = { statusCode: answer.status, headers, body: await answer.text() };
    } catch (error) {
      this.signal.throwIfAborted();
      throw networkError(error, { where, isAnswered, timeoutMs: this.#timeoutMs });
    }
    if (response.statusCode >= 400 && !this.#isJsforcesToHandle(request, response))
      throw responseError(response, where);
    return response;
  }

  #note(headers: Readonly<Record<string, string>>): void {
    const date = Date.parse(headers["date"] ?? "");
    if (Number.isFinite(date)) this.serverTime = new Date(date);
    const usage = /api-usage=(\d+)\/(\d+)/.exec(headers["sforce-limit-info"] ?? "");
    if (usage !== null) this.usage = { used: Number(usage[1]), limit: Number(usage[2]) };
  }

  /** A refused sign-in, and the first 401 of a request: jsforce refreshes the session and sends it again, endlessly. */
  #isJsforcesToHandle(request: HttpRequest, response: HttpResponse): boolean {
    if (/\/services\/(oauth2|Soap)\//.test(request.url))
      return response.statusCode < 500 && response.statusCode !== 429;
    if (response.statusCode !== 401) return false;
    if (this.#refused.has(request)) {
      throw new FailureError({
        reason: "credentials-refused",
        message: "Salesforce refused a session that it had just given",
        retryable: false,
        got: response.body.slice(0, 200),
        where: request.url.split("?")[0] ?? request.url,
        next: "check the IP ranges of the integration user's profile and its session settings",
      });
    }
    this.#refused.add(request);
    return true;
  }
}
