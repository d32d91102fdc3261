import type { Cause } from "../../event/event.ts";
import { unreachable } from "../../util/unreachable.ts";
import { formatInterval } from "./numbers.ts";
import { unitName } from "./text.ts";
import { instantText } from "./instant.ts";

/** Versions are hashes or 19 digits; six characters tell two of them apart on a screen. */
export function shortVersion(version: string | null): string {
  return version === null ? "nothing" : version.length <= 8 ? version : version.slice(0, 6);
}

/** One word for a list of causes, the strongest first: `missing`, `forced`, `code`, `data`... */
export function causeWord(causes: readonly Cause[]): string {
  return strongest(causes)?.type ?? "";
}

/** The cause that explains most: what a person did, then what this asset itself misses, then its upstreams. */
const strength: Readonly<Record<Cause["type"], number>> = {
  forced: 0,
  missing: 1,
  code: 2,
  "upstream-set": 3,
  data: 4,
  upstream: 5,
  "failed-check": 6,
  refresh: 7,
};

function strongest(causes: readonly Cause[]): Cause | undefined {
  return [...causes].sort((a, b) => strength[a.type] - strength[b.type])[0];
}

/** All causes in one short line for a column; `+1` says how many more there are. */
export function causeSummary(causes: readonly Cause[]): string {
  const first = strongest(causes);
  if (first === undefined) return "";
  return causeText(first) + (causes.length > 1 ? ` +${causes.length - 1}` : "");
}

/** One cause in one line: `data: sf_raw/sf_user moved`. */
export function causeText(cause: Cause): string {
  switch (cause.type) {
    case "missing":
      return cause.tableGone === true ? "its table is gone from the lake" : "never materialized";
    case "forced":
      return "forced";
    case "code":
      return `code: ${shortVersion(cause.from)} became ${shortVersion(cause.to)}`;
    case "upstream-set":
      return `upstreams: ${[...cause.added.map((key) => `+${key}`), ...cause.removed.map((key) => `-${key}`)].join(" ")}`;
    case "data":
      return `data: ${upstreamName(cause)} ${cause.from === null ? "is new" : cause.to === null ? "is gone" : "moved"}`;
    case "upstream": {
      const { hops, root, via } = rootOf(cause);
      const word = root === undefined ? "stale" : root.type === "missing" ? "missing" : root.type;
      return hops === 1 ? `upstream: ${via} (${word})` : `upstream: ${word}, ${hops} hops up`;
    }
    case "refresh":
      return refreshText(cause);
    case "failed-check":
      return `failed check: ${cause.check}`;
    default:
      return unreachable(cause);
  }
}

function refreshText(cause: Extract<Cause, { type: "refresh" }>): string {
  if (cause.lastAt === null) return "refresh: never read";
  return cause.everyMs === 0
    ? "refresh: read on every run"
    : `refresh: older than ${formatInterval(cause.everyMs)}`;
}

function rootOf(cause: Extract<Cause, { type: "upstream" }>): {
  readonly hops: number;
  readonly root: Cause | undefined;
  readonly via: string;
} {
  let hops = 1;
  let at = cause;
  for (let next = strongest(at.chain); next?.type === "upstream"; next = strongest(at.chain)) {
    hops++;
    at = next;
  }
  return { hops, root: strongest(at.chain), via: upstreamName(at) };
}

function upstreamName({
  upstream,
  partition,
}: {
  readonly upstream: string;
  readonly partition?: string;
}): string {
  return unitName({ key: upstream, partition });
}

/**
 * The whole chain down to the source or the code, one cause per line, indented two spaces per hop. Written as in
 * `why`: `data  reads sf_raw/sf_user, 91ac became c07e`. An upstream that was followed once is not followed again:
 * where paths meet again and again, all of them together would be beyond counting.
 */
export function causeChain(causes: readonly Cause[], maxLines = 50): readonly string[] {
  const lines: string[] = [];
  const followed = new Set<string>();
  const add = (list: readonly Cause[], depth: number) => {
    for (const cause of list) {
      const isKnown = cause.type === "upstream" && followed.has(upstreamName(cause));
      lines.push("  ".repeat(depth) + chainText(cause) + (isKnown ? " see above" : ""));
      if (cause.type !== "upstream" || isKnown) continue;
      followed.add(upstreamName(cause));
      add(cause.chain, depth + 1);
    }
  };
  add(causes, 0);
  return lines.length <= maxLines
    ? lines
    : [...lines.slice(0, maxLines - 1), `+${lines.length - maxLines + 1} more`];
}

function chainText(cause: Cause): string {
  if (cause.type === "data") {
    return cause.from === null
      ? `data  reads ${upstreamName(cause)}, new at ${shortVersion(cause.to)}`
      : `data  reads ${upstreamName(cause)}, ${shortVersion(cause.from)} became ${shortVersion(cause.to)}`;
  }
  if (cause.type === "upstream") {
    const status = cause.chain.some((inner) => inner.type === "missing") ? "missing" : "stale";
    return `upstream  reads ${upstreamName(cause)}, which is ${status}:`;
  }
  if (cause.type === "refresh" && cause.lastAt !== null) {
    return `${refreshText(cause)}, last ${instantText(cause.lastAt, "minute")}`;
  }
  return causeText(cause);
}
