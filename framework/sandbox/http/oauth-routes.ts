import { Hono } from "hono";
import type { Context } from "hono";
import { createHmac } from "node:crypto";
import { errors, jwtVerify } from "jose";

import { publicKeyOf, readCredentials } from "../credentials.ts";
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
    if (form["username"] !== username || form["password"] !== password + securityToken) {
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
    const form = textFields(await context.req.parseBody());
    const grant = grants[form["grant_type"] ?? ""];
    if (grant === undefined) throw new OAuthError("unsupported_grant_type", "grant type not supported");
    const { withRefreshToken } = await grant(org, form);
    return context.json(tokenAnswer(org, context, withRefreshToken), 200, { "Cache-Control": "no-store" });
  });
  app.post("/services/oauth2/revoke", async (context) => {
    const form = textFields(await context.req.parseBody());
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
  app.get("/services/oauth2/userinfo", (context) => identity(org, context));
  app.get("/id/:organization/:user", (context) => identity(org, context));
  return app;
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

/** Checks as Salesforce does: issuer, signature, audience, user, and an expiry within five minutes of the machine's clock. */
async function checkAssertion(org: Org, assertion: string): Promise<void> {
  const credentials = readCredentials(org.db);
  const currentDate = new Date(org.machineNow());
  const { payload } = await jwtVerify(assertion, publicKeyOf(credentials), {
    algorithms: ["RS256"],
    currentDate,
  }).catch((error: unknown): never => {
    if (error instanceof errors.JWTExpired)
      throw new OAuthError("invalid_grant", "expired authorization code");
    throw new OAuthError("invalid_grant", "invalid assertion");
  });
  if (payload.iss !== credentials.clientId)
    throw new OAuthError("invalid_client_id", "client identifier invalid");
  const audiences = new Set([org.url(), "https://login.salesforce.com", "https://test.salesforce.com"]);
  if (![payload.aud].flat().some((audience) => audience !== undefined && audiences.has(audience))) {
    throw new OAuthError("invalid_grant", "audience is invalid");
  }
  if (payload.exp === undefined || payload.exp > currentDate.getTime() / 1000 + longestAssertionSeconds) {
    throw new OAuthError("invalid_grant", "invalid assertion");
  }
  if (payload.sub !== credentials.username) {
    throw new OAuthError("invalid_grant", "user hasn't approved this consumer");
  }
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
  const token = /^(?:Bearer|OAuth)\s+(\S+)$/i.exec(context.req.header("authorization") ?? "")?.[1] ?? "";
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
