import { Hono } from "hono";

import { readCredentials } from "../credentials.ts";
import { changedOrganizationId, integrationUserId, organizationId } from "../database.ts";
import { issueToken, revokeToken } from "../tokens.ts";
import { textOfElement } from "../../util/xml-text.ts";
import type { Org, SandboxApp, SandboxEnv } from "./context.ts";

const firstVersionWithoutLogin = 65;

/** SOAP `login` and `logout` of the partner and the enterprise API, which end with version 64. */
export function soapRoutes(org: Org): SandboxApp {
  const app: SandboxApp = new Hono<SandboxEnv>();
  app.post("/services/Soap/:api{[uc]}/:version", async (context) => {
    const body = await context.req.text();
    const xml = (text: string, status: 200 | 500) =>
      context.body(text, status, { "Content-Type": "text/xml;charset=UTF-8" });
    if (/<(\w+:)?logout\b/.test(body)) {
      revokeToken(org.db, textOfElement(body, "sessionId") ?? "");
      return xml(envelope("<logoutResponse/>"), 200);
    }
    if (!/<(\w+:)?login\b/.test(body))
      return xml(faultBody("UNKNOWN_EXCEPTION", "only login and logout are served here"), 500);
    const version = Number.parseFloat(context.req.param("version"));
    if (!(version < firstVersionWithoutLogin)) {
      const message = "SOAP API login() is disabled by default in this API version. Use OAuth instead";
      return xml(faultBody("UNSUPPORTED_API_VERSION", message), 500);
    }
    const { username, password, securityToken } = readCredentials(org.db);
    if (
      textOfElement(body, "username")?.toLowerCase() !== username.toLowerCase() ||
      textOfElement(body, "password") !== password + securityToken
    ) {
      const message = "Invalid username, password, security token; or user locked out.";
      return xml(faultBody("INVALID_LOGIN", message), 500);
    }
    const organization = context.get("visibility").isOrganizationChanged
      ? changedOrganizationId
      : organizationId;
    return xml(
      envelope(
        `<loginResponse><result><passwordExpired>false</passwordExpired>` +
          `<serverUrl>${org.url()}/services/Soap/u/${version.toFixed(1)}/${organization.slice(0, 15)}</serverUrl>` +
          `<sessionId>${issueToken(org.db, "access", org.machineNow())}</sessionId><userId>${integrationUserId}</userId>` +
          `<userInfo><organizationId>${organization}</organizationId><userName>${username}</userName></userInfo>` +
          `</result></loginResponse>`,
      ),
      200,
    );
  });
  return app;
}

function envelope(body: string): string {
  return (
    `<?xml version="1.0" encoding="UTF-8"?><soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/" ` +
    `xmlns="urn:partner.soap.sforce.com"><soapenv:Body>${body}</soapenv:Body></soapenv:Envelope>`
  );
}

function faultBody(code: string, message: string): string {
  return envelope(
    `<soapenv:Fault><faultcode>${code}</faultcode><faultstring>${code}: ${message}</faultstring></soapenv:Fault>`,
  );
}
