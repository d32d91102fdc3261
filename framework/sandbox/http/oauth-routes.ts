import { Hono } from "hono";
import type { Context } from "hono";
import { createHmac } from "node:crypto";
import { compactVerify } from "jose";

import { publicKeyOf, readCredentials, type SandboxCredentials } from "../credentials.ts";
import { changedOrganizationId, integrationUserId, organizationId } from "../database.ts";
import { isTokenValid, issueToken, redeemCode, revokeToken } from "../tokens.ts";
import type { Org, SandboxApp, SandboxEnv } from "./context.ts";

const jwtGrant = "urn:ietf:params:oauth:grant-type:jwt-bearer";
const longestAssertionSeconds = 300;

class OAuthError extends Error {
  readonly code: string;

  constructor(code: string, description: string) {
    super(description);
    this.name = "OAuthError";
    this.code = code;
  }
}

type Form = Readonly<Record<string, string>>;
type Grant = (
  org: Org,
  form: Form,
) => { readonly withRefreshToken: boolean } | Promise<{ readonly withRefreshToken: boolean }>;

const grants: Readonly<Record<string, Grant>> = {
  async [jwtGrant](org, form) {
    await checkAssertion(org, form["assertion"] ?? "");
    return { withRefreshToken: false };
  },
  client_credentials(org, form) {
    checkClient(org, form, "required");
    return { withRefreshToken: false };
  },
  password(org, form) {
    checkClient(org, form, "required");
    const { username, password, securityToken } = readCredentials(org.db);
    if (!isSameUser(form["username"], username) || form["password"] !== password + securityToken) {
      throw new OAuthError("invalid_grant", "authentication failure");
    }
    return { withRefreshToken: false };
  },
  refresh_token(org, form) {
    checkClient(org, form, "optional");
    if (!isTokenValid(org.db, "refresh", form["refresh_token"] ?? "", org.machineNow())) {
      throw new OAuthError("invalid_grant", "expired access/refresh token");
    }
    return { withRefreshToken: false };
  },
  authorization_code(org, form) {
    checkClient(org, form, "optional");
    if (!redeemCode(org.db, form["code"] ?? "", form["redirect_uri"] ?? "", org.machineNow())) {
      throw new OAuthError("invalid_grant", "invalid authorization code");
    }
    return { withRefreshToken: true };
  },
};

/** Sign-in: the token endpoint with its five grants, revocation, the identity of the user, and an approval page that approves. */
export function oauthRoutes(org: Org): SandboxApp {
  const app: SandboxApp = new Hono<SandboxEnv>();
  app.onError((error, context) => {
    if (!(error instanceof OAuthError)) throw error;
    return context.json({ error: error.code, error_description: error.message }, 400);
  });
  app.post("/services/oauth2/token", async (context) => {
    const form = await readForm(context);
    const grant = grants[form["grant_type"] ?? ""];
    if (grant === undefined) throw new OAuthError("unsupported_grant_type", "grant type not supported");
    const { withRefreshToken } = await grant(org, form);
    const answer = tokenAnswer(org, context, withRefreshToken);
    const headers = { "Cache-Control": "no-store" };
    if (form["format"] !== "urlencoded") return context.json(answer, 200, headers);
    const type = "application/x-www-form-urlencoded;charset=UTF-8";
    return context.body(new URLSearchParams(answer).toString(), 200, { ...headers, "Content-Type": type });
  });
  app.on(["GET", "POST"], "/services/oauth2/revoke", async (context) => {
    const form = await readForm(context);
    if (revokeToken(org.db, form["token"] ?? "")) return context.body(null, 200);
    return context.text(
      "error=unsupported_token_type&error_description=this+token+type+is+not+supported",
      400,
    );
  });
  app.get("/services/oauth2/authorize", (context) => {
    const { client_id: clientId, redirect_uri: redirectUri = "", response_type: type } = context.req.query();
    checkClient(org, { client_id: clientId ?? "" }, "optional");
    if (type !== "code" || !URL.canParse(redirectUri))
      throw new OAuthError("invalid_request", "response_type must be code, redirect_uri a URL");
    const target = new URL(redirectUri);
    target.searchParams.set("code", issueToken(org.db, "code", org.machineNow(), redirectUri));
    const state = context.req.query("state");
    if (state !== undefined) target.searchParams.set("state", state);
    return context.redirect(target.toString(), 302);
  });
  app.on(["GET", "POST"], "/services/oauth2/userinfo", (context) => identity(org, context));
  app.get("/id/:organization/:user", (context) => identity(org, context));
  return app;
}

/**
 * The parameters of a request: in its body, in its address, and the client's by an `Authorization: Basic` header, all of
 * which Salesforce takes. What stands in the body counts.
 */
async function readForm(context: Context<SandboxEnv>): Promise<Form> {
  const body = context.req.method === "POST" ? textFields(await context.req.parseBody()) : {};
  return { ...basicClient(context.req.header("authorization")), ...context.req.query(), ...body };
}

