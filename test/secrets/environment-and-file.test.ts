import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { type Failure, FailureError } from "../../framework/event/failure.ts";
import { createSecretProvider } from "../../framework/secrets/create-secret-provider.ts";
import type { SecretProvider } from "../../framework/secrets/secret-provider.ts";

async function failureOf(reading: Promise<unknown>): Promise<Failure> {
  const error: unknown = await reading.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (error instanceof FailureError) return error.failure;
  throw new Error("expected a failure", { cause: error });
}

describe("environment", () => {
  const provider = (environment: Record<string, string>) =>
    createSecretProvider({ type: "environment" }, { projectDir: "/", environment });

  it("reads MORAINE_SECRET_<NAME>", async () => {
    const secrets = provider({ MORAINE_SECRET_MORAINE_SALESFORCE: '{"clientId":"abc"}' });
    expect(await secrets.get("moraine/salesforce")).toEqual({ clientId: "abc" });
  });

  it("names the variable that is missing", async () => {
    expect(await failureOf(provider({}).get("moraine/salesforce"))).toMatchObject({
      reason: "missing-secret",
      retryable: false,
      expected: "MORAINE_SECRET_MORAINE_SALESFORCE, a JSON object of string fields",
    });
  });

  it.each([
    ["hunter2-not-json", "text that is not JSON"],
    ['["hunter2"]', "an array"],
    ['{"password":{"hunter2":1}}', "field password of another type"],
    ["{}", "an empty object"],
  ])("refuses %s without showing it", async (text, got) => {
    const failure = await failureOf(provider({ MORAINE_SECRET_X: text }).get("x"));
    expect(failure).toMatchObject({ reason: "missing-secret", got });
    expect(JSON.stringify(failure)).not.toContain("hunter2");
  });
});

describe("file", () => {
  function provider(text: string, mode = 0o600): SecretProvider {
    const dir = mkdtempSync(join(tmpdir(), "moraine-secrets-"));
    onTestFinished(() => rmSync(dir, { recursive: true, force: true }));
    const path = join(dir, "secrets.json");
    writeFileSync(path, text);
    chmodSync(path, mode);
    return createSecretProvider({ type: "file", path: "secrets.json" }, { projectDir: dir });
  }

  it("reads a secret by its name", async () => {
    const secrets = provider('{"moraine/salesforce":{"clientId":"abc"}}');
    expect(await secrets.get("moraine/salesforce")).toEqual({ clientId: "abc" });
  });

  it.each([0o644, 0o640, 0o604, 0o620])("refuses a file of mode %o", async (mode) => {
    const failure = await failureOf(provider('{"x":{"a":"hunter2"}}', mode).get("x"));
    expect(failure).toMatchObject({
      reason: "missing-secret",
      next: expect.stringContaining("chmod 600") as string,
    });
    expect(failure.message).toContain("may be read by others");
  });

  it("suggests the nearest name", async () => {
    const failure = await failureOf(provider('{"moraine/salesforce":{"a":"b"}}').get("moraine/salesforc"));
    expect(failure).toMatchObject({ reason: "missing-secret", next: "did you mean moraine/salesforce?" });
  });

  it.each(["hunter2", "[1]", '{"x": "hunter2"}'])("refuses %s without showing it", async (text) => {
    const failure = await failureOf(provider(text).get("x"));
    expect(failure.reason).toBe("missing-secret");
    expect(JSON.stringify(failure)).not.toContain("hunter2");
  });

  it("says that there is no file", async () => {
    const secrets = createSecretProvider({ type: "file", path: "nowhere.json" }, { projectDir: "/nowhere" });
    expect((await failureOf(secrets.get("x"))).message).toContain("ENOENT");
  });
});
