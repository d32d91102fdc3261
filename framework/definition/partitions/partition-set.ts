import { unreachable } from "../../util/unreachable.ts";
import { instantOfLocal, instantsOfLocal, wholeHours } from "../../util/zoned-time.ts";
import type { Cadence, Partitions, StaticPartitions, TimePartitions } from "./partitions.ts";

/** A span of time, from `start` (inclusive) to `end` (exclusive). */
export interface Window {
  readonly start: Date;
  readonly end: Date;
}

/** One partition, as a body sees it. */
export interface Partition {
  readonly key: string;
  /** Of time partitions, and of the dimension of time of multi-dimensional ones. */
  readonly window: Window | undefined;
  /** Key in each dimension; undefined for partitions of one dimension. */
  readonly dimensions: Readonly<Record<string, string>> | undefined;
  /** SQL predicate for the partition's rows, when its definition names the columns; else undefined. */
  readonly where: string | undefined;
}

/** The partitions that an asset has at an instant, in order: by time, or as they were listed. */
export interface PartitionSet {
  readonly keys: readonly string[];
  has(key: string): boolean;
  /** Place in `keys`; -1 for a key that is none. */
  indexOf(key: string): number;
  partition(key: string): Partition;
}

/** Works out the partitions at an instant. A time partition exists when its window has passed. */
export function partitionSetAt(partitions: Partitions, now: Date): PartitionSet {
  switch (partitions.type) {
    case "time":
      return new TimeSet(partitions, now);
    case "static":
      return new StaticSet(partitions);
    case "multi":
      return new MultiSet(
        Object.entries(partitions.dimensions).map(
          ([name, dimension]) => [name, partitionSetAt(dimension, now)] as const,
        ),
      );
    default:
      return unreachable(partitions);
  }
}

abstract class IndexedSet implements PartitionSet {
  abstract readonly keys: readonly string[];
  #positions: ReadonlyMap<string, number> | undefined;

  has(key: string): boolean {
    return this.indexOf(key) >= 0;
  }

  indexOf(key: string): number {
    this.#positions ??= new Map(this.keys.map((known, index) => [known, index]));
    return this.#positions.get(key) ?? -1;
  }

  abstract partition(key: string): Partition;
}

/** Partitions of time; `windows` runs beside `keys`. */
export class TimeSet extends IndexedSet {
  readonly keys: readonly string[];
  readonly #starts: readonly number[];
  readonly #column: string | undefined;

  constructor(partitions: TimePartitions, now: Date) {
    super();
    this.#column = partitions.column;
    const starts: number[] = [];
    const keys: string[] = [];
    for (const [key, start, end] of windowsFrom(partitions)) {
      if (end > now.getTime() || isBeyond(key, start, partitions)) break;
      if (starts.length === 0) starts.push(start);
      keys.push(key);
      starts.push(end);
      if (key === partitions.end) break;
    }
    this.keys = keys;
    this.#starts = starts;
  }

