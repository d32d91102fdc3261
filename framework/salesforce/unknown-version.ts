import * as z from "zod";
import { fail, FailureError } from "../event/failure.ts";
import { ResponseFailure } from "./response-failure.ts";
import type { Session } from "./session.ts";

const versionsSchema = z.array(z.object({ version: z.string() })).min(1);

/**
 * Says which API versions the org knows when an answer means that it does not know the one asked for. Every version has the
 * resource `query`, so an org that finds nothing there has not that version; 410 stands for one that was retired.
 *
 * @throws FailureError `access-contract`; `error` itself when it means anything else, or the org does not say its versions
 */
export async function explainVersion(session: Session, error: unknown): Promise<never> {
  const status = error instanceof ResponseFailure ? error.statusCode : undefined;
  if (status !== 404 && status !== 410) throw error;
  const versions = await knownVersions(session);
  if (versions.length === 0 || versions.includes(session.apiVersion)) throw error;
  return fail(
    {
      reason: "access-contract",
      message: `the org has no API version ${session.apiVersion}`,
      retryable: false,
      expected: `a version from ${versions[0] ?? ""} to ${versions.at(-1) ?? ""}`,
      got: session.apiVersion,
      where: session.instanceUrl,
      next: `set connection.api_version in dbthub.yml to one that the org has, like "${versions.at(-1) ?? ""}"`,
    },
    error,
  );
}

async function knownVersions(session: Session): Promise<readonly string[]> {
  try {
    const found = await session.ask(
      (connection) => connection.request("/services/data"),
      versionsSchema,
      "/services/data",
    );
    return found.map(({ version }) => version).sort((one, other) => Number(one) - Number(other));
  } catch (error) {
    if (error instanceof FailureError) return [];
    throw error;
  }
}
