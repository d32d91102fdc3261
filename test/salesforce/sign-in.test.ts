import { generateKeyPairSync } from "node:crypto";
import { decodeJwt } from "jose";
import { describe, expect, it } from "vitest";
import { chooseSignIn } from "../../framework/salesforce/grant.ts";
import { clockSkew, signAssertion } from "../../framework/salesforce/jwt-assertion.ts";
import { serveOrg, signIn } from "./rig.ts";

const strangeKey = () =>
  generateKeyPairSync("rsa", { modulusLength: 2048 }).privateKey.export({ type: "pkcs8", format: "pem" });

describe("the grant", () => {
  const all = {
    clientId: "c",
    clientSecret: "s",
    username: "u",
    password: "p",
    privateKey: "k",
    refreshToken: "r",
  };
  const without = (...names: string[]) =>
    Object.fromEntries(Object.entries(all).filter(([name]) => !names.includes(name)));

  it.each([
    [all, "jwt-bearer"],
    [without("privateKey"), "refresh-token"],
    [without("privateKey", "refreshToken"), "password"],
    [{ clientId: "c", clientSecret: "s" }, "client-credentials"],
    [{ ...all, auth: "client-credentials" }, "client-credentials"],
    [{ username: "u", password: "p", auth: "soap" }, "soap"],
  ])("of %o is %s", (secret, grant) => {
    expect(chooseSignIn(secret, { name: "x" }).grant).toBe(grant);
  });

  it("is never SOAP unless asked for", () => {
    expect(() => chooseSignIn({ username: "u", password: "p" }, { name: "x" })).toThrow(
      "does not say how to sign in",
    );
  });

  it("that is asked for and lacks fields says which", () => {
    let failure;
    try {
      chooseSignIn({ clientId: "c", auth: "jwt-bearer" }, { name: "x" });
    } catch (error) {
      failure = (error as { failure: unknown }).failure;
    }
    expect(failure).toMatchObject({
      reason: "missing-secret",
      expected: "clientId, username, privateKey for jwt-bearer",
      got: "auth, clientId",
    });
  });

  it("sends credentials over plain HTTP to this machine only", () => {
    expect(() => chooseSignIn({ ...all, url: "http://login.example.com" }, { name: "x" })).toThrow(
      "does not say how",
    );
    expect(chooseSignIn({ ...all, loginUrl: "http://127.0.0.1:7440/" }, { name: "x" }).loginUrl).toBe(
      "http://127.0.0.1:7440",
    );
  });
});

describe("the assertion", () => {
  it("lives for three minutes and is for the login URL", async () => {
    const now = new Date("2026-01-05T12:00:00Z");
    const options = { clientId: "app", username: "user", audience: "https://login.salesforce.com", now };
    const claims = decodeJwt(await signAssertion({ ...options, privateKey: String(strangeKey()) }));
    expect(claims).toEqual({
      iss: "app",
      sub: "user",
      aud: options.audience,
      iat: now.getTime() / 1000,
      exp: now.getTime() / 1000 + 180,
    });
  });

  it("takes a key whose line ends are written as two characters", async () => {
    const privateKey = String(strangeKey()).replaceAll("\n", "\\n");
    await signAssertion({ clientId: "a", username: "b", audience: "c", now: new Date(), privateKey });
  });

  it.each([
    "hunter2",
    generateKeyPairSync("ed25519").privateKey.export({ type: "pkcs8", format: "pem" }).toString(),
  ])("refuses a key that is none, without showing it", async (privateKey) => {
    const signing = signAssertion({
      clientId: "a",
      username: "b",
      audience: "c",
      now: new Date(),
      privateKey,
    });
    await expect(signing).rejects.toMatchObject({
      failure: { reason: "missing-secret", expected: "an RSA private key in PEM form, not encrypted" },
    });
    await expect(signing).rejects.not.toThrow(privateKey);
  });
});

it.each([
  [-30, undefined],
  [100, undefined],
  [-600, "this machine's clock is 10 min behind the server's"],
  [250, "this machine's clock is 4 min ahead of the server's"],
  [-7_200, "this machine's clock is 2 h behind the server's"],
])("tells a clock that is off by %i s", (seconds, text) => {
  const server = new Date("2026-01-05T12:00:00Z");
  expect(clockSkew(new Date(server.getTime() + seconds * 1000), server)).toBe(text);
});

