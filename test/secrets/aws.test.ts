import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { FailureError } from "../../framework/event/failure.ts";
import { awsSecrets } from "../../framework/secrets/aws-secrets.ts";
import { createSecretProvider } from "../../framework/secrets/create-secret-provider.ts";

beforeAll(() => {
  process.env["AWS_ACCESS_KEY_ID"] = "testing";
  process.env["AWS_SECRET_ACCESS_KEY"] = "testing";
  process.env["AWS_REGION"] = "eu-west-1";
  process.env["AWS_MAX_ATTEMPTS"] = "1";
});

/** Speaks Secrets Manager's wire protocol (AWS JSON 1.1): one answer for every request. */
async function answering(status: number, body: object): Promise<{ endpoint: string; requests: string[] }> {
  const requests: string[] = [];
  const server = createServer((request, response) => {
    let text = "";
    request.on("data", (chunk: Buffer) => (text += chunk.toString()));
    request.on("end", () => {
      requests.push(`${String(request.headers["x-amz-target"])} ${text}`);
      response.writeHead(status, { "content-type": "application/x-amz-json-1.1" }).end(JSON.stringify(body));
    });
  });
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  onTestFinished(() => void server.close());
  return { endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, requests };
}

async function refusal(endpoint: string) {
  const error: unknown = await awsSecrets({ endpoint })
    .get("moraine/salesforce")
    .catch((reason: unknown) => reason);
  if (error instanceof FailureError) return error.failure;
  throw new Error("expected a failure", { cause: error });
}

it("reads a JSON secret by its name, once", async () => {
  const { endpoint, requests } = await answering(200, { SecretString: '{"clientId":"abc"}' });
  const secrets = createSecretProvider(
    { type: "aws-secrets-manager", region: "eu-central-1", endpoint },
    { projectDir: "/" },
  );
  expect(await secrets.get("moraine/salesforce")).toEqual({ clientId: "abc" });
  await secrets.get("moraine/salesforce");
  expect(requests).toEqual(['secretsmanager.GetSecretValue {"SecretId":"moraine/salesforce"}']);
  await secrets.get("moraine/salesforce", { fresh: true });
  expect(requests).toHaveLength(2);
});

it.each([
  [400, { __type: "ResourceNotFoundException", message: "can't find it" }, "missing-secret", false],
  [400, { __type: "AccessDeniedException", message: "not authorized" }, "credentials-refused", false],
  [400, { __type: "UnrecognizedClientException", message: "token is invalid" }, "credentials-refused", false],
  [400, { __type: "ThrottlingException", message: "slow down" }, "rate-limited", true],
  [500, { __type: "InternalServiceError", message: "sorry" }, "unreachable", true],
  [200, { SecretString: "hunter2" }, "missing-secret", false],
  [200, { SecretBinary: "aHVudGVyMg==" }, "missing-secret", false],
])("answers %i %o as a failure of its own", async (status, body, reason, retryable) => {
  const { endpoint } = await answering(status, body);
  const failure = await refusal(endpoint);
  expect(failure).toMatchObject({ reason, retryable });
  expect(JSON.stringify(failure)).not.toContain("hunter2");
});

it("says that nobody answers", async () => {
  expect(await refusal("http://127.0.0.1:1")).toMatchObject({ reason: "unreachable", retryable: true });
});

// The same against moto, where somebody serves it: `moto_server -p 5005`, MORAINE_TEST_MOTO=http://127.0.0.1:5005
describe.runIf(process.env["MORAINE_TEST_MOTO"])("moto", () => {
  const endpoint = process.env["MORAINE_TEST_MOTO"] ?? "";

  it("reads what was created, and names what was not", async () => {
    const { SecretsManagerClient, CreateSecretCommand } = await import("@aws-sdk/client-secrets-manager");
    const name = `moraine/salesforce-${process.pid}`;
    await new SecretsManagerClient({ endpoint }).send(
      new CreateSecretCommand({ Name: name, SecretString: '{"clientId":"abc"}' }),
    );
    expect(await awsSecrets({ endpoint }).get(name)).toEqual({ clientId: "abc" });
    expect(await refusal(endpoint)).toMatchObject({ reason: "missing-secret" });
  });
});
