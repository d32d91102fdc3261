import { Connection } from "jsforce/lib/connection.js";
import { HttpApi } from "jsforce/lib/http-api.js";
import type { HttpMethods, HttpResponse } from "jsforce/lib/types/common.js";
import type * as z from "zod";
import { type Failure, fail, FailureError } from "../event/failure.ts";
import type { LogLevel } from "../event/event.ts";
import type { Secret, SecretProvider } from "../secrets/secret-provider.ts";
import type { Clock } from "../util/clock.ts";
import { canonicalJson } from "../util/hash.ts";
import { authorize } from "./authorize.ts";
import type { Grant } from "./grant.ts";
import { OrgTransport } from "./org-transport.ts";
import { withRetries } from "./retry.ts";

/** How to reach one org. */
export interface SessionOptions {
  readonly secrets: SecretProvider;
  /** Name of the secret that holds the credentials. */
  readonly secretName: string;
  /** `64.0` @default "64.0" */
  readonly apiVersion?: string;
  /** Over what the secret says. */
  readonly auth?: Grant | undefined;
  /** One HTTP request, milliseconds. @default 120_000 */
  readonly requestTimeoutMs?: number;
  /** Stop when this share of the day's API calls is used, 0 to 1. @default 0.9 */
  readonly dailyCallsShare?: number;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  log(message: string, level?: LogLevel): void;
}

/** One request to the org, its path below `/services/data/v64.0/` or absolute from the instance. */
export interface OrgRequest {
  readonly method: HttpMethods;
  readonly path: string;
  readonly body?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** A whole answer; header names in lower case. */
export interface OrgResponse {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** A signed-in connection: jsforce keeps the session, we decide about failures, retries and the budget. */
export class Session {
  readonly options: SessionOptions;
  readonly transport: OrgTransport;
  readonly #connection: Connection;
  #signInFailure: unknown;

  private constructor(options: SessionOptions) {
    this.options = options;
    this.transport = new OrgTransport({
      signal: options.signal,
      timeoutMs: options.requestTimeoutMs ?? 120_000,
    });
    this.#connection = new Connection({
      version: options.apiVersion ?? "64.0",
      logLevel: "NONE",
      refreshFn: (_connection, callback) => void this.#refresh(callback),
    });
    // jsforce has no other way to be given a transport.
    // oxlint-disable-next-line no-underscore-dangle
    this.#connection._transport = this.transport;
    // oxlint-disable-next-line no-underscore-dangle
    this.#connection.oauth2._transport = this.transport;
  }

  /**
   * Signs in.
   *
   * @throws FailureError `missing-secret`, `credentials-refused`, `unreachable`, `rate-limited`, `timeout`, `bad-response`
   */
  static async open(options: SessionOptions): Promise<Session> {
    const session = new Session(options);
    await session.#signIn();
    return session;
  }

  /** The instance that answers, for messages. */
  get instanceUrl(): string {
    return this.#connection.instanceUrl;
  }

  /** Sends one request; GET, HEAD and DELETE are tried again when that may help. */
  async send(request: OrgRequest): Promise<OrgResponse> {
    const isIdempotent = request.method !== "POST" && request.method !== "PATCH";
    return isIdempotent ? this.#retrying(() => this.sendOnce(request)) : this.sendOnce(request);
  }

  /** Sends one request and reads its JSON; an answer cut short or of another shape is asked for again. */
  async json<T>(request: OrgRequest, schema: z.ZodType<T>): Promise<T> {
    const read = async () => {
      const { body } = await this.sendOnce(request);
      return parseAnswer(body, schema, `${this.instanceUrl} ${request.path.split("?")[0] ?? ""}`);
    };
    return request.method === "POST" ? read() : this.#retrying(read);
  }

