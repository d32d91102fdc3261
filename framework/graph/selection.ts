import type { AssetKey } from "../definition/asset-key.ts";
import { DefinitionError, type DefinitionProblem } from "../definition/problem.ts";
import { nearest } from "../util/nearest.ts";
import type { AssetGraph } from "./asset-graph.ts";

/** What `state:` may ask for. */
export const selectableStates = ["fresh", "stale", "missing", "failed"] as const;

/** One of {@link selectableStates}. */
export type SelectableState = (typeof selectableStates)[number];

/** What a selection needs to know of the present; asked only when a `state:` is used. */
export type StateOf = (key: AssetKey) => ReadonlySet<SelectableState>;

/**
 * The assets that a command names, in topological order. Terms: a key, a glob (`sf_*`, `*dim*`), `+a` (with all
 * upstreams), `a+` (with all downstreams), `2+a`, `a+1` (that many hops), `group:`, `tag:`, `owner:`, `kind:`,
 * `state:`. Several terms are joined, a comma keeps what both sides name, `^` takes away. No term: everything.
 *
 * @throws DefinitionError naming every term that matches nothing, with the nearest keys
 */
export function selectAssets(
  graph: AssetGraph,
  terms: readonly string[],
  stateOf: StateOf,
): readonly AssetKey[] {
  const problems: DefinitionProblem[] = [];
  const included = terms.filter((term) => !term.startsWith("^"));
  const selected = new Set(included.length === 0 ? graph.keys : []);
  for (const term of included) for (const key of both(graph, term, stateOf, problems)) selected.add(key);
  for (const term of terms.filter((other) => other.startsWith("^"))) {
    for (const key of both(graph, term.slice(1), stateOf, problems)) selected.delete(key);
  }
  if (problems.length > 0) throw new DefinitionError(problems);
  return graph.keys.filter((key) => selected.has(key));
}

/** `a,b`: what every part names. */
function both(
  graph: AssetGraph,
  term: string,
  stateOf: StateOf,
  problems: DefinitionProblem[],
): readonly AssetKey[] {
  const [first = [], ...rest] = term.split(",").map((part) => one(graph, part.trim(), stateOf, problems));
  return first.filter((key) => rest.every((keys) => keys.includes(key)));
}

function one(
  graph: AssetGraph,
  term: string,
  stateOf: StateOf,
  problems: DefinitionProblem[],
): readonly AssetKey[] {
  const { up, core, down } = parseHops(term);
  const matched = matches(graph, core, stateOf, problems);
  const reached = new Set(matched);
  for (const key of matched) {
    if (up !== undefined) for (const upstream of graph.ancestors(key, up)) reached.add(upstream);
    if (down !== undefined) for (const downstream of graph.descendants(key, down)) reached.add(downstream);
  }
  return [...reached];
}

function parseHops(term: string): { up: number | undefined; core: string; down: number | undefined } {
  const match = /^(?:(\d*)\+)?(.*?)(?:\+(\d*))?$/.exec(term);
  const hops = (digits: string | undefined) =>
    digits === undefined ? undefined : digits === "" ? Infinity : Number(digits);
  return { up: hops(match?.[1]), core: match?.[2] ?? term, down: hops(match?.[3]) };
}

function matches(
  graph: AssetGraph,
  text: string,
  stateOf: StateOf,
  problems: DefinitionProblem[],
): readonly AssetKey[] {
  const [, field, value] = /^([a-z]+):(.*)$/.exec(text) ?? [];
  if (field !== undefined && value !== undefined) return byField(graph, field, value, stateOf, problems);
  if (graph.has(text)) return [text];
  const glob = globPattern(text);
  const found = graph.keys.filter((key) => glob.test(key) || key.endsWith(`/${text}`));
  if (found.length === 0) {
    const names = nearest(text, [...graph.keys, ...graph.keys.map((key) => key.slice(key.indexOf("/") + 1))]);
    problems.push({
      message: `no asset matches ${text}`,
      next: names.length > 0 ? `did you mean ${names.join(" or ")}?` : "`moraine list` shows all keys",
    });
  }
  return found;
}

function byField(
  graph: AssetGraph,
  field: string,
  value: string,
  stateOf: StateOf,
  problems: DefinitionProblem[],
): readonly AssetKey[] {
  const glob = globPattern(value);
  const where = (values: (key: AssetKey) => readonly string[]) =>
    graph.keys.filter((key) => values(key).some((candidate) => glob.test(candidate)));
  switch (field) {
    case "group":
      return where((key) => [graph.asset(key).group ?? ""]);
    case "tag":
      return where((key) => graph.asset(key).tags);
    case "owner":
      return where((key) => graph.asset(key).owners);
    case "kind":
      return where((key) => [graph.asset(key).assetKind]);
    case "state": {
      const state = selectableStates.find((candidate) => candidate === value);
      if (state !== undefined) return graph.keys.filter((key) => stateOf(key).has(state));
      problems.push({ message: `no state ${value}; expected ${selectableStates.join(", ")}` });
      return [];
    }
    default:
      problems.push({ message: `no field ${field}:; expected group:, tag:, owner:, kind: or state:` });
      return [];
  }
}

function globPattern(text: string): RegExp {
  const source = text
    .replace(/[.+^${}()|[\]\\]/g, "\\$&")
    .replaceAll("*", ".*")
    .replaceAll("?", ".");
  return new RegExp(`^${source}$`);
}
