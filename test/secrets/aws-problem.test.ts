import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, onTestFinished, vi } from "vitest";
import { type Failure, FailureError } from "../../framework/event/failure.ts";
import { awsSecrets, type AwsSecretsOptions } from "../../framework/secrets/aws-secrets.ts";
import { awsProblem } from "../../framework/util/aws-problem.ts";

function awsError(name: string, message: string): Error {
  return Object.assign(new Error(message), { name });
}

it.each([
  [
    "CredentialsProviderError",
    "Could not load credentials from any providers",
    "no AWS credentials were found",
  ],
  ["CredentialsProviderError", "The SSO session token associated with profile=p was not found", "expired"],
  ["ExpiredTokenException", "The security token included in the request is expired", "expired"],
  ["AccessDenied", "User: u is not authorized to perform: sts:AssumeRole on resource: r", "assume the role"],
  ["AccessDeniedException", "Access to KMS is not allowed", "use the key"],
  [
    "AccessDeniedException",
    "User: u is not authorized to perform: glue:GetTable on resource: t",
    "refused the request",
  ],
  [
    "InvalidSignatureException",
    "Signature expired: 20261126T000000Z is now earlier than ...",
    "the wrong time",
  ],
  ["InvalidSignatureException", "The request signature we calculated does not match", "refused the request"],
])("takes %s, %s for refused credentials: %s", (name, message, summary) => {
  expect(awsProblem(awsError(name, message))).toMatchObject({
    reason: "credentials-refused",
    retryable: false,
    text: `${name}: ${message}`,
    summary: expect.stringContaining(summary) as string,
  });
});

it.each([
  ["SlowDown", "Please reduce your request rate.", "rate-limited", true],
  ["TimeoutError", "connect timed out", "unreachable", true],
  ["EntityNotFoundException", "Table not found", undefined, false],
])("takes %s, %s for %s", (name, message, reason, retryable) => {
  expect(awsProblem(awsError(name, message))).toMatchObject({ reason, retryable });
});

it("names the profile in what to do", () => {
  const missing = awsError("CredentialsProviderError", "Could not load credentials from any providers");
  expect(awsProblem(missing, "prod").help.next).toContain("--profile prod");
  expect(awsProblem(missing, undefined).help.next).toContain("set AWS_PROFILE");
  expect(awsProblem(awsError("ExpiredToken", "expired"), "prod").help.next).toContain(
    "aws sso login --profile prod",
  );
});

// What the SDK's own chain throws, of a configuration that is wrong.
describe("the AWS SDK", () => {
  beforeEach(() => {
    const dir = mkdtempSync(join(tmpdir(), "moraine-aws-"));
    onTestFinished(() => rmSync(dir, { recursive: true, force: true }));
    const config = join(dir, "config");
    writeFileSync(
      config,
      [
        "[profile bare]",
        "[profile role]",
        "role_arn = arn:aws:iam::123456789012:role/etl",
        "source_profile = nowhere",
        "[profile sso]",
        "sso_session = s",
        "sso_account_id = 123456789012",
        "sso_role_name = etl",
        "[sso-session s]",
        "sso_region = eu-west-1",
        "sso_start_url = https://example.awsapps.com/start",
      ].join("\n"),
    );
    for (const name of Object.keys(process.env)) if (name.startsWith("AWS_")) vi.stubEnv(name, undefined);
    vi.stubEnv("AWS_CONFIG_FILE", config);
    vi.stubEnv("AWS_SHARED_CREDENTIALS_FILE", join(dir, "none"));
    vi.stubEnv("AWS_EC2_METADATA_DISABLED", "true");
    vi.stubEnv("AWS_MAX_ATTEMPTS", "1");
  });
  afterEach(() => void vi.unstubAllEnvs());

  async function failureOf(options: AwsSecretsOptions, environment: Readonly<Record<string, string>>) {
    for (const [name, value] of Object.entries(environment)) vi.stubEnv(name, value);
    const error: unknown = await awsSecrets(options)
      .get("moraine/salesforce")
      .catch((reason: unknown) => reason);
    if (error instanceof FailureError) return error.failure;
    throw new Error("expected a failure", { cause: error });
  }
  const keys = { AWS_ACCESS_KEY_ID: "a", AWS_SECRET_ACCESS_KEY: "b" };
  const nobody = "http://127.0.0.1:1";

  it.each<[string, AwsSecretsOptions, Readonly<Record<string, string>>, Partial<Failure>]>([
    ["no credentials", { region: "eu-west-1" }, {}, { reason: "credentials-refused" }],
    [
      "a profile without credentials",
      { region: "eu-west-1" },
      { AWS_PROFILE: "bare" },
      { reason: "credentials-refused" },
    ],
    [
      "a role over no profile",
      { region: "eu-west-1" },
      { AWS_PROFILE: "role" },
      { reason: "credentials-refused" },
    ],
    [
      "a session that nobody opened",
      { region: "eu-west-1" },
      { AWS_PROFILE: "sso" },
      { reason: "credentials-refused" },
    ],
    [
      "a target's profile that is none",
      { region: "eu-west-1", profile: "gone" },
      {},
      { reason: "credentials-refused" },
    ],
    ["no region", {}, keys, { reason: "credentials-refused" }],
    ["no region of that form", { region: "eu west 1" }, keys, { reason: "credentials-refused" }],
    [
      "nobody there",
      { region: "eu-west-1", endpoint: nobody },
      keys,
      { reason: "unreachable", retryable: true },
    ],
  ])("with %s is told what to do", async (_, options, environment, expected) => {
    const failure = await failureOf(options, environment);
    expect(failure).toMatchObject(expected);
    if (failure.retryable) return;
    const profile = options.profile ?? environment["AWS_PROFILE"];
    expect(failure.next).toContain(profile === undefined ? "set AWS_" : `--profile ${profile}`);
  });
});