function basicClient(header: string | undefined): Form {
  const encoded = /^Basic\s+(\S+)$/i.exec(header ?? "")?.[1];
  if (encoded === undefined) return {};
  const [, id = "", secret = ""] =
    /^([^:]*):(.*)$/s.exec(Buffer.from(encoded, "base64").toString("utf8")) ?? [];
  return { client_id: id, client_secret: secret };
}

/** Salesforce's user names are the same in any case. */
function isSameUser(given: unknown, username: string): boolean {
  return typeof given === "string" && given.toLowerCase() === username.toLowerCase();
}

function textFields(body: Readonly<Record<string, unknown>>): Form {
  return Object.fromEntries(
    Object.entries(body).flatMap(([name, value]) => (typeof value === "string" ? [[name, value]] : [])),
  );
}

function checkClient(org: Org, form: Form, secret: "required" | "optional"): void {
  const { clientId, clientSecret } = readCredentials(org.db);
  if (form["client_id"] !== clientId) throw new OAuthError("invalid_client_id", "client identifier invalid");
  const given = form["client_secret"];
  if (given === undefined && secret === "optional") return;
  if (given !== clientSecret) throw new OAuthError("invalid_client", "invalid client credentials");
}

/**
 * Checks as Salesforce does: issuer, signature, audience, user, and an expiry within five minutes of the machine's clock.
 * The expiry may be text, as in Salesforce's own example; the user may stand in `prn`, which counts over `sub`.
 */
async function checkAssertion(org: Org, assertion: string): Promise<void> {
  const credentials = readCredentials(org.db);
  const { iss, aud, exp, sub, prn } = await claimsOf(assertion, credentials);
  if (iss !== credentials.clientId) throw new OAuthError("invalid_client_id", "client identifier invalid");
  const audiences = new Set<unknown>([
    org.url(),
    "https://login.salesforce.com",
    "https://test.salesforce.com",
  ]);
  if (![aud].flat().some((audience) => audiences.has(audience)))
    throw new OAuthError("invalid_grant", "audience is invalid");
  const seconds = typeof exp === "string" && /^\d+$/.test(exp) ? Number(exp) : exp;
  const leftSeconds = typeof seconds === "number" ? seconds - org.machineNow() / 1000 : Number.NaN;
  if (leftSeconds <= 0) throw new OAuthError("invalid_grant", "expired authorization code");
  if (!(leftSeconds <= longestAssertionSeconds)) throw new OAuthError("invalid_grant", "invalid assertion");
  if (!isSameUser(prn ?? sub, credentials.username))
    throw new OAuthError("invalid_grant", "user hasn't approved this consumer");
}

/** The claims of an assertion that the client's key has signed. */
async function claimsOf(
  assertion: string,
  credentials: SandboxCredentials,
): Promise<Readonly<Record<string, unknown>>> {
  try {
    const { payload } = await compactVerify(assertion, publicKeyOf(credentials), { algorithms: ["RS256"] });
    const claims: unknown = JSON.parse(Buffer.from(payload).toString("utf8"));
    if (typeof claims === "object" && claims !== null) return { ...claims };
  } catch {
    // Not signed by it, or nothing that is signed at all: Salesforce says no more of either.
  }
  throw new OAuthError("invalid_grant", "invalid assertion");
}

const organizationOf = (context: Context<SandboxEnv>): string =>
  context.get("visibility").isOrganizationChanged ? changedOrganizationId : organizationId;

function tokenAnswer(org: Org, context: Context<SandboxEnv>, withRefreshToken: boolean) {
  const issuedAt = String(org.machineNow());
  const id = `${org.url()}/id/${organizationOf(context)}/${integrationUserId}`;
  const { clientSecret } = readCredentials(org.db);
  return {
    access_token: issueToken(org.db, "access", org.machineNow()),
    ...(withRefreshToken ? { refresh_token: issueToken(org.db, "refresh", org.machineNow()) } : {}),
    signature: createHmac("sha256", clientSecret)
      .update(id + issuedAt)
      .digest("base64"),
    scope: withRefreshToken ? "refresh_token api" : "api",
    instance_url: org.url(),
    id,
    token_type: "Bearer",
    issued_at: issuedAt,
  };
}

function identity(org: Org, context: Context<SandboxEnv>) {
  const header = /^(?:Bearer|OAuth)\s+(\S+)$/i.exec(context.req.header("authorization") ?? "")?.[1];
  const token = header ?? context.req.query("oauth_token") ?? context.req.query("access_token") ?? "";
  if (!isTokenValid(org.db, "access", token, org.machineNow())) return context.text("Bad_OAuth_Token", 403);
  const { username } = readCredentials(org.db);
  const organization = organizationOf(context);
  const id = `${org.url()}/id/${organization}/${integrationUserId}`;
  return context.json({
    id,
    sub: id,
    asserted_user: true,
    user_id: integrationUserId,
    organization_id: organization,
    username,
    preferred_username: username,
    display_name: "Integration User",
    name: "Integration User",
    email: username,
    user_type: "STANDARD",
    language: "en_US",
    locale: "en_US",
    utcOffset: 0,
    active: true,
    urls: {
      rest: `${org.url()}/services/data/v{version}/`,
      query: `${org.url()}/services/data/v{version}/query/`,
    },
  });
}
