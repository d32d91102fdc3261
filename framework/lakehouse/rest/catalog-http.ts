import { type Failure, FailureError } from "../../event/failure.ts";
import type { Clock } from "../../util/clock.ts";
import type { Fetch } from "../../util/proxy.ts";
import { retryAfterMs } from "../../util/retry-after.ts";
import { CatalogError } from "../catalog/catalog-error.ts";
import { parseJson, writeJson } from "../catalog/json.ts";
import type { Authorization } from "./authorization.ts";
import { type Answer, exchange } from "./exchange.ts";

/**
 * How long an operation may take with its repetitions. DuckDB, and dbt with it, waits half a minute for the answer and
 * then takes a commit for failed that may still happen.
 */
const deadlineMs = 25_000;
const maxAttempts = 8;
const firstDelayMs = 100;
const maxDelayMs = 4_000;

/** What {@link CatalogHttp} works with. */
export interface CatalogHttpOptions {
  readonly authorization: Authorization;
  readonly clock: Clock;
  /** From 0 up to 1; spreads repetitions. */
  readonly random: () => number;
  readonly send: Fetch;
  /** Ends what is under way. */
  readonly signal: AbortSignal;
}

/** One request to a catalog. */
export interface CatalogRequest {
  readonly method: "GET" | "HEAD" | "POST" | "DELETE";
  readonly url: string;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

/**
 * Sends requests to an Iceberg REST catalog.
 *
 * Methods throw CatalogError for 400, 404, 406 and 409, else FailureError: `credentials-refused`, `rate-limited`,
 * `unreachable` (no answer, or one of 500 and above; a commit may have happened all the same), `bad-response`.
 */
export class CatalogHttp {
  private readonly options: CatalogHttpOptions;

  constructor(options: CatalogHttpOptions) {
    this.options = options;
  }

  /** Sends a request that may be repeated, until it is answered or time is up. Gives the answer's JSON. */
  async read(request: CatalogRequest): Promise<unknown> {
    return this.persistently(() => this.send(request));
  }

  /** Sends a request once; with a new token once more when the old one is refused. Gives the answer's JSON. */
  async send(request: CatalogRequest): Promise<unknown> {
    const answer = await this.exchange(request, false);
    if (answer.status !== 401 && answer.status !== 419) return contentOf(request, answer);
    return contentOf(request, await this.exchange(request, true));
  }

  /** Does work again, after a random wait whose bound doubles, while it fails in a way that may pass. */
  async persistently<T>(work: () => Promise<T>): Promise<T> {
    const { clock, random, signal } = this.options;
    const endMs = clock.now().getTime() + deadlineMs;
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await work();
      } catch (error) {
        if (!(error instanceof FailureError) || !error.failure.retryable || attempt === maxAttempts)
          throw error;
        const asked = error.failure.retryAfterMs ?? 0;
        const delayMs = asked + random() * Math.min(maxDelayMs, firstDelayMs * 2 ** attempt);
        if (clock.now().getTime() + delayMs > endMs) throw error;
        await clock.sleep(delayMs, signal);
      }
    }
  }

  private async exchange(request: CatalogRequest, isRefused: boolean): Promise<Answer> {
    const { authorization, signal, send } = this.options;
    const token = await authorization.token({ fresh: isRefused, signal });
    return exchange(request, {
      headers: {
        accept: "application/json",
        ...(request.body === undefined ? {} : { "content-type": "application/json" }),
        ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
        ...request.headers,
      },
      body: request.body === undefined ? undefined : writeJson(request.body),
      signal,
      send,
    });
  }
}

function contentOf(request: CatalogRequest, answer: Answer): unknown {
  const { status, text } = answer;
  if (status >= 400) throw refusal(request, answer);
  if (text === "") return undefined;
  try {
    return parseJson(text);
  } catch (error) {
    throw new FailureError(
      {
        reason: "bad-response",
        message: "the catalog's answer is no JSON",
        expected: "the JSON of Iceberg's REST specification",
        got: text.slice(0, 200),
        where: request.url,
        next: "check `uri`: it is what precedes /v1",
        retryable: false,
      },
      { cause: error },
    );
  }
}

function refusal(request: CatalogRequest, { status, text, retryAfter }: Answer): Error {
  const { type, message } = errorOf(text);
  if (status === 400 || status === 404 || status === 406 || status === 409) {
    return new CatalogError(status, type, message);
  }
  const delayMs = retryAfterMs(retryAfter, new Date());
  return new FailureError({
    ...meaningOf(status),
    got: `HTTP ${status} ${type}: ${message}`,
    where: request.url,
    ...(delayMs === undefined ? {} : { retryAfterMs: delayMs }),
  });
}

function meaningOf(status: number): Pick<Failure, "reason" | "message" | "retryable" | "next"> {
  if (status === 401 || status === 403 || status === 419) {
    return {
      reason: "credentials-refused",
      message: "the catalog refused the credentials",
      next:
        status === 403
          ? "grant the principal of the target's secret what it asks for"
          : "correct the secret that the target's `lakehouse.secret` names",
      retryable: false,
    };
  }
  const later = "run the same command again later; nothing is lost";
  if (status === 429)
    return {
      reason: "rate-limited",
      message: "the catalog asks to come back later",
      next: later,
      retryable: true,
    };
  if (status >= 500)
    return { reason: "unreachable", message: "the catalog failed to answer", next: later, retryable: true };
  return { reason: "bad-response", message: "the catalog refused the request", retryable: false };
}

/** What a body of the specification's `IcebergErrorResponse` says; or the body's beginning. */
function errorOf(text: string): { readonly type: string; readonly message: string } {
  try {
    const { error } = JSON.parse(text) as { error?: { type?: string; message?: string } };
    return { type: error?.type ?? "", message: error?.message ?? text.slice(0, 200) };
  } catch {
    return { type: "", message: text.slice(0, 200) };
  }
}
