import { open } from "node:fs/promises";
import * as z from "zod";
import { fail, FailureError } from "../event/failure.ts";
import { nearest } from "../util/nearest.ts";
import { checkSecret } from "./parse-secret.ts";
import type { SecretProvider } from "./secret-provider.ts";

const fileSchema = z.record(z.string(), z.unknown());

/**
 * Secrets from one JSON file of objects by name: `{"moraine/salesforce": {"clientId": "..."}}`. The file is read anew each
 * time and refused when others than its owner may read it.
 */
export function fileSecrets(path: string): SecretProvider {
  return {
    name: "file",
    get: async (name) => {
      const secrets = await readSecretsFile(path, name);
      if (!Object.hasOwn(secrets, name)) return missing(path, name, Object.keys(secrets));
      return checkSecret(secrets[name], { name, where: path });
    },
  };
}

async function readSecretsFile(path: string, name: string): Promise<Readonly<Record<string, unknown>>> {
  const refuse = (message: string, next: string): never =>
    fail({ reason: "missing-secret", message, retryable: false, where: path, next });
  try {
    const file = await open(path, "r");
    try {
      // The mode of the opened file, not of the path: nobody can swap it between the two.
      const { mode } = await file.stat();
      if (process.platform !== "win32" && (mode & 0o077) !== 0) {
        const octal = (mode & 0o777).toString(8).padStart(3, "0");
        return refuse(
          `secrets file may be read by others than its owner (mode ${octal})`,
          `chmod 600 ${path}`,
        );
      }
      const parsed = fileSchema.safeParse(JSON.parse(await file.readFile("utf8")));
      return parsed.success
        ? parsed.data
        : refuse("secrets file is not a JSON object of secrets by name", "see docs/secrets.md");
    } finally {
      await file.close();
    }
  } catch (error) {
    if (error instanceof FailureError) throw error;
    // Node's messages for these errors may quote the file's text: only the code is passed on.
    const code = (error as NodeJS.ErrnoException).code;
    if (code === undefined) return refuse("secrets file is not JSON", "see docs/secrets.md");
    return refuse(`secrets file can't be read (${code}) for secret ${name}`, `write ${path}, mode 600`);
  }
}

function missing(path: string, name: string, names: readonly string[]): never {
  const near = nearest(name, names);
  return fail({
    reason: "missing-secret",
    message: `secret ${name} is not in the secrets file`,
    retryable: false,
    where: path,
    got: `${names.length} other secrets`,
    ...(near.length === 0 ? {} : { next: `did you mean ${near.join(", ")}?` }),
  });
}