  windowAt(index: number): Window {
    return { start: new Date(this.#starts[index] ?? NaN), end: new Date(this.#starts[index + 1] ?? NaN) };
  }

  partition(key: string): Partition {
    const window = this.windowAt(this.indexOf(key));
    const where =
      this.#column === undefined
        ? undefined
        : `${quoted(this.#column)} >= ${literal(window.start)} AND ${quoted(this.#column)} < ${literal(window.end)}`;
    return { key, window, dimensions: undefined, where };
  }

  /** Indexes of the partitions whose windows share an instant with a window: first (inclusive) and last (exclusive). */
  overlapping({ start, end }: Window): readonly [number, number] {
    const count = this.keys.length;
    // Window i is [starts[i], starts[i + 1]): the first one that ends after `start`, and the first that begins at `end`.
    const first = lowerBound(count, (index) => (this.#starts[index + 1] ?? 0) > start.getTime());
    const last = lowerBound(count, (index) => (this.#starts[index] ?? 0) >= end.getTime());
    return [first, Math.max(first, last)];
  }
}

class StaticSet extends IndexedSet {
  readonly keys: readonly string[];
  readonly #column: string | undefined;

  constructor({ keys, column }: StaticPartitions) {
    super();
    this.keys = keys;
    this.#column = column;
  }

  partition(key: string): Partition {
    const where =
      this.#column === undefined ? undefined : `${quoted(this.#column)} = '${key.replaceAll("'", "''")}'`;
    return { key, window: undefined, dimensions: undefined, where };
  }
}

/** Every combination; the first dimension varies slowest. */
export class MultiSet extends IndexedSet {
  readonly keys: readonly string[];
  readonly dimensions: ReadonlyMap<string, PartitionSet>;

  constructor(dimensions: readonly (readonly [string, PartitionSet])[]) {
    super();
    this.dimensions = new Map(dimensions);
    this.keys = dimensions
      .map(([, set]) => set.keys)
      .reduce<readonly string[]>(
        (heads, keys) => heads.flatMap((head) => keys.map((key) => (head === "" ? key : `${head}|${key}`))),
        [""],
      );
  }

  /** The key in one dimension. */
  keyIn(key: string, dimension: string): string {
    return key.split("|")[[...this.dimensions.keys()].indexOf(dimension)] ?? "";
  }

  partition(key: string): Partition {
    const parts = [...this.dimensions].map(
      ([name, set]) => [name, set.partition(this.keyIn(key, name))] as const,
    );
    const predicates = parts.map(([, part]) => part.where);
    return {
      key,
      window: parts.find(([, part]) => part.window !== undefined)?.[1].window,
      dimensions: Object.fromEntries(parts.map(([name, part]) => [name, part.key])),
      where: predicates.includes(undefined) ? undefined : predicates.join(" AND "),
    };
  }
}

/** A column's name as DuckDB and Athena's queries take it, whatever it is called. */
function quoted(column: string): string {
  return `"${column.replaceAll('"', '""')}"`;
}

function literal(instant: Date): string {
  return `TIMESTAMP '${instant.toISOString().slice(0, 19).replace("T", " ")}'`;
}

/** The smallest index from which on the claim holds; `count` when it never does. */
function lowerBound(count: number, holds: (index: number) => boolean): number {
  let low = 0;
  let high = count;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (holds(middle)) high = middle;
    else low = middle + 1;
  }
  return low;
}

/** Whether a window comes after the last one, by local time: an end without offset takes in both of a repeated hour. */
function isBeyond(key: string, startMs: number, { end, cadence, timezone }: TimePartitions): boolean {
  if (end === undefined || key.slice(0, 13) <= end.slice(0, 13)) return false;
  // Where clocks go back by two hours, hours of before come between those of after.
  return cadence !== "hourly" || startMs >= (hourOf(end, timezone).at(-1) ?? 0);
}

/** The instants at which a key's hour begins: two where it has no offset and clocks show the hour twice. */
function hourOf(key: string, timezone: string): readonly number[] {
  const offset = /Z$|[+-]\d\d:\d\d$/.exec(key)?.[0];
  if (offset !== undefined) return [Date.parse(`${key.slice(0, 13)}:00:00${offset}`)];
  const [first, second = first] = instantsOfLocal(Date.parse(`${key}:00:00Z`), timezone);
  return [first, second];
}

const hourMs = 3_600_000;

/** Key, start and end (milliseconds) of every window from the first partition on, without end. */
function* windowsFrom({
  cadence,
  start,
  timezone,
}: TimePartitions): Generator<readonly [string, number, number]> {
  if (cadence === "hourly") {
    // From one whole hour that clocks show to the next: an hour that they show twice is two partitions.
    const hours = wholeHours(hourOf(start, timezone)[0] ?? Number.NaN, timezone);
    for (let hour = hours.next().value; ;) {
      const next = hours.next().value;
      yield [hourKey(hour, timezone), hour.at, next.at];
      hour = next;
    }
  }
  let local = Date.parse(cadence === "monthly" ? `${start}-01T00:00:00Z` : `${start}T00:00:00Z`);
  for (let at = instantOfLocal(local, timezone); ;) {
    const next = nextLocal(local, cadence);
    const end = instantOfLocal(next, timezone);
    // A day that a zone skipped whole (Samoa, 2011-12-30) has no window and is no partition.
    if (end > at) yield [new Date(local).toISOString().slice(0, cadence === "monthly" ? 7 : 10), at, end];
    local = next;
    at = end;
  }
}

function nextLocal(localMs: number, cadence: Exclude<Cadence, "hourly">): number {
  if (cadence === "daily") return localMs + 24 * hourMs;
  const date = new Date(localMs);
  return Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + 1, 1);
}

function hourKey(
  { at, offsetMs }: { readonly at: number; readonly offsetMs: number },
  timezone: string,
): string {
  if (timezone === "UTC") return `${new Date(at).toISOString().slice(0, 13)}Z`;
  const minutes = Math.abs(Math.round(offsetMs / 60_000));
  const text = [Math.floor(minutes / 60), minutes % 60]
    .map((part) => String(part).padStart(2, "0"))
    .join(":");
  return `${new Date(at + offsetMs).toISOString().slice(0, 13)}${offsetMs < 0 ? "-" : "+"}${text}`;
}
