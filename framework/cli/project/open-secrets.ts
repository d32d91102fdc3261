import { createSecretProvider } from "../../secrets/create-secret-provider.ts";
import type { SecretProvider } from "../../secrets/secret-provider.ts";
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

function redacted(provider: SecretProvider, redactor: Redactor): SecretProvider {
  return {
    name: provider.name,
    async get(name, options) {
      const secret = await provider.get(name, options);
      redactor.add(
        ...Object.entries(secret).flatMap(([field, value]) => (openFields.has(field) ? [] : [value])),
      );
      return secret;
    },
  };
}
