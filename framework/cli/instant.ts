import type { Instant } from "../store/instant.ts";
import { UsageError } from "./usage-error.ts";

/** Reads an instant that somebody typed. @param what that expects it, for the message */
export function parseInstant(text: string, what: string): Instant {
  const time = Date.parse(text);
  if (Number.isNaN(time))
    throw new UsageError(`${what} expects an instant like 2026-01-31T06:00:00Z, got ${text}`);
  return new Date(time).toISOString();
}
