import type * as z from "zod";
import { type Failure, fail, FailureError } from "../event/failure.ts";
import type { LogLevel } from "../event/event.ts";
import type { Secret, SecretProvider } from "../secrets/secret-provider.ts";
import type { Clock } from "../util/clock.ts";
import { canonicalJson } from "../util/hash.ts";
import type { Grant } from "./grant.ts";
import type { HttpRequest, HttpResponse } from "./http-message.ts";
import { OrgTransport } from "./org-transport.ts";
import { parseAnswer } from "./parse-answer.ts";
import { withRetries } from "./retry.ts";
import { type Access, signIn } from "./sign-in.ts";

const defaultApiVersion = "64.0";

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
export interface OrgRequest extends Pick<HttpRequest, "method" | "body" | "headers"> {
  readonly path: string;
}

/** A signed-in connection, which signs in again when its session has ended, and keeps to the day's budget of calls. */
export class Session {
  readonly options: SessionOptions;
  readonly transport: OrgTransport;
  #access: Access;
  /** The sign-in under way, shared by all requests whose session has ended. */
  #renewal: Promise<Access> | undefined;

  private constructor(options: SessionOptions, transport: OrgTransport, access: Access) {
    this.options = options;
    this.transport = transport;
    this.#access = access;
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

  /** Sends one request; GET, HEAD and DELETE are tried again when that may help. */
  async send(request: OrgRequest): Promise<HttpResponse> {
    const isIdempotent = request.method !== "POST" && request.method !== "PATCH";
    return isIdempotent ? retrying(this.options, () => this.sendOnce(request)) : this.sendOnce(request);
  }

  /** Sends one request and reads its JSON; an answer cut short or of another shape is asked for again. */
  async json<T>(request: OrgRequest, schema: z.ZodType<T>): Promise<T> {
    const read = async () => {
      const { body } = await this.sendOnce(request);
      return parseAnswer(body, schema, `${this.instanceUrl} ${request.path.split("?")[0] ?? ""}`);
    };
    return request.method === "POST" ? read() : retrying(this.options, read);
  }

  /** Sends one request, once, and once more when the session had ended. */
  async sendOnce(request: OrgRequest): Promise<HttpResponse> {
    this.#checkBudget();
    const access = this.#access;
    const response = await this.#sendWith(access, request);
    if (response.statusCode !== 401) return response;
    const again = await this.#sendWith(await this.#renew(access), request);
    if (again.statusCode !== 401) return again;
    return fail({
      reason: "credentials-refused",
      message: "Salesforce refused a session that it had just given",
      retryable: false,
      got: again.body.slice(0, 200),
      where: `${this.instanceUrl} ${request.path.split("?")[0] ?? ""}`,
      next: "check the IP ranges of the integration user's profile and its session settings",
    });
  }

  #sendWith({ token, instanceUrl }: Access, request: OrgRequest): Promise<HttpResponse> {
    const { path, headers, ...rest } = request;
    const version = this.options.apiVersion ?? defaultApiVersion;
    return this.transport.send({
      ...rest,
      url: instanceUrl + (path.startsWith("/") ? path : `/services/data/v${version}/${path}`),
      headers: { ...headers, authorization: `Bearer ${token}` },
      reads: (status) => status === 401,
    });
  }

  /** Signs in again, unless another request has done so since `ended` was given. */
  async #renew(ended: Access): Promise<Access> {
    if (this.#access !== ended) return this.#access;
    this.#renewal ??= signInBySecret(this.options, this.transport).finally(() => (this.#renewal = undefined));
    this.#access = await this.#renewal;
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
        apiVersion: options.apiVersion ?? defaultApiVersion,
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

function retrying<T>(options: SessionOptions, run: () => Promise<T>): Promise<T> {
  const onRetry = (failure: Failure, delayMs: number) =>
    options.log(
      `${failure.message}${failure.got === undefined ? "" : ` (${failure.got})`}; asking again in ${Math.round(delayMs)} ms`,
      "warn",
    );
  return withRetries(run, { clock: options.clock, signal: options.signal, onRetry });
}