describe("against an org", () => {
  it.each(["jwt-bearer", "client-credentials", "password", "soap"])("signs in by %s", async (auth) => {
    const sandbox = await serveOrg();
    const { org, logs } = await signIn({ given: [{ ...sandbox.credentials(), auth }] });
    expect(org?.id).toMatch(/^00D\w{15}$/);
    expect(logs.some((line) => line.startsWith("warn: SOAP"))).toBe(auth === "soap");
  });

  it("signs in by refresh token, and says that one is no longer good", async () => {
    const sandbox = await serveOrg();
    const { url, clientId, clientSecret } = sandbox.credentials();
    const redirect = new URLSearchParams({
      response_type: "code",
      client_id: clientId,
      redirect_uri: "http://localhost/callback",
    });
    const authorized = await fetch(`${url}/services/oauth2/authorize?${redirect.toString()}`, {
      redirect: "manual",
    });
    const code = new URL(authorized.headers.get("location") ?? "").searchParams.get("code") ?? "";
    const form = new URLSearchParams({
      grant_type: "authorization_code",
      code,
      client_id: clientId,
      client_secret: clientSecret,
      redirect_uri: "http://localhost/callback",
    });
    const answer = await fetch(`${url}/services/oauth2/token`, { method: "POST", body: form });
    const { refresh_token: refreshToken } = (await answer.json()) as { refresh_token: string };
    const secret = { url, clientId, clientSecret, refreshToken };
    expect((await signIn({ given: [secret] })).org?.id).toMatch(/^00D/);
    const { failure } = await signIn({ given: [{ ...secret, refreshToken: "gone" }] });
    expect(failure).toMatchObject({
      reason: "credentials-refused",
      got: "invalid_grant: expired access/refresh token",
    });
  });

  it.each([
    ["password", "invalid_grant"],
    ["soap", "INVALID_LOGIN"],
  ])(
    "refuses a wrong password (%s), once, in the server's words and without the password",
    async (auth, words) => {
      const sandbox = await serveOrg();
      const { privateKey: _, ...rest } = sandbox.credentials();
      const { failure, logs } = await signIn({ given: [{ ...rest, auth, password: "<hunter2&wrong>" }] });
      expect(failure).toMatchObject({ reason: "credentials-refused", retryable: false });
      expect(failure?.got).toContain(words);
      expect(JSON.stringify(failure)).not.toContain("hunter2");
      expect(logs.join("\n")).not.toContain("asking again");
    },
  );

  it("says by how much this machine's clock is off when the assertion is refused for its time", async () => {
    const sandbox = await serveOrg();
    const now = await serverNow(sandbox.url);
    const { failure } = await signIn({
      given: [{ ...sandbox.credentials() }],
      clock: { now: () => new Date(now.getTime() - 12 * 60_000 - 365 * 86_400_000), sleep: async () => {} },
    });
    expect(failure?.message).toMatch(
      /^Salesforce refused the sign-in \(jwt-bearer\); this machine's clock is \d+ h behind the server's$/,
    );
    expect(failure?.next).toContain("set this machine's clock");
  });

  it("reads the secret again, once, after a refusal: it may have been rotated", async () => {
    const sandbox = await serveOrg();
    const stale = { ...sandbox.credentials(), privateKey: String(strangeKey()) };
    const rotated = await signIn({ given: [stale, { ...sandbox.credentials() }] });
    expect(rotated.org?.id).toMatch(/^00D/);
    expect(rotated.asked).toEqual([false, true]);
    const same = await signIn({ given: [stale] });
    expect(same.failure?.reason).toBe("credentials-refused");
    expect(same.asked).toEqual([false, true]);
  });

  it("says that nobody answers", async () => {
    const sandbox = await serveOrg();
    const { failure } = await signIn({ given: [{ ...sandbox.credentials(), url: "http://127.0.0.1:1" }] });
    expect(failure).toMatchObject({ reason: "unreachable", retryable: true });
  });
});

async function serverNow(url: string): Promise<Date> {
  const answer = await fetch(`${url}/services/data`);
  return new Date(answer.headers.get("date") ?? Date.now());
}
