import type { Asset } from "../definition/asset.ts";
import { type AssetKey, splitKey } from "../definition/asset-key.ts";
import type { DefinitionProblem } from "../definition/problem.ts";
import { unreachable } from "../util/unreachable.ts";
import type { AssetGraph } from "./asset-graph.ts";
import { globPattern, isGlob } from "./selection-glob.ts";
import { readMoment } from "./selection-moment.ts";
import { type Present, selectableStates } from "./selection-present.ts";
import { didYouMean, problemAt } from "./selection-problem.ts";
import { operatorWords, type Place, type Reach, type Selection } from "./selection-syntax.ts";
import { withinHops } from "./within-hops.ts";

type Keys = ReadonlySet<AssetKey>;

/** The values of each metadata field. An asset without a group has the empty one: `group:` selects it. */
const metadata: Readonly<Record<string, (asset: Asset) => readonly string[]>> = {
  group: (asset) => [asset.group ?? ""],
  tag: (asset) => asset.tags,
  owner: (asset) => asset.owners,
  kind: (asset) => [asset.assetKind],
};

/**
 * The assets that a selection names, unordered, in time linear in the graph for each term. Every term that can't be
 * answered adds a problem and names nothing.
 */
export function evaluateSelection(
  graph: AssetGraph,
  selection: Selection,
  present: Present,
  problems: DefinitionProblem[],
): Keys {
  return new Evaluation(graph, present, problems).keysOf(selection);
}

class Evaluation {
  readonly #graph: AssetGraph;
  readonly #present: Present;
  readonly #problems: DefinitionProblem[];
  #keysByTable: ReadonlyMap<string, readonly AssetKey[]> | undefined;

  constructor(graph: AssetGraph, present: Present, problems: DefinitionProblem[]) {
    this.#graph = graph;
    this.#present = present;
    this.#problems = problems;
  }

  keysOf(selection: Selection): Keys {
    switch (selection.type) {
      case "name":
        return this.#named(selection.pattern, selection.at);
      case "attribute":
        return this.#attributed(selection.field, selection.value, selection.at);
      case "call":
        return this.#called(selection.name, selection.at);
      case "changed-since":
        return this.#changedSince(selection.since, selection.at);
      case "reach":
        return this.#reached(selection);
      case "not":
        return this.#intersection([selection]);
      case "or":
        return this.#union(selection.operands);
      case "and":
        return this.#intersection(selection.operands);
      default:
        return unreachable(selection);
    }
  }

