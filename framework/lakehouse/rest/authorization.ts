import { FailureError } from "../../event/failure.ts";
import type { Clock } from "../../util/clock.ts";
import type { Fetch } from "../../util/proxy.ts";
import { exchange } from "./exchange.ts";

/** The fields of the target's secret; `fresh` bypasses caches, since secrets rotate. */
export type ReadSecret = (options: {
  readonly fresh: boolean;
  readonly signal?: AbortSignal;
}) => Promise<Readonly<Record<string, string>>>;

/** How a client proves who it is. */
export interface Authorization {
  /** The bearer token; `fresh` when the one before was refused. Undefined: the catalog asks for none. */
  token(options: { readonly fresh: boolean; readonly signal?: AbortSignal }): Promise<string | undefined>;
}

/** How long before its end a token is renewed, milliseconds. */
const renewalMs = 60_000;

/** Of a token that does not say how long it lives, milliseconds. */
const assumedLifeMs = 5 * 60_000;

/**
 * Reads the token from the secret's `token`, or gets one for `clientId` and `clientSecret` by OAuth's client
 * credentials (RFC 6749, section 4.4) and renews it before it ends.
 *
 * `token` throws FailureError `missing-secret`, `credentials-refused`, `unreachable`, and what the secret's provider throws.
 */
export function authorizationBy(options: {
  readonly secret: ReadSecret | undefined;
  readonly tokenUrl: string;
  /** @default none */
  readonly scope?: string | undefined;
  readonly clock: Clock;
  readonly send: Fetch;
}): Authorization {
  const { secret, clock } = options;
  if (secret === undefined) return { token: async () => undefined };
  let granted: { readonly token: string; readonly endMs: number } | undefined;
  let granting: Promise<string> | undefined;
  const grant = async (fresh: boolean, signal: AbortSignal | undefined): Promise<string> => {
    const fields = await secret({ fresh, ...(signal === undefined ? {} : { signal }) });
    const { token, clientId, clientSecret } = fields;
    if (token !== undefined) return token;
    if (clientId === undefined || clientSecret === undefined) throw incomplete(Object.keys(fields));
    const { accessToken, lifeMs } = await askForToken({ ...options, clientId, clientSecret, signal });
    granted = { token: accessToken, endMs: clock.now().getTime() + lifeMs - renewalMs };
    return accessToken;
  };
  return {
    token: async ({ fresh, signal }) => {
      if (!fresh && granted !== undefined && clock.now().getTime() < granted.endMs) return granted.token;
      // Requests that come at the same time share one token.
      granting ??= grant(fresh, signal).finally(() => {
        granting = undefined;
      });
      return granting;
    },
  };
}

async function askForToken(options: {
  readonly tokenUrl: string;
  readonly scope?: string | undefined;
  readonly clientId: string;
  readonly clientSecret: string;
  readonly signal: AbortSignal | undefined;
  readonly send: Fetch;
}): Promise<{ readonly accessToken: string; readonly lifeMs: number }> {
  const { tokenUrl, scope, clientId, clientSecret, signal, send } = options;
  const form = new URLSearchParams({
    grant_type: "client_credentials",
    client_id: clientId,
    client_secret: clientSecret,
    ...(scope === undefined ? {} : { scope }),
  });
  const { status, text } = await exchange(
    { method: "POST", url: tokenUrl },
    { headers: { "content-type": "application/x-www-form-urlencoded" }, body: form.toString(), signal, send },
  );
  const answer = parsed(text);
  const { access_token: accessToken, expires_in: seconds } = answer;
  if (status < 300 && typeof accessToken === "string") {
    return { accessToken, lifeMs: typeof seconds === "number" ? seconds * 1000 : assumedLifeMs };
  }
  const words = [answer["error_description"], answer["error"], text.slice(0, 200)].find(isText);
  const isRefusal = status >= 400 && status < 500 && status !== 404 && status !== 429;
  throw new FailureError({
    reason: isRefusal ? "credentials-refused" : status < 400 ? "bad-response" : "unreachable",
    message: isRefusal ? "the token endpoint refused the client" : "the token endpoint gave no token",
    got: `HTTP ${status}: ${words ?? ""}`,
    where: tokenUrl,
    next: isRefusal
      ? "correct `clientId` and `clientSecret` in the target's secret, or `oauth.scope`"
      : "check `oauth.uri`",
    retryable: status >= 500 || status === 429,
  });
}

function isText(value: unknown): value is string {
  return typeof value === "string";
}

function parsed(text: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null ? { ...value } : {};
  } catch {
    return {};
  }
}

function incomplete(fields: readonly string[]): FailureError {
  return new FailureError({
    reason: "missing-secret",
    message: "the catalog's secret holds no credentials",
    expected: "`token`, or `clientId` and `clientSecret`",
    got: fields.length === 0 ? "no fields" : `fields ${fields.join(", ")}`,
    next: "correct the secret that the target's `lakehouse.secret` names",
    retryable: false,
  });
}
