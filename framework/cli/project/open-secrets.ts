import { createSecretProvider } from "../../secrets/create-secret-provider.ts";
import { parseSecret } from "../../secrets/parse-secret.ts";
import type { Secret, SecretProvider } from "../../secrets/secret-provider.ts";
import type { Redactor } from "../../util/redact.ts";
import type { LoadedConfig } from "./load-project.ts";
import { type ClosableSecrets, sandboxSecrets } from "./sandbox-secrets.ts";

/** Opens the target's secret provider; every value it hands out is redacted from then on. */
export function openSecrets(project: LoadedConfig, redactor: Redactor): ClosableSecrets {
  const { secrets } = project.target;
  const inProject = { projectDir: project.projectDir };
  const opened =
    secrets.type === "sandbox"
      ? sandboxSecrets(project.stateDir, createSecretProvider({ type: "environment" }, inProject))
      : { provider: createSecretProvider(secrets, inProject), close: async () => {} };
  return { ...opened, provider: redacted(opened.provider, redactor) };
}

/** Names of secret fields that are no secrets, and would make ordinary text unreadable if they were hidden. */
const openFields = new Set(["url", "loginUrl", "username", "auth", "apiVersion"]);

/** Values of the environment that are secret whoever asks for them. */
export function secretsInEnvironment(
  environment: Readonly<Record<string, string | undefined>>,
): readonly string[] {
  return Object.entries(environment).flatMap(([name, value = ""]) => {
    if (secretVariables.has(name)) return [value];
    return name.startsWith("MORAINE_SECRET_") ? secretValuesIn(value) : [];
  });
}

const secretVariables = new Set(["AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "MORAINE_METRICS_TOKEN"]);

/** The secret fields of a variable; the whole of one that can't be read. */
function secretValuesIn(text: string): readonly string[] {
  try {
    return secretValues(parseSecret(text, { name: "", where: "" }));
  } catch {
    return [text];
  }
}

function secretValues(secret: Secret): readonly string[] {
  return Object.entries(secret).flatMap(([field, value]) => (openFields.has(field) ? [] : [value]));
}

function redacted(provider: SecretProvider, redactor: Redactor): SecretProvider {
  return {
    name: provider.name,
    async get(name, options) {
      const secret = await provider.get(name, options);
      redactor.add(...secretValues(secret));
      return secret;
    },
  };
}
