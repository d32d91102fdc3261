import * as z from "zod";
import { fail } from "../event/failure.ts";
import type { Secret } from "./secret-provider.ts";

const secretSchema = z.record(z.string(), z.string());

/**
 * Reads a secret's JSON text: one object of string fields, at least one.
 *
 * @throws FailureError `missing-secret`; the message names fields and types, never a value.
 */
export function parseSecret(text: string, at: { readonly name: string; readonly where: string }): Secret {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    // The parser's own message quotes the text, which is the secret: it is dropped, not kept as cause.
    return malformed(at, "text that is not JSON");
  }
  return checkSecret(value, at);
}

/**
 * Accepts a value as a {@link Secret}.
 *
 * @throws FailureError `missing-secret`
 */
export function checkSecret(value: unknown, at: { readonly name: string; readonly where: string }): Secret {
  const parsed = secretSchema.safeParse(value);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    const field = issue?.path[0];
    return malformed(at, field === undefined ? typeName(value) : `field ${String(field)} of another type`);
  }
  if (Object.keys(parsed.data).length === 0) return malformed(at, "an empty object");
  return parsed.data;
}

function typeName(value: unknown): string {
  if (value === null) return "null";
  return Array.isArray(value) ? "an array" : `a ${typeof value}`;
}

function malformed(at: { readonly name: string; readonly where: string }, got: string): never {
  return fail({
    reason: "missing-secret",
    message: `secret ${at.name} can't be read`,
    retryable: false,
    expected: "a JSON object of string fields",
    got,
    where: at.where,
    next: 'write it like {"clientId":"...","username":"...","privateKey":"..."}; docs/salesforce.md lists the fields',
  });
}
