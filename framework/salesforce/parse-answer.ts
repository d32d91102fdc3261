import type * as z from "zod";
import { fail } from "../event/failure.ts";

/**
 * Reads a JSON answer.
 *
 * @throws FailureError `bad-response`, retryable: a proxy's page or an answer cut short
 */
export function parseAnswer<T>(body: string, schema: z.ZodType<T>, where: string): T {
  return checkAnswer(parseJson(body, where), schema, where);
}

/**
 * Reads JSON of any shape.
 *
 * @throws FailureError as {@link parseAnswer}
 */
export function parseJson(body: string, where: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return refuse(`${body.length} characters that are not JSON`, where);
  }
}

/**
 * Holds an answer against the shape that it should have.
 *
 * @throws FailureError as {@link parseAnswer}
 */
export function checkAnswer<T>(value: unknown, schema: z.ZodType<T>, where: string): T {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  return refuse(`${issue?.path.join(".") ?? ""}: ${issue?.message ?? "another shape"}`, where);
}

function refuse(got: string, where: string): never {
  return fail({
    reason: "bad-response",
    message: "Salesforce's answer can't be read",
    retryable: true,
    expected: "JSON as its API documents it",
    got,
    where,
  });
}
