import * as z from "zod";
import type { LogLevel } from "../event/event.ts";
import { fail } from "../event/failure.ts";
import type { Secret } from "../secrets/secret-provider.ts";
import type { Clock } from "../util/clock.ts";
import { escapeXml, textOfElement } from "../util/xml-text.ts";
import { soapLoginVersion } from "./api-version.ts";
import { chooseSignIn, type Grant, type SignIn } from "./grant.ts";
import { clockSkew, signAssertion } from "./jwt-assertion.ts";
import type { OrgTransport } from "./org-transport.ts";
import { parseAnswer } from "./parse-answer.ts";

/** What a sign-in gives. */
export interface Access {
  /** Sent as `Authorization: Bearer` with every request; lives for 2 hours unless the org says otherwise. */
  readonly token: string;
  /** Origin that answers this org's requests, no trailing slash. */
  readonly instanceUrl: string;
}

/** With what and how to sign in. */
export interface SignInRequest {
  readonly transport: OrgTransport;
  readonly secret: Secret;
  readonly secretName: string;
  readonly auth: Grant | undefined;
  readonly clock: Clock;
  readonly log: (message: string, level?: LogLevel) => void;
}

/**
 * Signs in with what the secret holds.
 *
 * @throws FailureError `missing-secret`, `credentials-refused` (with the clock's error, when that may be the cause),
 * `bad-response`, and what the transport throws
 */
export async function signIn(request: SignInRequest): Promise<Access> {
  const { redactor } = request.transport;
  for (const name of secretFields) redactor.add(request.secret[name] ?? "");
  const access = await signInByGrant(request);
  redactor.add(access.token);
  return access;
}

const secretFields = ["clientSecret", "password", "securityToken", "privateKey", "refreshToken"];

async function signInByGrant(request: SignInRequest): Promise<Access> {
  const chosen = chooseSignIn(request.secret, { name: request.secretName, asked: request.auth });
  if (chosen.grant !== "soap") return signInByOAuth(request, chosen);
  request.log(
    "SOAP login() ends with Summer '27; move this connection to JWT bearer (docs/salesforce.md)",
    "warn",
  );
  return signInBySoap(request, chosen);
}

const tokenSchema = z.union([
  z.object({ access_token: z.string(), instance_url: z.string() }),
  z.object({ error: z.string(), error_description: z.string().optional() }),
]);

async function signInByOAuth(request: SignInRequest, chosen: SignIn): Promise<Access> {
  const { secret, transport, clock } = request;
  const url = `${chosen.loginUrl}/services/oauth2/token`;
  const form = new URLSearchParams(await grantParameters(chosen, secret, clock.now()));
  // Signed by the key, an assertion is good for three minutes.
  transport.redactor.add(form.get("assertion") ?? "");
  form.set("client_id", secret["clientId"] ?? "");
  // A key signs in place of the client's secret.
  if (chosen.grant !== "jwt-bearer" && (secret["clientSecret"] ?? "") !== "")
    form.set("client_secret", secret["clientSecret"] ?? "");
  const { body } = await transport.send({
    method: "POST",
    url,
    headers: { "content-type": "application/x-www-form-urlencoded", accept: "application/json" },
    body: form.toString(),
    reads: (status) => status < 500 && status !== 429,
  });
  const answer = parseAnswer(body, tokenSchema, url);
  if ("access_token" in answer)
    return { token: answer.access_token, instanceUrl: originOf(answer.instance_url, url) };
  return refuse(`${answer.error}: ${answer.error_description ?? ""}`, request, chosen);
}

async function signInBySoap(request: SignInRequest, chosen: SignIn): Promise<Access> {
  const { secret, transport } = request;
  const url = `${chosen.loginUrl}/services/Soap/u/${soapLoginVersion}`;
  const { body } = await transport.send({
    method: "POST",
    url,
    headers: { "content-type": "text/xml; charset=UTF-8", soapaction: '""' },
    body:
      `<?xml version="1.0" encoding="UTF-8"?><e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/">` +
      `<e:Body><login xmlns="urn:partner.soap.sforce.com"><username>${escapeXml(secret["username"] ?? "")}</username>` +
      `<password>${escapeXml(passwordOf(secret))}</password></login></e:Body></e:Envelope>`,
    // SOAP says with 500 that it refuses, too.
    reads: (status) => status <= 500 && status !== 429,
  });
  const token = textOfElement(body, "sessionId");
  const serverUrl = textOfElement(body, "serverUrl");
  if (token !== undefined && serverUrl !== undefined) return { token, instanceUrl: originOf(serverUrl, url) };
  const fault = textOfElement(body, "faultstring");
  if (fault !== undefined) return refuse(fault, request, chosen);
  return unreadable(`${body.length} characters without a session`, url);
}

async function grantParameters(chosen: SignIn, secret: Secret, now: Date): Promise<Record<string, string>> {
  const field = (name: string) => secret[name] ?? "";
  switch (chosen.grant) {
    case "jwt-bearer":
      return {
        grant_type: "urn:ietf:params:oauth:grant-type:jwt-bearer",
        assertion: await signAssertion({
          clientId: field("clientId"),
          username: field("username"),
          privateKey: field("privateKey"),
          audience: chosen.audience,
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
      throw new Error(`Internal error: expected a grant of OAuth, got ${chosen.grant}`);
  }
}

/** From unknown addresses Salesforce wants the security token behind the password. */
function passwordOf(secret: Secret): string {
  return (secret["password"] ?? "") + (secret["securityToken"] ?? "");
}

function originOf(url: string, where: string): string {
  return URL.canParse(url)
    ? new URL(url).origin
    : unreadable(`${url.slice(0, 100)} as the instance's URL`, where);
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

/** `answer`: in the server's words, from which secret values are taken out. */
function refuse(answer: string, { clock, transport }: SignInRequest, chosen: SignIn): never {
  const got = transport.redactor.redact(answer).slice(0, 300);
  const skew = clockSkew(clock.now(), transport.serverTime);
  // Salesforce says "expired authorization code" of an assertion whose time is over or too far ahead.
  const isSkewed = chosen.grant === "jwt-bearer" && skew !== undefined && /expir|\btime|\bexp\b/i.test(got);
  return fail({
    reason: "credentials-refused",
    message: `Salesforce refused the sign-in (${chosen.grant})${isSkewed ? `; ${skew}` : ""}`,
    retryable: false,
    got,
    where: chosen.loginUrl,
    next: isSkewed
      ? "set this machine's clock: the signed assertion lives for 3 minutes"
      : `${advice[chosen.grant]}${skew === undefined ? "" : `; also, ${skew}`}`,
  });
}

function unreadable(got: string, where: string): never {
  return fail({
    reason: "bad-response",
    message: "the answer to the sign-in can't be read",
    retryable: true,
    got,
    where,
  });
}
