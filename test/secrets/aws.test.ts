import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { beforeAll, expect, it, onTestFinished } from "vitest";
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

it.each([
  ["AccessDeniedException", "Access to KMS is not allowed"],
  [
    "AccessDeniedException",
    "User: arn:aws:iam::1:user/u is not authorized to perform: kms:Decrypt on the resource",
  ],
  [
    "DecryptionFailure",
    "Secrets Manager can't decrypt the protected secret text using the provided KMS key.",
  ],
])("tells a key that may not be used from a secret that may not be read: %s, %s", async (type, message) => {
  const { endpoint } = await answering(400, { __type: type, message });
  expect(await refusal(endpoint)).toMatchObject({
    reason: "credentials-refused",
    message:
      "secret moraine/salesforce can't be read: AWS does not let us use the key that it is encrypted with",
    expected: expect.stringContaining("kms:Decrypt") as string,
  });
});

it("tells a secret marked for deletion from one that is not there", async () => {
  const { endpoint } = await answering(400, {
    __type: "InvalidRequestException",
    message: "You can't perform this operation on the secret because it was marked for deletion.",
  });
  expect(await refusal(endpoint)).toMatchObject({
    reason: "missing-secret",
    message: "secret moraine/salesforce is marked for deletion",
    next: "aws secretsmanager restore-secret --secret-id moraine/salesforce",
  });
});

it("tells a stage that the secret has not from a secret that is not there", async () => {
  const { endpoint } = await answering(400, {
    __type: "ResourceNotFoundException",
    message: "Secrets Manager can't find the specified secret value for staging label: AWSPENDING",
  });
  const error: unknown = await awsSecrets({ endpoint, versionStage: "AWSPENDING" })
    .get("moraine/salesforce")
    .catch((reason: unknown) => reason);
  expect(error).toMatchObject({ message: "secret moraine/salesforce has no version AWSPENDING" });
});

it("asks for the version that the config names, a pinned secret by its id", async () => {
  const { endpoint, requests } = await answering(200, { SecretString: '{"clientId":"abc"}' });
  const secrets = awsSecrets({ endpoint, versionStage: "AWSPENDING", versionIds: { pinned: "v-1" } });
  await secrets.get("moraine/salesforce");
  await secrets.get("pinned");
  expect(requests).toEqual([
    'secretsmanager.GetSecretValue {"SecretId":"moraine/salesforce","VersionStage":"AWSPENDING"}',
    'secretsmanager.GetSecretValue {"SecretId":"pinned","VersionId":"v-1"}',
  ]);
});

it("says that nobody answers", async () => {
  expect(await refusal("http://127.0.0.1:1")).toMatchObject({ reason: "unreachable", retryable: true });
});
