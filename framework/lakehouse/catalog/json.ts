import { parse, stringify } from "lossless-json";

/** An integer of Iceberg's 64 bits: a `bigint` only outside JavaScript's safe range. */
export type Integer = number | bigint;

/** Parses JSON and keeps every integer exact: Iceberg's snapshot ids have 64 bits, which `JSON.parse` would round. */
export function parseJson(text: string): unknown {
  return parse(text, null, parseNumber);
}

/** Writes JSON; a `bigint` becomes a plain number with all its digits. */
export function writeJson(value: unknown): string {
  const text = stringify(value);
  if (text === undefined)
    throw new Error("Internal error: expected a value that JSON can hold, got undefined");
  return text;
}

/** Whether two JSON values are the same, whatever the order of their members. */
export function sameJson(a: unknown, b: unknown): boolean {
  return writeJson(sorted(a)) === writeJson(sorted(b));
}

function parseNumber(text: string): Integer {
  const number = Number(text);
  return /^-?\d+$/.test(text) && !Number.isSafeInteger(number) ? BigInt(text) : number;
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value).filter(([, member]) => member !== undefined && member !== null);
  return Object.fromEntries(
    entries.sort(([a], [b]) => (a < b ? -1 : 1)).map(([name, member]) => [name, sorted(member)]),
  );
}
