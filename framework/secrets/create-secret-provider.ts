import { resolve } from "node:path";
import type { SecretsConfig } from "../definition/config.ts";
import { unreachable } from "../util/unreachable.ts";
import { awsSecrets } from "./aws-secrets.ts";
import { cachingSecrets } from "./caching-secrets.ts";
import { environmentSecrets } from "./environment-secrets.ts";
import { fileSecrets } from "./file-secrets.ts";
import type { SecretProvider } from "./secret-provider.ts";

/**
 * Makes the provider that a target names, with a cache. `sandbox` is the command line's own and not accepted here.
 * Cheap: the AWS SDK is loaded when the first secret is read.
 */
export function createSecretProvider(
  config: Exclude<SecretsConfig, { readonly type: "sandbox" }>,
  options: {
    /** What a file's relative path starts from. */
    readonly projectDir: string;
    /** @default process.env */
    readonly environment?: Readonly<Record<string, string | undefined>>;
  },
): SecretProvider {
  switch (config.type) {
    case "environment":
      return environmentSecrets(options.environment);
    case "file":
      return fileSecrets(resolve(options.projectDir, config.path));
    case "aws-secrets-manager": {
      const { type: _, ...aws } = config;
      return cachingSecrets(awsSecrets(aws));
    }
    default:
      return unreachable(config);
  }
}
