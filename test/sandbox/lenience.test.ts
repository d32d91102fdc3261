import { CompactSign, importPKCS8 } from "jose";
import { expect, test } from "vitest";
import type { Sandbox } from "../../framework/sandbox/sandbox.ts";
import { jwtGrant, requestToken, serve } from "./rig.ts";

// An org that is stricter than Salesforce refuses clients that work in production.

const seconds = (more: number) => Math.floor(Date.now() / 1000) + more;

/** Signs in by an assertion of just these claims, beside issuer, audience and user. */
async function assert(sandbox: Sandbox, claims: Readonly<Record<string, unknown>>) {
  const { clientId, username, privateKey } = sandbox.credentials();
  const all = { iss: clientId, aud: sandbox.url, sub: username, exp: seconds(180), ...claims };
  const assertion = await new CompactSign(Buffer.from(JSON.stringify(all)))
    .setProtectedHeader({ alg: "RS256" })
    .sign(await importPKCS8(privateKey, "RS256"));
  const { json } = await requestToken(sandbox, { grant_type: jwtGrant, assertion });
  return json.error_description ?? json.token_type;
}

test("an assertion's expiry may be text, as in Salesforce's own example, and is checked as a number is", async () => {
  const sandbox = await serve();
  expect(await assert(sandbox, { exp: String(seconds(180)) })).toBe("Bearer");
  expect(await assert(sandbox, { exp: String(seconds(-60)) })).toBe("expired authorization code");
  expect(await assert(sandbox, { exp: String(seconds(400)) })).toBe("invalid assertion");
  for (const exp of ["soon", "", null, undefined, true])
    expect(await assert(sandbox, { exp })).toBe("invalid assertion");
});

test("an assertion's user may stand in prn, which counts over sub, and in any case", async () => {
  const sandbox = await serve();
  const { username } = sandbox.credentials();
  expect(await assert(sandbox, { sub: undefined, prn: username })).toBe("Bearer");
  expect(await assert(sandbox, { prn: "x@example.com" })).toBe("user hasn't approved this consumer");
  expect(await assert(sandbox, { sub: username.toUpperCase() })).toBe("Bearer");
});

test("a client may say who it is by an Authorization header, in the body or in the address", async () => {
  const sandbox = await serve();
  const { clientId, clientSecret } = sandbox.credentials();
  const ask = async (query: string, body: Record<string, string>, client?: string) => {
    const answer = await fetch(`${sandbox.url}/services/oauth2/token${query}`, {
      method: "POST",
      body: new URLSearchParams(body),
      headers: client === undefined ? {} : { Authorization: `Basic ${btoa(client)}` },
    });
    const json = (await answer.json()) as Record<string, string>;
    return json["error"] ?? json["token_type"];
  };
  const grant = { grant_type: "client_credentials" };
  const both = { client_id: clientId, client_secret: clientSecret };
  expect(await ask("", grant, `${clientId}:${clientSecret}`)).toBe("Bearer");
  expect(await ask("", { ...grant, ...both })).toBe("Bearer");
  expect(await ask(`?${new URLSearchParams({ ...grant, ...both }).toString()}`, {})).toBe("Bearer");
  expect(await ask("", grant, `${clientId}:wrong`)).toBe("invalid_client");
  expect(await ask("", grant, `other:${clientSecret}`)).toBe("invalid_client_id");
  expect(await ask("", grant, "no colon")).toBe("invalid_client_id");
  expect(await ask("", grant)).toBe("invalid_client_id");
});

test("the token is answered url-encoded when asked, identity by POST, and a token is revoked by GET", async () => {
  const sandbox = await serve();
  const { clientId, clientSecret } = sandbox.credentials();
  const form = { grant_type: "client_credentials", client_id: clientId, client_secret: clientSecret };
  const answer = await fetch(`${sandbox.url}/services/oauth2/token`, {
    method: "POST",
    body: new URLSearchParams({ ...form, format: "urlencoded" }),
  });
  const token = new URLSearchParams(await answer.text()).get("access_token") ?? "";
  const identity = async () =>
    (
      await fetch(`${sandbox.url}/services/oauth2/userinfo?access_token=${encodeURIComponent(token)}`, {
        method: "POST",
      })
    ).status;
  expect(await identity()).toBe(200);
  expect(
    (await fetch(`${sandbox.url}/services/oauth2/revoke?token=${encodeURIComponent(token)}`)).status,
  ).toBe(200);
  expect(await identity()).toBe(403);
});

test("SOAP login is served for the enterprise API as well, whatever the case of the user's name", async () => {
  const sandbox = await serve();
  const { username, password, securityToken } = sandbox.credentials();
  const login = (api: string) =>
    fetch(`${sandbox.url}/services/Soap/${api}/64.0`, {
      method: "POST",
      headers: { "Content-Type": "text/xml", SOAPAction: "login" },
      body: `<Envelope><Body><login><username>${username.toUpperCase()}</username><password>${password + securityToken}</password></login></Body></Envelope>`,
    });
  expect([(await login("u")).status, (await login("c")).status, (await login("x")).status]).toEqual([
    200, 200, 404,
  ]);
});
