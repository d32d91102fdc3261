import { join } from "node:path";
import { FailureError, fail } from "../../event/failure.ts";
import { defaultSandboxPort } from "../../sandbox/default-port.ts";
import type { Secret, SecretProvider } from "../../secrets/secret-provider.ts";
import { UsageError } from "../usage-error.ts";

/** The secret under which the local org registers itself. */
const sandboxSecretName = "moraine/salesforce";

/** A provider that may have started something. */
export interface ClosableSecrets {
  readonly provider: SecretProvider;
  close(): Promise<void>;
}

/**
 * Credentials of the local Salesforce org, which is started when they are first asked for. With
 * `MORAINE_SALESFORCE_URL` they are those of the org that runs there. Other secrets come from `fallback`.
 */
export function sandboxSecrets(stateDir: string, fallback: SecretProvider): ClosableSecrets {
  let running: Promise<{ readonly secret: Secret; close(): Promise<void> }> | undefined;
  const url = servedOrgUrl();
  const start = async () => {
    if (url !== undefined) return { secret: await credentialsAt(url), close: async () => {} };
    const { startSandbox } = await import("../../sandbox/sandbox.ts");
    const sandbox = await startSandbox({ dbPath: join(stateDir, "sandbox.db") });
    return { secret: { ...sandbox.credentials() }, close: () => sandbox.close() };
  };
  return {
    provider: {
      name: "sandbox",
      async get(name, options) {
        if (name !== sandboxSecretName) return fallback.get(name, options);
        running ??= start();
        try {
          return (await running).secret;
        } catch (error) {
          running = undefined;
          throw error;
        }
      },
    },
    async close() {
      if (running === undefined) return;
      const org = await running.catch(() => undefined);
      await org?.close();
    },
  };
}

/**
 * The org that `MORAINE_SALESFORCE_URL` names; undefined without the variable.
 *
 * @throws UsageError when it is no HTTP address
 */
export function servedOrgUrl(): string | undefined {
  const url = process.env["MORAINE_SALESFORCE_URL"];
  if (url === undefined || url === "") return undefined;
  if (URL.canParse(url) && /^https?:/.test(url)) return url;
  throw new UsageError(
    `MORAINE_SALESFORCE_URL is an address like http://127.0.0.1:${defaultSandboxPort}, got ${url}`,
    "correct it, or unset it to use the project's own org",
  );
}

/** Why the org that `MORAINE_SALESFORCE_URL` names gave no answer. */
export function noOrgAnswers(where: string, error: unknown): never {
  const cause = error instanceof Error ? ((error.cause ?? error) as NodeJS.ErrnoException) : undefined;
  return fail(
    {
      reason: "unreachable",
      message: "no sandbox org answers at MORAINE_SALESFORCE_URL",
      got: cause?.code ?? cause?.message ?? String(error),
      where,
      next: advice,
      retryable: true,
    },
    error,
  );
}

const advice = "start it with `moraine sandbox serve`, or unset MORAINE_SALESFORCE_URL";

/** Asks a sandbox org on this machine for its credentials. */
async function credentialsAt(url: string): Promise<Secret> {
  const where = new URL("/sandbox/credentials", url).href;
  try {
    const response = await fetch(where);
    if (!response.ok) {
      fail({
        reason: "bad-response",
        message: "the org at MORAINE_SALESFORCE_URL is not a moraine sandbox",
        got: `HTTP ${response.status}`,
        retryable: false,
        where,
        next: advice,
      });
    }
    return { ...((await response.json()) as Secret), url };
  } catch (error) {
    if (error instanceof FailureError) throw error;
    return noOrgAnswers(where, error);
  }
}
