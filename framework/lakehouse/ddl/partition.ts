/** A parsed partition transform. */
export interface Partition {
  readonly transform: "identity" | "year" | "month" | "day" | "hour" | "bucket" | "truncate";
  readonly column: string;
  /** Buckets, or the width of a truncation. */
  readonly argument: number | undefined;
}

const timeTransforms = ["year", "month", "day", "hour"] as const;
const sizedTransforms = ["bucket", "truncate"] as const;

/**
 * Parses `name`, `day(name)` or `bucket(16, name)`.
 *
 * @throws Error when the text has another form
 */
export function parsePartition(text: string): Partition {
  const [, word, column] = /^\s*(\w+)\s*\(\s*([a-z][a-z0-9_]*)\s*\)\s*$/.exec(text) ?? [];
  const time = timeTransforms.find((transform) => transform === word);
  if (time !== undefined && column !== undefined) return { transform: time, column, argument: undefined };
  const [, name, size, sizedColumn] =
    /^\s*(\w+)\s*\(\s*(\d+)\s*,\s*([a-z][a-z0-9_]*)\s*\)\s*$/.exec(text) ?? [];
  const sized = sizedTransforms.find((transform) => transform === name);
  if (sized !== undefined && sizedColumn !== undefined && Number(size) > 0) {
    return { transform: sized, column: sizedColumn, argument: Number(size) };
  }
  if (/^[a-z][a-z0-9_]*$/.test(text)) return { transform: "identity", column: text, argument: undefined };
  throw new Error(
    `expected a column, year(c), month(c), day(c), hour(c), bucket(n, c) or truncate(n, c), got ${JSON.stringify(text)}`,
  );
}
