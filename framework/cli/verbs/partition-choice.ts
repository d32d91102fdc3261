import type { AssetKey } from "../../definition/asset-key.ts";
import { MultiSet, type PartitionSet, TimeSet } from "../../definition/partitions/partition-set.ts";
import type { AssetGraph } from "../../graph/asset-graph.ts";
import { PartitionGraph } from "../../graph/partition-graph.ts";
import type { PartitionChoice } from "../../staleness/plan-units.ts";
import { countOf } from "../../tui/words/numbers.ts";
import { nearest } from "../../util/nearest.ts";
import { shellWords } from "../../util/shell-words.ts";
import { UsageError } from "../usage-error.ts";

/** The options that choose partitions. */
export interface PartitionOptions {
  /** Each a key, a range `a..b`, several with commas, or `dimension=...` of multi-dimensional ones. */
  readonly partition?: readonly string[];
  readonly missing?: boolean;
}

/**
 * Which partitions a command is about; undefined when it does not say. A range is taken in the order of the partitions, both
 * ends inclusive, either may be left out; the beginning of a time key stands for all keys that begin so.
 *
 * @throws UsageError when nothing selected has partitions, or none of this name
 */
export function choosePartitions(
  graph: AssetGraph,
  keys: readonly AssetKey[],
  { partition: texts = [], missing = false }: PartitionOptions,
  now: Date,
): PartitionChoice | undefined {
  if (texts.length === 0 && !missing) return undefined;
  if (texts.length > 0 && missing)
    throw new UsageError("--missing chooses partitions, and so does --partition", "give one of them");
  const partitionGraph = new PartitionGraph(graph, now);
  const sets = keys.flatMap((key) => {
    const set = partitionGraph.set(key);
    return set === undefined ? [] : [[key, set] as const];
  });
  if (sets.length === 0) {
    throw new UsageError(
      `${countOf(keys.length, "asset")} selected, and none has partitions`,
      "moraine list shows which assets have partitions",
    );
  }
  if (missing) return { type: "missing" };
  const chosen = new Map<AssetKey, readonly string[]>();
  for (const [key, set] of sets) {
    const found = new Set(texts.flatMap((text) => keysOf(set, text)));
    chosen.set(
      key,
      set.keys.filter((partition) => found.has(partition)),
    );
  }
  for (const text of texts) {
    if (!sets.some(([, set]) => keysOf(set, text).length > 0)) refuse(text, sets);
  }
  return { type: "named", keys: chosen };
}

/** The options as they would be typed, for a run's record. */
export function partitionWords({ partition = [], missing = false }: PartitionOptions): readonly string[] {
  return [...partition.map((text) => `--partition ${shellWords([text])}`), ...(missing ? ["--missing"] : [])];
}

function keysOf(set: PartitionSet, text: string): readonly string[] {
  if (set instanceof MultiSet && text.includes("=")) return keysByDimension(set, text);
  return text.split(",").flatMap((part) => inRange(set, part.trim()));
}

/** `day=2026-01-01..2026-01-07,region=emea`: a dimension that is not named is taken whole. */
function keysByDimension(set: MultiSet, text: string): readonly string[] {
  const wanted = new Map<string, Set<string>>();
  for (const part of text.split(",")) {
    const at = part.indexOf("=");
    const name = part.slice(0, at).trim();
    const dimension = set.dimensions.get(name);
    if (at < 0 || dimension === undefined) {
      throw new UsageError(
        `--partition ${text}: no dimension ${name || part}`,
        `expected ${[...set.dimensions.keys()].map((known) => `${known}=...`).join(",")}`,
      );
    }
    const some = wanted.get(name) ?? new Set<string>();
    for (const key of inRange(dimension, part.slice(at + 1).trim())) some.add(key);
    wanted.set(name, some);
  }
  return set.keys.filter((key) => [...wanted].every(([name, some]) => some.has(set.keyIn(key, name))));
}

function inRange(set: PartitionSet, text: string): readonly string[] {
  const dots = text.indexOf("..");
  if (dots < 0) return set.has(text) ? [text] : beginningWith(set, text);
  const from = text.slice(0, dots);
  const to = text.slice(dots + 2);
  // Of a set of time, ends that are no keys themselves are compared as text: `2026-01..2026-02` are two months of days.
  const first =
    from === ""
      ? 0
      : set.has(from)
        ? set.indexOf(from)
        : set.keys.findIndex((key) => isTime(set) && key >= from);
  const last =
    to === ""
      ? set.keys.length - 1
      : set.has(to)
        ? set.indexOf(to)
        : set.keys.findLastIndex((key) => isTime(set) && key.slice(0, to.length) <= to);
  return first < 0 ? [] : set.keys.slice(first, last + 1);
}

function beginningWith(set: PartitionSet, text: string): readonly string[] {
  return text !== "" && isTime(set) ? set.keys.filter((key) => key.startsWith(text)) : [];
}

function isTime(set: PartitionSet): boolean {
  return set instanceof TimeSet;
}

function refuse(text: string, sets: readonly (readonly [AssetKey, PartitionSet])[]): never {
  const [key, set] = sets[0] ?? [];
  const names = nearest(text, new Set(sets.flatMap(([, each]) => each.keys)));
  const has =
    set === undefined || set.keys.length === 0
      ? "has none yet"
      : `has ${set.keys.length === 1 ? set.keys[0] : `${set.keys[0]} to ${set.keys.at(-1)}`}`;
  throw new UsageError(
    `no selected asset has a partition ${text}; ${key} ${has}`,
    names.length === 0 ? undefined : `did you mean ${names.join(" or ")}?`,
  );
}
