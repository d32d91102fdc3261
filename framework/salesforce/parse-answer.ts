import type * as z from "zod";
import { fail } from "../event/failure.ts";

/**
 * Reads a JSON answer.
 *
 * @throws FailureError `bad-response`, retryable: a proxy's page or an answer cut short
 */
export function parseAnswer<T>(body: string, schema: z.ZodType<T>, where: string): T {
  const refuse = (got: string): never =>
    fail({
      reason: "bad-response",
      message: "Salesforce's answer can't be read",
      retryable: true,
      expected: "JSON as its API documents it",
      got,
      where,
    });
  let value: unknown;
  try {
    value = JSON.parse(body);
  } catch {
    return refuse(`${body.length} characters that are not JSON`);
  }
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  return refuse(`${issue?.path.join(".") ?? ""}: ${issue?.message ?? "another shape"}`);
}
