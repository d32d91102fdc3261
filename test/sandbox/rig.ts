import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { SignJWT, importPKCS8 } from "jose";
import jsforce from "jsforce";
import type { Connection } from "jsforce";
import { onTestFinished } from "vitest";

import { startSandbox } from "../../framework/sandbox/sandbox.ts";
import type { Sandbox, SandboxOptions } from "../../framework/sandbox/sandbox.ts";

/** A new file for an org, removed with its folder when the test ends. */
export function temporaryFile(): string {
  const dir = mkdtempSync(join(tmpdir(), "moraine-sandbox-"));
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }));
  return join(dir, "sandbox.db");
}

/** Serves an org until the test ends. */
export async function serve(options: Partial<SandboxOptions> = {}): Promise<Sandbox> {
  const sandbox = await startSandbox({ dbPath: temporaryFile(), users: 50, ...options });
  onTestFinished(() => sandbox.close());
  return sandbox;
}

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  // oxlint-disable-next-line typescript/no-explicit-any -- tests look into many shapes of JSON
  readonly json: any;
}

async function answerOf(response: Response): Promise<Answer> {
  const text = await response.text();
  const isJson = response.headers.get("content-type")?.includes("json") === true;
  return {
    status: response.status,
    headers: response.headers,
    text,
    json: isJson ? JSON.parse(text) : undefined,
  };
}

/** Sends a form to the token endpoint. */
export async function requestToken(sandbox: Sandbox, form: Record<string, string>): Promise<Answer> {
  return answerOf(
    await fetch(`${sandbox.url}/services/oauth2/token`, { method: "POST", body: new URLSearchParams(form) }),
  );
}

export interface AssertionClaims {
  readonly iss?: string;
  readonly sub?: string;
  readonly aud?: string;
  /** Seconds from now. */
  readonly lifetime?: number;
  readonly privateKey?: string;
}

/** A signed JWT bearer assertion; claims default to those that the org accepts. */
export async function signAssertion(sandbox: Sandbox, claims: AssertionClaims = {}): Promise<string> {
  const { clientId, username, privateKey } = sandbox.credentials();
  const { iss = clientId, sub = username, aud = sandbox.url, lifetime = 180 } = claims;
  return new SignJWT({})
    .setProtectedHeader({ alg: "RS256" })
    .setIssuer(iss)
    .setSubject(sub)
    .setAudience(aud)
    .setExpirationTime(Math.floor(Date.now() / 1000) + lifetime)
    .sign(await importPKCS8(claims.privateKey ?? privateKey, "RS256"));
}

export const jwtGrant = "urn:ietf:params:oauth:grant-type:jwt-bearer";

/** Signs in by client credentials. */
export async function signIn(sandbox: Sandbox): Promise<string> {
  const { clientId, clientSecret } = sandbox.credentials();
  const { json } = await requestToken(sandbox, {
    grant_type: "client_credentials",
    client_id: clientId,
    client_secret: clientSecret,
  });
  return json.access_token as string;
}

export interface Client {
  readonly token: string;
  call(path: string, init?: RequestInit): Promise<Answer>;
  /** `/services/data/v60.0/query` */
  query(soql: string, headers?: Record<string, string>): Promise<Answer>;
  /** The names of the users that a query finds, in its order. */
  ids(where: string): Promise<string[]>;
}

/** A signed-in client over plain HTTP. */
export async function connect(sandbox: Sandbox): Promise<Client> {
  const token = await signIn(sandbox);
  const call = async (path: string, init: RequestInit = {}): Promise<Answer> =>
    answerOf(
      await fetch(sandbox.url + path, {
        ...init,
        headers: { Authorization: `Bearer ${token}`, ...(init.headers as Record<string, string>) },
      }),
    );
  const query = (soql: string, headers: Record<string, string> = {}): Promise<Answer> =>
    call(`/services/data/v60.0/query?q=${encodeURIComponent(soql)}`, { headers });
  return {
    token,
    call,
    query,
    async ids(where) {
      const { json } = await query(`SELECT Id, LastName FROM User ${where}`);
      return (json.records as { LastName: string }[]).map((record) => record.LastName);
    },
  };
}

/** Sends a command to the control API. */
export async function control(
  sandbox: Sandbox,
  method: string,
  path: string,
  body?: unknown,
): Promise<Answer> {
  const init = body === undefined ? {} : { body: typeof body === "string" ? body : JSON.stringify(body) };
  return answerOf(await fetch(`${sandbox.url}/sandbox/${path}`, { method, ...init }));
}

/** jsforce, signed in by JWT bearer as the pipeline does it. */
export async function jsforceConnection(sandbox: Sandbox, version = "60.0"): Promise<Connection> {
  const conn = new jsforce.Connection({ loginUrl: sandbox.url, version });
  await conn.authorize({ grant_type: jwtGrant, assertion: await signAssertion(sandbox) });
  return conn;
}
