import { generateKeyPairSync } from "node:crypto";
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Sandbox, startSandbox } from "../../framework/sandbox/sandbox.ts";
import { control, dimension, FaultyPipeline, held } from "../support/faulty-pipeline.ts";

const pipeline = new FaultyPipeline();
const variable = "MORAINE_SECRET_MORAINE_SALESFORCE";
const wrong = "hunter2-which-nobody-may-see";
let org: Sandbox;

beforeAll(async () => {
  org = await startSandbox({ dbPath: pipeline.path(".moraine", "sandbox.db"), users: 100 });
  pipeline.edit("moraine.config.ts", '{ type: "sandbox" }', '{ type: "environment" }');
});
afterAll(() => org.close());

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

/** Everything that the runs left in `.moraine`, but the org's own file and the Python environment. */
function* left(directory: string): Generator<string> {
  for (const name of readdirSync(directory)) {
    const path = join(directory, name);
    if (name === "venv" || name.startsWith("sandbox.db")) continue;
    if (statSync(path).isDirectory()) yield* left(path);
    else yield path;
  }
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
];

describe("a secret", () => {
  it.each(refusals)("$name ends with 5, says so once and what to do", async ({ text, says }) => {
    const value = text();
    const ran = await pipeline.materialize([], { [variable]: value });
    expect([ran.code, ran.stderr]).toEqual([5, ""]);
    expect(ran.outcomes).toEqual(held);
    expect(ran.failure).toMatchObject({ ...says, retryable: false, next: expect.any(String) });
    expect(ran.events.filter((event) => event.type === "asset-retrying")).toEqual([]);
    expect(JSON.stringify(ran.events)).not.toContain(wrong);
  });

  it("that is right works after all that, and no secret is left anywhere", async () => {
    const good = { [variable]: secret() };
    const ran = await pipeline.materialize(["-v"], good);
    expect([ran.code, ran.outcomes[dimension]]).toEqual([0, "materialized"]);
    await control(org.url, "POST", "faults", { kind: "401", match: "/query", times: null });
    const refused = await pipeline.project.start(["materialize", "-v", "--plain"], good).finished;
    await control(org.url, "DELETE", "faults");
    expect(refused.code).toBe(5);
    expect(refused.stdout).toContain("Salesforce refused a session that it had just given");
    expect((await pipeline.materialize([], good)).code).toBe(0);

    const { clientSecret, password, securityToken, privateKey } = org.credentials();
    const keyLine = privateKey.split("\n")[2] ?? "";
    const secrets = [wrong, clientSecret, password, securityToken, keyLine];
    const printed = [...ran.events.map((event) => JSON.stringify(event)), refused.stdout, refused.stderr];
    const files = [...left(pipeline.path(".moraine"))];
    expect(files.map((file) => file.split("/").at(-1))).toContain("moraine.db");
    const texts = [...printed, ...files.map((file) => readFileSync(file, "latin1"))];
    for (const one of secrets) expect(texts.filter((text) => text.includes(one))).toEqual([]);
  });
});
