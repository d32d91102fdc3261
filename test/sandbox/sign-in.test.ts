import { generateKeyPairSync } from "node:crypto";

import jsforce from "jsforce";
import { expect, test } from "vitest";

import {
  connect,
  control,
  jsforceConnection,
  jwtGrant,
  requestToken,
  serve,
  signAssertion,
  signIn,
} from "./rig.ts";
import type { AssertionClaims } from "./rig.ts";

test("jsforce signs in by a JWT bearer assertion and learns user and org", async () => {
  const conn = await jsforceConnection(await serve());
  expect(conn.userInfo?.organizationId).toMatch(/^00D[0-9A-Za-z]{12}[A-Z0-5]{3}$/);
  expect((await conn.query("SELECT Id FROM Organization")).records[0]?.["Id"]).toBe(
    conn.userInfo?.organizationId,
  );
});

const foreignKey = generateKeyPairSync("rsa", { modulusLength: 2048 })
  .privateKey.export({ type: "pkcs8", format: "pem" })
  .toString();
const refusals: readonly (readonly [string, AssertionClaims, string, string])[] = [
  ["signed by another key", { privateKey: foreignKey }, "invalid_grant", "invalid assertion"],
  ["that has expired", { lifetime: -60 }, "invalid_grant", "expired authorization code"],
  ["that lives longer than five minutes", { lifetime: 400 }, "invalid_grant", "invalid assertion"],
  ["for another audience", { aud: "https://example.com" }, "invalid_grant", "audience is invalid"],
  ["of another client", { iss: "3MVG9other" }, "invalid_client_id", "client identifier invalid"],
  ["for another user", { sub: "x@example.com" }, "invalid_grant", "user hasn't approved this consumer"],
];
test("an assertion is refused with Salesforce's own words when it is wrong", async () => {
  const sandbox = await serve();
  for (const [name, claims, error, description] of refusals) {
    const assertion = await signAssertion(sandbox, claims);
    const { status, json } = await requestToken(sandbox, { grant_type: jwtGrant, assertion });
    expect([name, status, json]).toEqual([name, 400, { error, error_description: description }]);
  }
});

test("text that is no assertion is refused", async () => {
  const { status, json } = await requestToken(await serve(), { grant_type: jwtGrant, assertion: "nonsense" });
  expect([status, json.error]).toEqual([400, "invalid_grant"]);
});

test("signing in works whatever the sandbox's clock says", async () => {
  const sandbox = await serve();
  for (const now of ["1999-12-31T23:59:59Z", "2042-06-01T00:00:00Z"]) {
    await control(sandbox, "POST", "clock", { now });
    const conn = await jsforceConnection(sandbox);
    expect((await conn.query("SELECT COUNT() FROM User")).totalSize).toBe(50);
  }
});

test("client credentials need the right client and secret", async () => {
  const sandbox = await serve();
  const { clientId, clientSecret } = sandbox.credentials();
  const grant = { grant_type: "client_credentials", client_id: clientId };
  expect((await requestToken(sandbox, { ...grant, client_secret: clientSecret })).json.token_type).toBe(
    "Bearer",
  );
  expect((await requestToken(sandbox, { ...grant, client_secret: "wrong" })).json.error).toBe(
    "invalid_client",
  );
  expect((await requestToken(sandbox, { ...grant, client_id: "wrong" })).json.error).toBe(
    "invalid_client_id",
  );
  expect((await requestToken(sandbox, { grant_type: "magic" })).json.error).toBe("unsupported_grant_type");
});

test("jsforce signs in by password with the security token behind it, and not without", async () => {
  const sandbox = await serve();
  const { clientId, clientSecret, username, password, securityToken } = sandbox.credentials();
  const conn = new jsforce.Connection({ oauth2: { loginUrl: sandbox.url, clientId, clientSecret } });
  await conn.login(username, password + securityToken);
  expect((await conn.identity()).username).toBe(username);
  await expect(conn.login(username, password)).rejects.toThrow("authentication failure");
});

test("jsforce signs in over SOAP up to version 64", async () => {
  const sandbox = await serve();
  const { username, password, securityToken } = sandbox.credentials();
  const conn = new jsforce.Connection({ loginUrl: sandbox.url, version: "64.0" });
  await conn.login(username, password + securityToken);
  expect((await conn.query("SELECT COUNT() FROM User")).totalSize).toBe(50);
  await expect(conn.login(username, "wrong")).rejects.toThrow("INVALID_LOGIN");
  const newer = new jsforce.Connection({ loginUrl: sandbox.url, version: "65.0" });
  await expect(newer.login(username, password + securityToken)).rejects.toThrow("UNSUPPORTED_API_VERSION");
});

test("jsforce swaps an authorization code for a refresh token and refreshes a revoked session by itself", async () => {
  const sandbox = await serve();
  const { clientId, clientSecret } = sandbox.credentials();
  const redirectUri = "http://127.0.0.1/callback";
  const oauth2 = { loginUrl: sandbox.url, clientId, clientSecret, redirectUri };
  const conn = new jsforce.Connection({ oauth2 });
  const approval = await fetch(conn.oauth2.getAuthorizationUrl({ state: "s" }), { redirect: "manual" });
  const target = new URL(approval.headers.get("location") ?? "");
  expect(target.searchParams.get("state")).toBe("s");
  const code = target.searchParams.get("code") ?? "";
  await conn.authorize(code);

  await conn.oauth2.revokeToken(conn.accessToken ?? "");
  expect((await conn.query("SELECT COUNT() FROM User")).totalSize).toBe(50);
  await expect(new jsforce.Connection({ oauth2 }).authorize(code)).rejects.toThrow(
    "invalid authorization code",
  );
  const { json } = await requestToken(sandbox, {
    grant_type: "refresh_token",
    client_id: clientId,
    refresh_token: "x",
  });
  expect(json).toEqual({ error: "invalid_grant", error_description: "expired access/refresh token" });
});

test("a session ends after two hours with INVALID_SESSION_ID", async () => {
  let machineNow = Date.now();
  const sandbox = await serve({ machineNow: () => machineNow });
  const client = await connect(sandbox);
  expect((await client.query("SELECT COUNT() FROM User")).status).toBe(200);
  machineNow += 7_200_000;
  const { status, json } = await client.query("SELECT COUNT() FROM User");
  expect([status, json]).toEqual([
    401,
    [{ message: "Session expired or invalid", errorCode: "INVALID_SESSION_ID" }],
  ]);
});

test("a call without a session is refused", async () => {
  const sandbox = await serve();
  const response = await fetch(`${sandbox.url}/services/data/v60.0/limits`);
  expect([response.status, await response.json()]).toEqual([
    401,
    [{ message: "INVALID_HEADER_TYPE", errorCode: "INVALID_AUTH_HEADER" }],
  ]);
});

test("userinfo names user and org, and refuses a bad token", async () => {
  const sandbox = await serve();
  const userinfo = (token: string) =>
    fetch(`${sandbox.url}/services/oauth2/userinfo`, { headers: { Authorization: `Bearer ${token}` } });
  const good = (await (await userinfo(await signIn(sandbox))).json()) as Record<string, string>;
  expect(good["username"]).toBe(sandbox.credentials().username);
  expect(good["id"]).toBe(`${sandbox.url}/id/${good["organization_id"]}/${good["user_id"]}`);
  const bad = await userinfo("wrong");
  expect([bad.status, await bad.text()]).toEqual([403, "Bad_OAuth_Token"]);
});
