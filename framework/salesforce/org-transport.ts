import { FailureError } from "../event/failure.ts";
import { createRedactor } from "../util/redact.ts";
import { fetchByProxy } from "../util/proxy.ts";
import type { HttpRequest, HttpResponse } from "./http-message.ts";
import { networkError, redirectionError, responseError } from "./response-failure.ts";

/** API calls of the org in the last 24 hours, as `Sforce-Limit-Info` says. */
export interface ApiUsage {
  readonly used: number;
  readonly limit: number;
}

/**
 * Sends each request once over Node's `fetch`, or through the proxy of the environment, ends with the signal, and says what
 * went wrong as a failure. Retries and the session's token are not known here.
 */
export class OrgTransport {
  /** HTTP requests sent so far. */
  calls = 0;
  /** The server's clock at its last answer, whole seconds. */
  serverTime: Date | undefined;
  usage: ApiUsage | undefined;
  signal: AbortSignal;
  /** Hides credentials in answers that refuse, for those may quote what was sent, and are told of in part. */
  readonly redactor = createRedactor();
  readonly #timeoutMs: number;
  readonly #fetch = fetchByProxy();

  constructor(options: { readonly signal: AbortSignal; readonly timeoutMs: number }) {
    this.signal = options.signal;
    this.#timeoutMs = options.timeoutMs;
  }

  /**
   * Sends one request.
   *
   * @throws FailureError `unreachable`, `timeout`, `bad-response` for an answer that breaks off or leads
   * elsewhere, and what its status means
   * @throws QueryInterrupted
   */
  async send(request: HttpRequest): Promise<HttpResponse> {
    const where = request.url.split("?")[0] ?? request.url;
    this.signal.throwIfAborted();
    this.calls += 1;
    let isAnswered = false;
    let response: HttpResponse;
    try {
      const answer = await this.#fetch(request.url, {
        method: request.method,
        headers: request.headers ?? {},
        body: request.body ?? null,
        // Followed, it would take the token, and in a sign-in the secret, to a place that nobody configured.
        redirect: "manual",
        signal: AbortSignal.any([this.signal, AbortSignal.timeout(this.#timeoutMs)]),
      });
      isAnswered = true;
      const headers = Object.fromEntries(answer.headers.entries());
      this.#note(headers);
      const body = await answer.text();
      response = { statusCode: answer.status, headers, body: answer.ok ? body : this.redactor.redact(body) };
    } catch (error) {
      this.signal.throwIfAborted();
      if (error instanceof FailureError) throw error;
      throw networkError(error, { where, isAnswered, timeoutMs: this.#timeoutMs });
    }
    if (response.statusCode >= 300 && response.statusCode < 400) throw redirectionError(response, where);
    if (response.statusCode >= 400 && request.reads?.(response.statusCode) !== true)
      throw responseError(response, where);
    return response;
  }

  #note(headers: Readonly<Record<string, string>>): void {
    const date = Date.parse(headers["date"] ?? "");
    if (Number.isFinite(date)) this.serverTime = new Date(date);
    const usage = /api-usage=(\d+)\/(\d+)/.exec(headers["sforce-limit-info"] ?? "");
    if (usage !== null) this.usage = { used: Number(usage[1]), limit: Number(usage[2]) };
  }
}
