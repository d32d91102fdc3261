import type { GetSecretValueCommandInput, SecretsManagerClient } from "@aws-sdk/client-secrets-manager";
import { fail } from "../event/failure.ts";
import { proxyAgents } from "../util/proxy-agents.ts";
import { awsSecretFailure, putValue } from "./aws-secret-failure.ts";
import { parseSecret } from "./parse-secret.ts";
import type { SecretProvider } from "./secret-provider.ts";

/** Where Secrets Manager is, and which version of a secret is read. */
export interface AwsSecretsOptions {
  /** @default what the AWS SDK finds in environment and profile */
  readonly region?: string;
  /** @default what the AWS SDK finds in environment and profile, else AWS */
  readonly endpoint?: string;
  /** Of `~/.aws/config`; may assume a role. @default AWS_PROFILE, else "default" */
  readonly profile?: string;
  /** Staging label of the version, e.g. `AWSPENDING` or `AWSPREVIOUS`. @default "AWSCURRENT" */
  readonly versionStage?: string;
  /** Pins secrets, by name, to one version, which no rotation moves. */
  readonly versionIds?: Readonly<Record<string, string>>;
}

/** Without these an address that swallows packets, as in a subnet without a way out, would hold a run for minutes. */
const timeouts = { connectionTimeout: 5_000, requestTimeout: 20_000, throwOnRequestTimeout: true };

/** Secrets from AWS Secrets Manager: the `SecretString` of each, a JSON object of string fields. */
export function awsSecrets(options: AwsSecretsOptions = {}): SecretProvider {
  let client: Promise<SecretsManagerClient> | undefined;
  const service =
    options.endpoint ?? `Secrets Manager${options.region === undefined ? "" : ` in ${options.region}`}`;
  return {
    name: "aws-secrets-manager",
    get: async (name, { signal } = {}) => {
      const version = versionOf(name, options);
      const where = `${service}${version === undefined ? "" : `, version ${version.label}`}`;
      const { GetSecretValueCommand } = await import("./secrets-manager-client.ts");
      client ??= openClient(options);
      let text: string | undefined;
      try {
        const answer = await (
          await client
        ).send(
          new GetSecretValueCommand({ SecretId: name, ...version?.input }),
          signal === undefined ? {} : { abortSignal: signal },
        );
        text = answer.SecretString;
      } catch (error) {
        signal?.throwIfAborted();
        return fail(
          awsSecretFailure(error, { name, where, version: version?.label, profile: options.profile }),
          error,
        );
      }
      if (text === undefined) {
        return fail({
          reason: "missing-secret",
          message: `secret ${name} holds binary data`,
          retryable: false,
          expected: "SecretString, a JSON object of string fields",
          where,
          next: putValue(name),
        });
      }
      return parseSecret(text, { name, where });
    },
  };
}

interface AskedVersion {
  readonly label: string;
  readonly input: Pick<GetSecretValueCommandInput, "VersionId" | "VersionStage">;
}

/** The version that is asked for by name; none is AWS's own default, AWSCURRENT. */
function versionOf(name: string, { versionStage, versionIds }: AwsSecretsOptions): AskedVersion | undefined {
  const id = versionIds?.[name];
  if (id !== undefined) return { label: id, input: { VersionId: id } };
  return versionStage === undefined
    ? undefined
    : { label: versionStage, input: { VersionStage: versionStage } };
}

async function openClient({ region, endpoint, profile }: AwsSecretsOptions): Promise<SecretsManagerClient> {
  const { SecretsManagerClient } = await import("./secrets-manager-client.ts");
  return new SecretsManagerClient({
    ...(region === undefined ? {} : { region }),
    ...(endpoint === undefined ? {} : { endpoint }),
    ...(profile === undefined ? {} : { profile }),
    requestHandler: { ...timeouts, ...proxyAgents() },
  });
}
