import { generateKeyPairSync } from "node:crypto";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Sandbox, startSandbox } from "../../framework/sandbox/sandbox.ts";
import { control, dimension, FaultyPipeline, held } from "../support/faulty-pipeline.ts";
import { commandLines, found, textsBelow } from "../support/left-behind.ts";

const pipeline = new FaultyPipeline();
const variable = "MORAINE_SECRET_MORAINE_SALESFORCE";
const wrong = "hunter2-which-nobody-may-see";
let org: Sandbox;

beforeAll(async () => {
  org = await startSandbox({ dbPath: pipeline.path(".moraine", "sandbox.db"), users: 100 });
  pipeline.edit("moraine.config.ts", '{ type: "sandbox" }', '{ type: "environment" }');
});
beforeAll(async () => {
  quoting = await quotingServer();
});
afterAll(() => org.close());
afterAll(() => quoting.close());

/** A good secret with some fields replaced. */
function secret(change: Readonly<Record<string, unknown>> = {}): string {
  return JSON.stringify({ ...org.credentials(), ...change });
}

const anotherKey = () =>
  generateKeyPairSync("rsa", {
    modulusLength: 2048,
    privateKeyEncoding: { type: "pkcs8", format: "pem" },
    publicKeyEncoding: { type: "spki", format: "pem" },
  }).privateKey;

/** Given by the server that quotes. */
const session = "00Dplanted!session-which-nobody-may-see";
let quoting: { readonly url: string; close(): void };

const sentLate = (form: string) => `${"?".repeat(256)}${form.slice(form.indexOf("client_secret"))}`;

/** Signs in by password, and quotes whatever else it is sent: some so late that the answer is cut within the secret. */
async function quotingServer(): Promise<typeof quoting> {
  const server = createServer((request, response) => {
    let body = "";
    request.on("data", (chunk: Buffer) => (body += String(chunk)));
    request.on("end", () => {
      const isSignIn = request.url?.endsWith("/oauth2/token") === true;
      const [status, answer] = !isSignIn
        ? [403, `${"Denied ".repeat(24)}${request.headers.authorization}`]
        : body.includes("grant_type=password")
          ? [200, JSON.stringify({ access_token: session, instance_url: quoting.url })]
          : [400, JSON.stringify({ error: "invalid_client", error_description: sentLate(body) })];
      response.writeHead(status, { "content-type": "application/json" }).end(answer);
    });
  });
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  const { port } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}`, close: () => void server.close() };
}

const refusals: readonly {
  readonly name: string;
  readonly text: () => string;
  readonly says: Readonly<Record<string, unknown>>;
}[] = [
  {
    name: "that is absent",
    text: () => "",
    says: { reason: "missing-secret", expected: `${variable}, a JSON object of string fields` },
  },
  {
    name: "that is no JSON",
    text: () => `{"password": "${wrong}`,
    says: { reason: "missing-secret", got: "text that is not JSON", where: variable },
  },
  {
    name: "with a field that is no text",
    text: () => secret({ clientSecret: 5 }),
    says: { reason: "missing-secret", got: "field clientSecret of another type" },
  },
  {
    name: "with a key that is none",
    text: () => secret({ privateKey: `-----BEGIN PRIVATE KEY-----\n${wrong}\n-----END PRIVATE KEY-----` }),
    says: { reason: "missing-secret", got: "text that is no such key" },
  },
  {
    name: "with another app's key",
    text: () => secret({ privateKey: anotherKey() }),
    says: { reason: "credentials-refused", got: expect.stringContaining("invalid_grant") },
  },
  {
    name: "with a wrong password",
    text: () => secret({ auth: "password", password: wrong }),
    says: { reason: "credentials-refused", got: expect.stringContaining("authentication failure") },
  },
  {
    name: "with a wrong client secret",
    text: () => secret({ auth: "client-credentials", clientSecret: wrong }),
    says: { reason: "credentials-refused", got: expect.stringContaining("invalid_client") },
  },
  {
    name: "that the server quotes",
    text: () => secret({ url: quoting.url, auth: "client-credentials", clientSecret: wrong }),
    says: { reason: "credentials-refused", got: expect.stringContaining("[redacted]") },
  },
  {
    name: "whose session a proxy quotes",
    text: () => secret({ url: quoting.url, auth: "password", password: wrong }),
    says: { reason: "credentials-refused", got: expect.stringContaining("[redacted]") },
  },
];

describe("a secret", () => {
  it.each(refusals)("$name ends with 5, says so once and what to do", async ({ text, says }) => {
    const value = text();
    const ran = await pipeline.materialize([], { [variable]: value });
    expect([ran.code, ran.stderr]).toEqual([5, ""]);
    expect(ran.outcomes).toEqual(held);
    expect(ran.failure).toMatchObject({ ...says, retryable: false, next: expect.any(String) });
    expect(ran.events.filter((event) => event.type === "asset-retrying")).toEqual([]);
    expect(found({ wrong, session }, [["events", JSON.stringify(ran.events)]])).toEqual([]);
  });

  it("that is right works after all that, and no secret is left anywhere", async () => {
    const good = { [variable]: secret() };
    const running = pipeline.project.start(["materialize", "-v", "--json"], good);
    const lines: string[] = [];
    running.stdout?.on("data", () => lines.push(...commandLines()));
    const ran = await running.finished;
    expect([ran.code, ran.stdout]).toEqual([0, expect.stringContaining(`"${dimension}":"materialized"`)]);
    expect(lines.join("\n")).toContain("worker.py");
    await control(org.url, "POST", "faults", { kind: "401", match: "/query", times: null });
    const refused = await pipeline.project.start(["materialize", "-v", "--plain"], good).finished;
    await control(org.url, "DELETE", "faults");
    expect(refused.code).toBe(5);
    expect(refused.stdout).toContain("Salesforce refused a session that it had just given");
    expect((await pipeline.materialize([], good)).code).toBe(0);

    const { clientSecret, password, securityToken, privateKey } = org.credentials();
    const key = privateKey.split("\n")[2] ?? "";
    // But the org's own file and the Python environment.
    const left = textsBelow(
      pipeline.path(".moraine"),
      (name) => name === "venv" || name.startsWith("sandbox.db"),
    );
    expect(left.map(([path]) => path)).toContain(pipeline.path(".moraine", "moraine.db"));
    const printed = [ran.stdout, ran.stderr, refused.stdout, refused.stderr, ...lines];
    const texts = [...left, ...printed.map((text) => ["what was printed, or ps", text] as const)];
    expect(found({ wrong, session, clientSecret, password, securityToken, key }, texts)).toEqual([]);
  });
});
