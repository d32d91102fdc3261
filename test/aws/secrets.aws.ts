import {
  CreateSecretCommand,
  DeleteSecretCommand,
  PutSecretValueCommand,
  SecretsManagerClient,
} from "@aws-sdk/client-secrets-manager";
import Database from "better-sqlite3";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it, onTestFinished } from "vitest";
import { type Failure, FailureError } from "../../framework/event/failure.ts";
import { openSalesforce } from "../../framework/salesforce/salesforce-org.ts";
import { type Sandbox, startSandbox } from "../../framework/sandbox/sandbox.ts";
import { awsSecrets, type AwsSecretsOptions } from "../../framework/secrets/aws-secrets.ts";
import { cachingSecrets } from "../../framework/secrets/caching-secrets.ts";
import type { SecretProvider } from "../../framework/secrets/secret-provider.ts";

const manager = new SecretsManagerClient({});

/** A secret of its own for each test. */
async function makeSecret(name: string, value: string | Uint8Array): Promise<string> {
  const content = typeof value === "string" ? { SecretString: value } : { SecretBinary: value };
  await manager.send(new CreateSecretCommand({ Name: name, ...content }));
  return name;
}

async function putVersion(name: string, value: object, stage = "AWSCURRENT"): Promise<string> {
  const { VersionId } = await manager.send(
    new PutSecretValueCommand({
      SecretId: name,
      SecretString: JSON.stringify(value),
      VersionStages: [stage],
    }),
  );
  if (VersionId === undefined) throw new Error("expected a version, got none");
  return VersionId;
}

async function failureOf(name: string, options: AwsSecretsOptions = {}): Promise<Failure> {
  const error: unknown = await awsSecrets(options)
    .get(name)
    .catch((reason: unknown) => reason);
  if (error instanceof FailureError) return error.failure;
  throw new Error("expected a failure", { cause: error });
}

it("reads the version that the config names: by stage, by id, and the current one without either", async () => {
  const name = await makeSecret("secrets/versions", '{"clientId":"first"}');
  const second = await putVersion(name, { clientId: "second" });
  await putVersion(name, { clientId: "third" }, "AWSPENDING");
  expect(await awsSecrets().get(name)).toEqual({ clientId: "second" });
  expect(await awsSecrets({ versionStage: "AWSPENDING" }).get(name)).toEqual({ clientId: "third" });
  expect(await awsSecrets({ versionStage: "AWSPREVIOUS" }).get(name)).toEqual({ clientId: "first" });
  await putVersion(name, { clientId: "fourth" });
  expect(await awsSecrets({ versionIds: { [name]: second } }).get(name)).toEqual({ clientId: "second" });
});

it("tells a version that is not there, a secret without a value and no secret apart", async () => {
  const name = await makeSecret("secrets/no-version", '{"clientId":"abc"}');
  const id = "00000000-0000-4000-8000-000000000000";
  expect(await failureOf(name, { versionIds: { [name]: id } })).toMatchObject({
    reason: "missing-secret",
    message: `secret ${name} has no version ${id}`,
    next: `aws secretsmanager list-secret-version-ids --secret-id ${name}`,
  });
  await manager.send(new CreateSecretCommand({ Name: "secrets/empty" }));
  expect(await failureOf("secrets/empty")).toMatchObject({
    reason: "missing-secret",
    message: "secret secrets/empty has no value yet",
    next: expect.stringMatching(/^aws secretsmanager put-secret-value/) as string,
  });
  expect(await failureOf("secrets/nowhere")).toMatchObject({
    reason: "missing-secret",
    message: "secret secrets/nowhere is not in Secrets Manager",
  });
});

it("says of a secret marked for deletion how to restore it", async () => {
  const name = await makeSecret("secrets/deleted", '{"clientId":"abc"}');
  await manager.send(new DeleteSecretCommand({ SecretId: name, RecoveryWindowInDays: 7 }));
  expect(await failureOf(name)).toMatchObject({
    reason: "missing-secret",
    message: "secret secrets/deleted is marked for deletion",
    next: "aws secretsmanager restore-secret --secret-id secrets/deleted",
  });
});

it.each([
  ["not-json", "hunter2", "text that is not JSON"],
  ["an-array", '["hunter2"]', "an array"],
  ["a-number", '{"password":{"hunter2":1}}', "field password of another type"],
  ["nothing", "{}", "an empty object"],
  ["binary", new TextEncoder().encode("hunter2"), undefined],
])("refuses a secret that is %s, and does not show it", async (form, value, got) => {
  const failure = await failureOf(await makeSecret(`secrets/${form}`, value));
  expect(failure).toMatchObject({
    reason: "missing-secret",
    retryable: false,
    ...(got === undefined ? {} : { got }),
  });
  expect(JSON.stringify(failure)).not.toContain("hunter2");
});

/** An org whose client secret can be replaced, as an administrator does it. */
async function rotatingOrg(): Promise<{ sandbox: Sandbox; rotate: () => object }> {
  const dir = mkdtempSync(join(tmpdir(), "moraine-org-"));
  const dbPath = join(dir, "sandbox.db");
  const sandbox = await startSandbox({ dbPath, users: 20 });
  onTestFinished(async () => {
    await sandbox.close();
    rmSync(dir, { recursive: true, force: true });
  });
  const rotate = () => {
    const db = new Database(dbPath);
    const next = { ...sandbox.credentials(), clientSecret: "R0TATED".repeat(6) };
    db.prepare("UPDATE setting SET value = ? WHERE name = 'credentials'").run(JSON.stringify(next));
    db.close();
    return credentialsOf(sandbox);
  };
  return { sandbox, rotate };
}

/** For the grant that lives by the client's secret. */
function credentialsOf(sandbox: Sandbox): object {
  const { url, clientId, clientSecret } = sandbox.credentials();
  return { url, clientId, clientSecret, auth: "client-credentials" };
}

async function signIn(secretName: string, secrets: SecretProvider) {
  const logs: string[] = [];
  const org = await openSalesforce({
    secrets,
    secretName,
    clock: { now: () => new Date(), sleep: async () => {} },
    signal: new AbortController().signal,
    log: (message) => void logs.push(message),
  });
  return { org, logs };
}

it("goes on with the new credentials when they are rotated in the middle of a run", async () => {
  const { sandbox, rotate } = await rotatingOrg();
  const name = await makeSecret("secrets/rotated", JSON.stringify(credentialsOf(sandbox)));
  const { org, logs } = await signIn(name, cachingSecrets(awsSecrets()));
  expect((await org.sweep("User", "SystemModstamp", { method: "rest", expectedRows: 20 })).size).toBe(20);

  await putVersion(name, rotate());
  await fetch(`${sandbox.url}/sandbox/faults`, {
    method: "POST",
    body: JSON.stringify({ kind: "401", times: 1 }),
  });
  expect((await org.sweep("User", "SystemModstamp", { method: "rest", expectedRows: 20 })).size).toBe(20);
  expect(logs).toContain(
    "Salesforce refused the credentials; secret secrets/rotated has changed, signing in with the new ones",
  );

  const outdated = signIn(name, awsSecrets({ versionStage: "AWSPREVIOUS" }));
  await expect(outdated).rejects.toMatchObject({ failure: { reason: "credentials-refused" } });
});
