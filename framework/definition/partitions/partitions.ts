import { unreachable } from "../../util/unreachable.ts";
import { isTimezone } from "../../util/zoned-time.ts";

/** How long the windows of a time-partitioned asset are. */
export type Cadence = "hourly" | "daily" | "monthly";

/** One partition for each hour, day or month of local time. */
export interface TimePartitions {
  readonly type: "time";
  readonly cadence: Cadence;
  /** Key of the first partition. */
  readonly start: string;
  /** Key of the last one; undefined: they go on as time passes. */
  readonly end: string | undefined;
  /** IANA name. */
  readonly timezone: string;
  /** Column that holds the instant, UTC, by which rows belong to a partition. */
  readonly column: string | undefined;
}

/** A fixed list of partitions, in this order. */
export interface StaticPartitions {
  readonly type: "static";
  readonly keys: readonly string[];
  /** Column that holds the key. */
  readonly column: string | undefined;
}

/** Every combination of the partitions of several dimensions. Keys are joined by `|` in the order of the dimensions. */
export interface MultiPartitions {
  readonly type: "multi";
  readonly dimensions: Readonly<Record<string, TimePartitions | StaticPartitions>>;
}

/** How an asset is cut into partitions. */
export type Partitions = TimePartitions | StaticPartitions | MultiPartitions;

/** What the time partitions take. */
export interface TimePartitionsOptions {
  /** Key of the first partition: `2026-01-31` (daily), `2026-01` (monthly), `2026-01-31T05` (hourly, local time). */
  readonly start: string;
  /** Key of the last one. @default none: a partition is added when its window has passed */
  readonly end?: string;
  /** IANA name. @default "UTC" */
  readonly timezone?: string;
  /**
   * Timestamp column (UTC) by which rows belong to a partition. With it, `ctx.partition.where` and the rows of a
   * partitioned input are those of the partition.
   */
  readonly column?: string;
}

/** One partition a day of local time; a day may have 23 or 25 hours. Keys: `2026-01-31`. */
export function dailyPartitions(options: TimePartitionsOptions): TimePartitions {
  return timePartitions("daily", options);
}

/**
 * One partition an hour. Keys are local time with its offset, `2026-10-25T02+02:00`, because clocks that are set back
 * show an hour twice; in UTC `2026-01-31T05Z`.
 */
export function hourlyPartitions(options: TimePartitionsOptions): TimePartitions {
  return timePartitions("hourly", options);
}

/** One partition a month of local time. Keys: `2026-01`. */
export function monthlyPartitions(options: TimePartitionsOptions): TimePartitions {
  return timePartitions("monthly", options);
}

/** A fixed list, e.g. of regions. @param options `column` holds the key in the table's rows */
export function staticPartitions(
  keys: readonly string[],
  options: { readonly column?: string } = {},
): StaticPartitions {
  return Object.freeze({ type: "static", keys: Object.freeze([...keys]), column: options.column });
}

/** Every combination of two or more dimensions, e.g. day and region. Keys: `2026-01-31|emea`. */
export function multiPartitions(
  dimensions: Readonly<Record<string, TimePartitions | StaticPartitions>>,
): MultiPartitions {
  return Object.freeze({ type: "multi", dimensions: Object.freeze({ ...dimensions }) });
}

function timePartitions(cadence: Cadence, options: TimePartitionsOptions): TimePartitions {
  const { start, end, timezone = "UTC", column } = options;
  return Object.freeze({ type: "time", cadence, start, end, timezone, column });
}

const startPatterns: Readonly<Record<Cadence, RegExp>> = {
  hourly: /^\d{4}-\d\d-\d\dT\d\d(Z|[+-]\d\d:\d\d)?$/,
  daily: /^\d{4}-\d\d-\d\d$/,
  monthly: /^\d{4}-\d\d$/,
};

const examples: Readonly<Record<Cadence, string>> = {
  hourly: "2026-01-31T05",
  daily: "2026-01-31",
  monthly: "2026-01",
};

/** What is wrong with partitions, one line each; empty when nothing is. */
export function partitionsProblems(partitions: Partitions): readonly string[] {
  switch (partitions.type) {
    case "time":
      return timeProblems(partitions);
    case "static":
      return staticProblems(partitions.keys);
    case "multi":
      return multiProblems(partitions);
    default:
      return unreachable(partitions);
  }
}

function timeProblems({ cadence, start, end, timezone }: TimePartitions): readonly string[] {
  const problems: string[] = [];
  if (!isTimezone(timezone))
    problems.push(
      `no time zone is called ${JSON.stringify(timezone)}; expected an IANA name like "Europe/Oslo"`,
    );
  for (const [name, key] of Object.entries({ start, end })) {
    if (key === undefined || isKeyOf(cadence, key)) continue;
    problems.push(
      `${name} of ${cadence} partitions must look like "${examples[cadence]}", got ${JSON.stringify(key)}`,
    );
  }
  if (problems.length === 0 && end !== undefined && end < start)
    problems.push(`${cadence} partitions end (${end}) before they start (${start})`);
  return problems;
}

function isKeyOf(cadence: Cadence, key: string): boolean {
  if (!startPatterns[cadence].test(key)) return false;
  const date = key.slice(0, 10).padEnd(10, "-01");
  const parsed = new Date(`${date}T${cadence === "hourly" ? key.slice(11, 13) : "00"}:00:00Z`);
  return !Number.isNaN(parsed.getTime()) && parsed.toISOString().startsWith(date);
}

function staticProblems(keys: readonly string[]): readonly string[] {
  if (keys.length === 0) return ["a list of partitions must not be empty"];
  const problems = keys
    .filter((key) => key === "" || key.includes("..") || /[|,[\]\p{Cc}]/u.test(key))
    .map(
      (key) =>
        `a partition can't be called ${JSON.stringify(key)}: no "|", ",", "..", brackets or control characters`,
    );
  const twice = keys.filter((key, index) => keys.indexOf(key) !== index);
  return [...problems, ...[...new Set(twice)].map((key) => `two partitions are called ${key}`)];
}

function multiProblems({ dimensions }: MultiPartitions): readonly string[] {
  const entries = Object.entries(dimensions);
  const problems = entries.flatMap(([name, partitions]) =>
    (partitions.type === "time" ? timeProblems(partitions) : staticProblems(partitions.keys)).map(
      (problem) => `dimension ${name}: ${problem}`,
    ),
  );
  if (entries.length < 2) problems.push("multi-dimensional partitions need two dimensions or more");
  if (entries.filter(([, partitions]) => partitions.type === "time").length > 1)
    problems.push("multi-dimensional partitions can have one dimension of time");
  return problems;
}
