import type { SecretsManagerClient } from "@aws-sdk/client-secrets-manager";
import { fail, type Failure } from "../event/failure.ts";
import { parseSecret } from "./parse-secret.ts";
import type { SecretProvider } from "./secret-provider.ts";

/** Where Secrets Manager is. Both default to what the AWS SDK finds in environment and profile. */
export interface AwsSecretsOptions {
  readonly region?: string;
  readonly endpoint?: string;
}

/** Secrets from AWS Secrets Manager: the `SecretString` of each, a JSON object of string fields. */
export function awsSecrets(options: AwsSecretsOptions = {}): SecretProvider {
  let client: Promise<SecretsManagerClient> | undefined;
  const where =
    options.endpoint ?? `Secrets Manager${options.region === undefined ? "" : ` in ${options.region}`}`;
  return {
    name: "aws-secrets-manager",
    get: async (name, { signal } = {}) => {
      const { GetSecretValueCommand } = await import("@aws-sdk/client-secrets-manager");
      client ??= openClient(options);
      let text: string | undefined;
      try {
        const answer = await (
          await client
        ).send(
          new GetSecretValueCommand({ SecretId: name }),
          signal === undefined ? {} : { abortSignal: signal },
        );
        text = answer.SecretString;
      } catch (error) {
        signal?.throwIfAborted();
        return fail(awsFailure(error, name, where), error);
      }
      if (text === undefined) {
        return fail({
          reason: "missing-secret",
          message: `secret ${name} holds binary data`,
          retryable: false,
          expected: "SecretString, a JSON object of string fields",
          where,
        });
      }
      return parseSecret(text, { name, where });
    },
  };
}

async function openClient(options: AwsSecretsOptions): Promise<SecretsManagerClient> {
  const { SecretsManagerClient } = await import("@aws-sdk/client-secrets-manager");
  return new SecretsManagerClient({ ...options });
}

const refusals = new Set([
  "AccessDeniedException",
  "UnrecognizedClientException",
  "InvalidClientTokenId",
  "InvalidSignatureException",
  "SignatureDoesNotMatch",
  "ExpiredTokenException",
  "ExpiredToken",
  "CredentialsProviderError",
  "DecryptionFailure",
]);

const throttles = new Set(["ThrottlingException", "TooManyRequestsException", "RequestLimitExceeded"]);

/** Says in our words what the AWS SDK threw. */
function awsFailure(error: unknown, name: string, where: string): Failure {
  const code = error instanceof Error ? error.name : "unknown error";
  const got = error instanceof Error ? `${code}: ${error.message.split("\n")[0] ?? ""}` : code;
  if (code === "ResourceNotFoundException" || code === "InvalidRequestException") {
    return {
      reason: "missing-secret",
      message: `secret ${name} is not in Secrets Manager`,
      retryable: false,
      got,
      where,
      next: `aws secretsmanager create-secret --name ${name} --secret-string '{...}'`,
    };
  }
  if (refusals.has(code)) {
    return {
      reason: "credentials-refused",
      message: `AWS refused to hand out secret ${name}`,
      retryable: false,
      expected: "credentials that may call secretsmanager:GetSecretValue and decrypt it",
      got,
      where,
      next: "aws sts get-caller-identity",
    };
  }
  if (throttles.has(code)) {
    return {
      reason: "rate-limited",
      message: `AWS throttled reading secret ${name}`,
      retryable: true,
      got,
      where,
    };
  }
  return {
    reason: "unreachable",
    message: `Secrets Manager can't be reached for secret ${name}`,
    retryable: true,
    got,
    where,
  };
}
