import type * as z from "zod";
import { type Failure, fail, FailureError } from "../event/failure.ts";
import type { LogLevel } from "../event/event.ts";
import type { Secret, SecretProvider } from "../secrets/secret-provider.ts";
import type { Clock } from "../util/clock.ts";
import { canonicalJson } from "../util/hash.ts";
import { defaultApiVersion } from "./api-version.ts";
import type { Grant } from "./grant.ts";
import type { HttpRequest, HttpResponse } from "./http-message.ts";
import { OrgConnection } from "./org-connection.ts";
import { OrgTransport } from "./org-transport.ts";
import { checkAnswer, parseJson } from "./parse-answer.ts";
import { wasNeverSent } from "./response-failure.ts";
import { withRetries } from "./retry.ts";
import { type Access, signIn } from "./sign-in.ts";

/** How to reach one org. */
export interface SessionOptions {
  readonly secrets: SecretProvider;
  /** Name of the secret that holds the credentials. */
  readonly secretName: string;
  /** `67.0` @default {@link defaultApiVersion} */
  readonly apiVersion?: string | undefined;
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

/**
 * A signed-in jsforce connection. Each of its requests keeps to the day's budget of calls; when the session has ended, one
 * sign-in renews it for all of them.
 */
export class Session {
  readonly options: SessionOptions;
  readonly transport: OrgTransport;
  readonly #connection: OrgConnection;
  #access: Access;
  /** The sign-in under way, shared by all requests whose session has ended. */
  #renewal: Promise<Access> | undefined;

  private constructor(options: SessionOptions, transport: OrgTransport, access: Access) {
    this.options = options;
    this.transport = transport;
    this.#access = access;
    this.#connection = new OrgConnection(access, this.apiVersion, (request) => this.#exchange(request));
  }

  /**
   * Signs in.
   *
   * @throws FailureError `missing-secret`, `credentials-refused`, `unreachable`, `rate-limited`, `timeout`, `bad-response`
   */
  static async open(options: SessionOptions): Promise<Session> {
    const transport = new OrgTransport({
      signal: options.signal,
      timeoutMs: options.requestTimeoutMs ?? 120_000,
    });
    return new Session(options, transport, await signInBySecret(options, transport));
  }

  /** The instance that answers, for messages. */
  get instanceUrl(): string {
    return this.#access.instanceUrl;
  }

  /** The API version that is asked for, like `67.0`. */
  get apiVersion(): string {
    return this.options.apiVersion ?? defaultApiVersion;
  }

  /**
   * Calls jsforce once, and again only when the request never left this machine: what creates something must not be
   * repeated when just the answer got lost.
   */
  async once<T>(call: (connection: OrgConnection) => PromiseLike<T>): Promise<T> {
    return retrying(this.options, async () => call(this.#connection), wasNeverSent);
  }

  /** Calls jsforce, and again when that may help, also when the answer has another shape than `schema`. */
  async ask<T>(
    call: (connection: OrgConnection) => PromiseLike<unknown>,
    schema: z.ZodType<T>,
    what: string,
  ): Promise<T> {
    return this.repeat(async (connection) =>
      checkAnswer(await call(connection), schema, `${this.instanceUrl} ${what}`),
    );
  }

  /** Calls jsforce, and again when that may help. */
  async repeat<T>(call: (connection: OrgConnection) => PromiseLike<T>): Promise<T> {
    return retrying(this.options, async () => call(this.#connection));
  }

  /** One request of jsforce, and the same again when the session had ended. */
  async #exchange(request: HttpRequest): Promise<HttpResponse> {
    this.#checkBudget();
    const access = this.#access;
    const response = await this.#sendWith(access, access, request);
    if (response.statusCode !== 401) return response;
    const again = await this.#sendWith(await this.#renew(access), access, request);
    if (again.statusCode !== 401) return again;
    return fail({
      reason: "credentials-refused",
      message: "Salesforce refused a session that it had just given",
      retryable: false,
      got: again.body.slice(0, 200),
      where: withoutQuery(request.url),
      next: "check the IP ranges of the integration user's profile and its session settings",
    });
  }

  /** Sends a request that jsforce made for the session `madeFor`. */
  async #sendWith(access: Access, madeFor: Access, request: HttpRequest): Promise<HttpResponse> {
    const url = access.instanceUrl + request.url.slice(madeFor.instanceUrl.length);
    const headers = { ...request.headers, authorization: `Bearer ${access.token}` };
    const response = await this.transport.send({
      ...request,
      url,
      headers,
      reads: (status) => status === 401,
    });
    // jsforce takes JSON that it can't read for text, and goes on with that.
    const isJson = response.statusCode !== 204 && request.headers?.["accept"] !== "text/csv";
    if (isJson && response.statusCode !== 401) parseJson(response.body, withoutQuery(url));
    return response;
  }

  /** Signs in again, unless another request has done so since `ended` was given. */
  async #renew(ended: Access): Promise<Access> {
    if (this.#access !== ended) return this.#access;
    this.#renewal ??= signInBySecret(this.options, this.transport).finally(() => (this.#renewal = undefined));
    this.#access = await this.#renewal;
    this.#connection.use(this.#access);
    return this.#access;
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

/** Signs in; after a refusal with the secret as it is now, once, for it may have been rotated. */
async function signInBySecret(options: SessionOptions, transport: OrgTransport): Promise<Access> {
  const { secrets, secretName, signal } = options;
  const enter = (secret: Secret) =>
    retrying(options, () =>
      signIn({
        transport,
        secret,
        secretName,
        auth: options.auth,
        clock: options.clock,
        log: (message, level) => options.log(message, level),
      }),
    );
  const secret = await secrets.get(secretName, { signal });
  try {
    return await enter(secret);
  } catch (error) {
    if (!(error instanceof FailureError) || error.failure.reason !== "credentials-refused") throw error;
    const fresh = await secrets.get(secretName, { signal, fresh: true });
    // The same credentials again could only lock the account.
    if (canonicalJson(fresh) === canonicalJson(secret)) throw error;
    options.log(
      `Salesforce refused the credentials; secret ${secretName} has changed, signing in with the new ones`,
      "warn",
    );
    return enter(fresh);
  }
}

function withoutQuery(url: string): string {
  return url.split("?")[0] ?? url;
}

function retrying<T>(
  options: SessionOptions,
  run: () => Promise<T>,
  mayRepeat: (failure: Failure) => boolean = () => true,
): Promise<T> {
  const onRetry = (failure: Failure, delayMs: number) =>
    options.log(
      `${failure.message}${failure.got === undefined ? "" : ` (${failure.got})`}; asking again in ${Math.round(delayMs)} ms`,
      "warn",
    );
  return withRetries(run, { clock: options.clock, signal: options.signal, mayRepeat, onRetry });
}
