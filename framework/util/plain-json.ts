/**
 * What JSON keeps of a value: integers that JSON does not know (what DuckDB counts) become numbers, or text beyond
 * 2^53; NaN and the infinities become text, where JSON would make null of them. Undefined for what JSON can't hold
 * (a circle, a function, a `toJSON` that throws).
 */
export function toPlain(given: unknown): unknown {
  try {
    const text = JSON.stringify(given, (_, value: unknown) => {
      if (typeof value === "number" && !Number.isFinite(value)) return String(value);
      if (typeof value !== "bigint") return value;
      const number = Number(value);
      return Number.isSafeInteger(number) ? number : value.toString();
    }) as string | undefined;
    return text === undefined ? undefined : JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** A value in messages, at most about 200 characters. */
export function describeValue(given: unknown): string {
  if (given === undefined) return "undefined";
  if (typeof given === "number") return String(given);
  if (typeof given === "bigint") return `${given}n`;
  if (typeof given === "function" || typeof given === "symbol") return `a ${typeof given}`;
  const plain = toPlain(given);
  if (plain === undefined) return "what JSON can't hold";
  const text = JSON.stringify(plain);
  return text.length <= 200 ? text : `${text.slice(0, 200)}...`;
}

/** What was thrown, in one line; anything can be thrown. */
export function thrownText(error: unknown): string {
  const message: unknown = error instanceof Error ? error.message : error;
  const text = typeof message === "string" ? message : describeValue(message);
  return text.split("\n")[0] ?? "";
}

/** The first part of a value that JSON would lose or change; undefined when reading it back gives the same. */
export function jsonLoss(value: unknown, path: string): { path: string; got: unknown } | undefined {
  return lossIn(value, path, []);
}

function lossIn(
  value: unknown,
  path: string,
  around: readonly unknown[],
): { path: string; got: unknown } | undefined {
  if (value === null || typeof value === "string" || typeof value === "boolean") return undefined;
  if (typeof value === "number") return Number.isFinite(value) ? undefined : { path, got: value };
  if (typeof value !== "object" || around.includes(value)) return { path, got: value };
  const isPlain = Array.isArray(value) || [Object.prototype, null].includes(Object.getPrototypeOf(value));
  if (!isPlain) return { path, got: value };
  for (const [name, member] of Object.entries(value)) {
    // A member of an object that is undefined is left out, and reads as undefined.
    if (member === undefined && !Array.isArray(value)) continue;
    const inside = Array.isArray(value) ? `${path}[${name}]` : `${path}.${name}`;
    const loss = lossIn(member, inside, [...around, value]);
    if (loss !== undefined) return loss;
  }
  return undefined;
}
