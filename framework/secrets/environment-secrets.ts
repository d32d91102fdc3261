import { fail } from "../event/failure.ts";
import { parseSecret } from "./parse-secret.ts";
import type { SecretProvider } from "./secret-provider.ts";

/** The variable that holds a secret: `moraine/salesforce` is in `MORAINE_SECRET_MORAINE_SALESFORCE`. */
export function secretVariable(name: string): string {
  return `MORAINE_SECRET_${name.toUpperCase().replaceAll(/[^A-Z0-9]/g, "_")}`;
}

/** Secrets from environment variables, each a JSON object of string fields. */
export function environmentSecrets(
  environment: Readonly<Record<string, string | undefined>> = process.env,
): SecretProvider {
  return {
    name: "environment",
    get: async (name) => {
      const variable = secretVariable(name);
      const text = environment[variable];
      if (text === undefined || text.trim() === "") {
        return fail({
          reason: "missing-secret",
          message: `secret ${name} is not in the environment`,
          retryable: false,
          expected: `${variable}, a JSON object of string fields`,
          got: text === undefined ? "no such variable" : "an empty variable",
          where: "environment",
          next: `export ${variable}='{...}'`,
        });
      }
      return parseSecret(text, { name, where: variable });
    },
  };
}
