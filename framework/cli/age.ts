import { UsageError } from "./usage-error.ts";

const unitsMs: Readonly<Record<string, number>> = {
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000,
};

/** Reads `12h`, `7d`, `90m` as milliseconds. */
export function parseAge(text: string, option: string): number {
  const [, digits, unit] = /^(\d+)([smhdw])$/.exec(text) ?? [];
  const unitMs = unit === undefined ? undefined : unitsMs[unit];
  if (digits === undefined || unitMs === undefined) {
    throw new UsageError(`${option} expects an age like 12h or 7d, got ${text}`);
  }
  return Number(digits) * unitMs;
}