  #union(operands: readonly Selection[]): Keys {
    const union = new Set<AssetKey>();
    for (const operand of operands) for (const key of this.keysOf(operand)) union.add(key);
    return union;
  }

  /** Negated operands are taken away rather than turned round, so that each costs only what it names. */
  #intersection(operands: readonly Selection[]): Keys {
    const kept: Keys[] = [];
    const taken: Keys[] = [];
    for (const operand of operands) {
      if (operand.type === "not") taken.push(this.keysOf(operand.operand));
      else kept.push(this.keysOf(operand));
    }
    const [smallest = new Set(this.#graph.keys), ...others] = kept.sort((a, b) => a.size - b.size);
    const result = new Set(smallest);
    for (const keys of others) for (const key of result) if (!keys.has(key)) result.delete(key);
    for (const keys of taken) for (const key of keys) result.delete(key);
    return result;
  }

  #all(test: (key: AssetKey) => boolean): Keys {
    return new Set(this.#graph.keys.filter(test));
  }

  /** One walk from all assets at once: the nearest of them decides how far an asset is. */
  #reached({ of, up, down }: Reach): Keys {
    const from = this.keysOf(of);
    const above = up === undefined ? [] : withinHops(from, up, (key) => this.#graph.upstreams(key));
    const below = down === undefined ? [] : withinHops(from, down, (key) => this.#graph.downstreams(key));
    return new Set([...from, ...above, ...below]);
  }

  #named(pattern: string, at: Place): Keys {
    if (this.#graph.has(pattern)) return new Set([pattern]);
    const glob = globPattern(pattern);
    const found = isGlob(pattern)
      ? this.#graph.keys.filter((key) => glob.test(key))
      : (this.#tables().get(pattern) ?? []);
    if (found.length > 0) return new Set(found);
    return this.#refuse(
      at,
      `no asset matches ${pattern === "" ? "an empty name" : pattern}`,
      this.#otherNames(pattern),
    );
  }

  #otherNames(pattern: string): Pick<DefinitionProblem, "next"> {
    if (operatorWords.has(pattern) || pattern === "changed" || pattern === "since") {
      return { next: "a selection of several words is one argument, in quotes: 'group:crm and state:stale'" };
    }
    const near = didYouMean(pattern, [...this.#graph.keys, ...this.#tables().keys()]);
    return near.next === undefined ? { next: "`moraine list` shows all keys" } : near;
  }

  #tables(): ReadonlyMap<string, readonly AssetKey[]> {
    this.#keysByTable ??= groupByTable(this.#graph.keys);
    return this.#keysByTable;
  }

  #attributed(field: string, value: string, at: Place): Keys {
    if (field === "state") return this.#inState(value, at);
    const valuesOf = metadata[field];
    if (valuesOf === undefined) {
      return this.#refuse(
        at,
        `no field ${field}:; expected group:, tag:, owner:, kind: or state:`,
        didYouMean(
          `${field}:`,
          [...Object.keys(metadata), "state"].map((name) => `${name}:`),
        ),
      );
    }
    const glob = globPattern(value);
    const found = this.#all((key) =>
      valuesOf(this.#graph.asset(key)).some((candidate) => glob.test(candidate)),
    );
    if (found.size > 0) return found;
    const values = this.#graph.keys.flatMap((key) => valuesOf(this.#graph.asset(key)));
    return this.#refuse(
      at,
      `no asset has the ${field} ${value === "" ? '""' : value}`,
      didYouMean(value, values),
    );
  }

  #inState(value: string, at: Place): Keys {
    const state = selectableStates.find((candidate) => candidate === value);
    if (state !== undefined) return this.#all((key) => this.#present.stateOf(key).has(state));
    const message = `no state ${value}; expected ${selectableStates.join(", ")}`;
    return this.#refuse(at, message, didYouMean(value, selectableStates));
  }

  #called(name: string, at: Place): Keys {
    if (name === "roots") return this.#all((key) => this.#graph.upstreams(key).length === 0);
    if (name === "sinks") return this.#all((key) => this.#graph.downstreams(key).length === 0);
    return this.#refuse(
      at,
      `no function ${name}(); expected roots() or sinks()`,
      didYouMean(`${name}()`, ["roots()", "sinks()"]),
    );
  }

  #changedSince(since: string, at: Place): Keys {
    const { changes } = this.#present;
    if (changes === undefined) {
      return this.#refuse(at, "`changed since` can't be asked here, where no records are read");
    }
    const instant = readMoment(since, changes.now);
    if (instant !== undefined) {
      const changed = changes.changedSince(instant);
      return this.#all((key) => changed.has(key));
    }
    const what = "an age like 2d, a date, or an instant with its zone like 2026-11-20T09:00Z";
    return this.#refuse(at, `expected ${what} after \`changed since\`, got ${since}`);
  }

  #refuse(at: Place, message: string, next: Pick<DefinitionProblem, "next"> = {}): Keys {
    this.#problems.push(problemAt(at, { message, ...next }));
    return new Set();
  }
}

function groupByTable(keys: readonly AssetKey[]): ReadonlyMap<string, readonly AssetKey[]> {
  const groups = new Map<string, AssetKey[]>();
  for (const key of keys) {
    const { table } = splitKey(key);
    const group = groups.get(table);
    if (group === undefined) groups.set(table, [key]);
    else group.push(key);
  }
  return groups;
}
