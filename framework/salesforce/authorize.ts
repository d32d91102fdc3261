import type { Connection } from "jsforce/lib/connection.js";
import type { LogLevel } from "../event/event.ts";
import { fail, FailureError } from "../event/failure.ts";
import type { Secret } from "../secrets/secret-provider.ts";
import type { Clock } from "../util/clock.ts";
import { createRedactor } from "../util/redact.ts";
import { chooseSignIn, type Grant, type SignIn } from "./grant.ts";
import { clockSkew, signAssertion } from "./jwt-assertion.ts";
import type { OrgTransport } from "./org-transport.ts";

/**
 * Signs a connection in with what the secret holds.
 *
 * @throws FailureError `missing-secret`, `credentials-refused` (with the clock's error, when that may be the cause),
 * `bad-response`, and what the transport throws
 */
export async function authorize(options: {
  readonly connection: Connection;
  readonly transport: OrgTransport;
  readonly secret: Secret;
  readonly secretName: string;
  readonly auth: Grant | undefined;
  readonly clock: Clock;
  readonly log: (message: string, level?: LogLevel) => void;
}): Promise<void> {
  const { connection, transport, secret, secretName, clock, log } = options;
  const signIn = chooseSignIn(secret, { name: secretName, asked: options.auth });
  connection.loginUrl = signIn.loginUrl;
  connection.oauth2.loginUrl = signIn.loginUrl;
  connection.oauth2.tokenServiceUrl = `${signIn.loginUrl}/services/oauth2/token`;
  connection.oauth2.clientId = secret["clientId"] ?? null;
  // A key signs in place of the client's secret.
  connection.oauth2.clientSecret = signIn.grant === "jwt-bearer" ? null : (secret["clientSecret"] ?? null);
  if (signIn.grant === "soap") {
    log("SOAP login() ends with Summer '27; move this connection to JWT bearer (docs/salesforce.md)", "warn");
  }
  const parameters = signIn.grant === "soap" ? undefined : await grantParameters(signIn, secret, clock.now());
  try {
    if (parameters === undefined) await connection.loginBySoap(secret["username"] ?? "", passwordOf(secret));
    else await connection.authorize(parameters);
  } catch (error) {
    if (error instanceof FailureError) throw error;
    transport.signal.throwIfAborted();
    refuse(error, { signIn, secret, skew: clockSkew(clock.now(), transport.serverTime) });
  }
}

async function grantParameters(
  signIn: SignIn,
  secret: Secret,
  now: Date,
): Promise<{ readonly grant_type: string; [name: string]: string }> {
  const field = (name: string) => secret[name] ?? "";
  switch (signIn.grant) {
    case "jwt-bearer":
      return {
        grant_type: "urn:ietf:params:oauth:grant-type:jwt-bearer",
        assertion: await signAssertion({
          clientId: field("clientId"),
          username: field("username"),
          privateKey: field("privateKey"),
          audience: signIn.audience,
          now,
        }),
      };
    case "client-credentials":
      return { grant_type: "client_credentials" };
    case "refresh-token":
      return { grant_type: "refresh_token", refresh_token: field("refreshToken") };
    case "password":
      return { grant_type: "password", username: field("username"), password: passwordOf(secret) };
    case "soap":
    default:
      throw new Error(`Internal error: expected a grant of OAuth, got ${signIn.grant}`);
  }
}

/** From unknown addresses Salesforce wants the security token behind the password. */
function passwordOf(secret: Secret): string {
  return (secret["password"] ?? "") + (secret["securityToken"] ?? "");
}

const advice: Readonly<Record<Grant, string>> = {
  "jwt-bearer":
    "check clientId, username and the app's certificate, and that the user is pre-authorized for the app",
  "client-credentials":
    "check clientId and clientSecret, and that the app has a run-as user for client credentials",
  "refresh-token": "make a new refresh token; the old one was revoked or has expired",
  password: "check username, password and securityToken, or move to JWT bearer (docs/salesforce.md)",
  soap: "check username, password and securityToken, or move to JWT bearer (docs/salesforce.md)",
};

function refuse(
  error: unknown,
  at: { readonly signIn: SignIn; readonly secret: Secret; readonly skew: string | undefined },
): never {
  const { signIn, secret, skew } = at;
  const redactor = createRedactor();
  for (const name of ["clientSecret", "password", "securityToken", "privateKey", "refreshToken"]) {
    redactor.add(secret[name] ?? "");
  }
  // jsforce names its error after OAuth's error code; one of JavaScript's own means an answer that it could not read.
  const isOurs = error instanceof TypeError || error instanceof SyntaxError || !(error instanceof Error);
  const got = redactor
    .redact(error instanceof Error ? `${error.name}: ${error.message}` : String(error))
    .slice(0, 300);
  if (isOurs) {
    return fail({
      reason: "bad-response",
      message: "the answer to the sign-in can't be read",
      retryable: true,
      got,
      where: signIn.loginUrl,
    });
  }
  // Salesforce says "expired authorization code" of an assertion whose time is over or too far ahead.
  const isSkewed = signIn.grant === "jwt-bearer" && skew !== undefined && /expir|\btime|\bexp\b/i.test(got);
  return fail({
    reason: "credentials-refused",
    message: `Salesforce refused the sign-in (${signIn.grant})${isSkewed ? `; ${skew}` : ""}`,
    retryable: false,
    got,
    where: signIn.loginUrl,
    next: isSkewed
      ? "set this machine's clock: the signed assertion lives for 3 minutes"
      : `${advice[signIn.grant]}${skew === undefined ? "" : `; also, ${skew}`}`,
  });
}
