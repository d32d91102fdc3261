import { parseAgeMs } from "../util/age.ts";
import { UsageError } from "./usage-error.ts";

/** Reads an option's age, like `12h` or `7d`, as milliseconds. */
export function parseAge(text: string, option: string): number {
  const ageMs = parseAgeMs(text);
  if (ageMs === undefined) throw new UsageError(`${option} expects an age like 12h or 7d, got ${text}`);
  return ageMs;
}
