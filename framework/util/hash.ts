import { createHash } from "node:crypto";

/** JSON values: what is hashed, stored and sent. */
export type Json =
  | null
  | boolean
  | number
  | string
  | readonly Json[]
  | { readonly [name: string]: Json | undefined };

/**
 * JSON text with object keys sorted at every depth and `undefined` members left out, so that equal values have
 * equal text. Names and separators stay in, so `v1`+`23` never equals `v12`+`3`.
 */
export function canonicalJson(value: Json): string {
  return JSON.stringify(value, (_name, member: unknown) => {
    if (typeof member !== "object" || member === null || Array.isArray(member)) return member;
    const entries = Object.entries(member).sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
    return Object.fromEntries(entries);
  });
}

/** Lower-case hex sha256 of a text's UTF-8 bytes. */
export function sha256(text: string): string {
  return createHash("sha256").update(text, "utf8").digest("hex");
}

/** Lower-case hex sha256 of {@link canonicalJson}. */
export function hashJson(value: Json): string {
  return sha256(canonicalJson(value));
}
