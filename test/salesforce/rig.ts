import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import { type Failure, FailureError } from "../../framework/event/failure.ts";
import { openSalesforce, type SalesforceOrg } from "../../framework/salesforce/salesforce-org.ts";
import type { SessionOptions } from "../../framework/salesforce/session.ts";
import { type Sandbox, startSandbox } from "../../framework/sandbox/sandbox.ts";
import type { Secret } from "../../framework/secrets/secret-provider.ts";

/** An org that ends with the test. */
export async function serveOrg(users = 20): Promise<Sandbox> {
  const dir = mkdtempSync(join(tmpdir(), "moraine-org-"));
  const sandbox = await startSandbox({ dbPath: join(dir, "sandbox.db"), users });
  onTestFinished(async () => {
    await sandbox.close();
    rmSync(dir, { recursive: true, force: true });
  });
  return sandbox;
}

/** How a test signs in: some secrets one after the other, the last for ever. */
export interface SignInOptions extends Partial<SessionOptions> {
  readonly given: readonly Secret[];
}

/** A sign-in, with what was logged and how often secrets were asked for fresh. */
export async function signIn({ given, ...options }: SignInOptions) {
  const logs: string[] = [];
  const asked: boolean[] = [];
  const open = openSalesforce({
    secrets: {
      name: "test",
      get: async (_name, how) => {
        asked.push(how?.fresh === true);
        return given[Math.min(asked.length, given.length) - 1] ?? {};
      },
    },
    secretName: "moraine/salesforce",
    clock: { now: () => new Date(), sleep: async () => {} },
    signal: new AbortController().signal,
    log: (message, level) => void logs.push(`${level}: ${message}`),
    ...options,
  });
  let org: SalesforceOrg | undefined;
  let failure: Failure | undefined;
  try {
    org = await open;
  } catch (error) {
    if (!(error instanceof FailureError)) throw error;
    failure = error.failure;
  }
  return { org, failure, logs, asked };
}

/** Arms a fault. */
export async function control(sandbox: Sandbox, method: string, path: string, body: object): Promise<void> {
  const answer = await fetch(`${sandbox.url}/sandbox/${path}`, { method, body: JSON.stringify(body) });
  if (!answer.ok) throw new Error(await answer.text());
}

/** Paths that were asked for, oldest first. */
export async function callsOf(sandbox: Sandbox): Promise<readonly string[]> {
  const answer = await fetch(`${sandbox.url}/sandbox/calls`);
  return ((await answer.json()) as { readonly path: string }[]).map(({ path }) => path);
}