  /** Sends one request, once. */
  async sendOnce(request: OrgRequest): Promise<OrgResponse> {
    this.#checkBudget();
    const { instanceUrl, version } = this.#connection;
    const url = request.path.startsWith("/")
      ? instanceUrl + request.path
      : `${instanceUrl}/services/data/v${version}/${request.path}`;
    // As plain text: jsforce would hand on what it can't parse as if it were the answer.
    const api = new HttpApi(this.#connection, { responseType: "text/plain" });
    let response: HttpResponse | undefined;
    api.on("response", (answer: HttpResponse) => (response = answer));
    this.#signInFailure = undefined;
    try {
      await api.request<string>({
        method: request.method,
        url,
        headers: { ...request.headers },
        ...(request.body === undefined ? {} : { body: request.body }),
      });
    } catch (error) {
      throw this.#signInFailure ?? error;
    }
    if (response === undefined)
      throw new Error("Internal error: expected an answer or an error, got neither");
    return { headers: response.headers, body: response.body };
  }

  /** Called by jsforce after a 401, while it holds all requests back. */
  async #refresh(callback: (error: Error | null, accessToken?: string) => unknown): Promise<void> {
    let refusal: Error | null = null;
    try {
      await this.#signIn();
    } catch (error) {
      // jsforce keeps only the message; the failure itself is thrown by sendOnce().
      this.#signInFailure = error;
      refusal = error instanceof Error ? error : new Error(String(error));
    }
    callback(refusal, this.#connection.accessToken ?? "");
  }

  async #signIn(): Promise<void> {
    const { secrets, secretName, signal } = this.options;
    const secret = await secrets.get(secretName, { signal });
    try {
      await this.#authorize(secret);
    } catch (error) {
      if (!(error instanceof FailureError) || error.failure.reason !== "credentials-refused") throw error;
      const fresh = await secrets.get(secretName, { signal, fresh: true });
      // The same credentials again could only lock the account.
      if (canonicalJson(fresh) === canonicalJson(secret)) throw error;
      this.options.log(
        `Salesforce refused the credentials; secret ${secretName} has changed, signing in with the new ones`,
        "warn",
      );
      await this.#authorize(fresh);
    }
  }

  async #authorize(secret: Secret): Promise<void> {
    const { secretName, auth, clock } = this.options;
    const log = (message: string, level?: LogLevel) => this.options.log(message, level);
    await this.#retrying(() =>
      authorize({
        connection: this.#connection,
        transport: this.transport,
        secret,
        secretName,
        auth,
        clock,
        log,
      }),
    );
  }

  async #retrying<T>(run: () => Promise<T>): Promise<T> {
    const { clock, signal } = this.options;
    const onRetry = (failure: Failure, delayMs: number) =>
      this.options.log(
        `${failure.message}${failure.got === undefined ? "" : ` (${failure.got})`}; asking again in ${Math.round(delayMs)} ms`,
        "warn",
      );
    return withRetries(run, { clock, signal, onRetry });
  }

  #checkBudget(): void {
    const share = this.options.dailyCallsShare ?? 0.9;
    const { usage } = this.transport;
    if (usage === undefined || usage.used < usage.limit * share) return;
    fail({
      reason: "budget-exhausted",
      message: `the share of the day's API calls that this connection may use up is reached`,
      retryable: false,
      expected: `at most ${Math.round(share * 100)} % of ${usage.limit} calls in 24 hours, whoever makes them`,
      got: `${usage.used} calls`,
      next: "wait, or raise connection.daily_calls_share in dbthub.yml",
    });
  }
}

/**
 * Reads a JSON answer.
 *
 * @throws FailureError `bad-response`, retryable: a proxy's page or an answer cut short
 */
export function parseAnswer<T>(body: string, schema: z.ZodType<T>, where: string): T {
  const refuse = (got: string): never =>
    fail({
      reason: "bad-response",
      message: "Salesforce's answer can't be read",
      retryable: true,
      expected: "JSON as its API documents it",
      got,
      where,
    });
  let value: unknown;
  try {
    value = JSON.parse(body);
  } catch {
    return refuse(`${body.length} characters that are not JSON`);
  }
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  return refuse(`${issue?.path.join(".") ?? ""}: ${issue?.message ?? "another shape"}`);
}
