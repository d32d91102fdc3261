import type { AssetKey } from "../definition/asset-key.ts";
import { DefinitionError, type DefinitionProblem } from "../definition/problem.ts";
import type { AssetGraph } from "./asset-graph.ts";
import { evaluateSelection } from "./selection-evaluation.ts";
import { joinTerms, parseTerm } from "./selection-parser.ts";
import type { Present, StateOf } from "./selection-present.ts";
import type { Selection } from "./selection-syntax.ts";

export { selectableStates } from "./selection-present.ts";

/**
 * The assets that a command names, in topological order. Terms: a key, a glob (`sf_*`, `*dim*`), `+a` (with all
 * upstreams), `a+` (with all downstreams), `2+a`, `a+1` (that many hops), `group:`, `tag:`, `owner:`, `kind:`,
 * `state:`, `roots()`, `sinks()`, `changed since 2d`; inside one argument `and`, `or`, `not` and parentheses join them.
 * Several arguments are joined, a comma keeps what both sides name, `^` takes away. No argument: everything.
 *
 * @param present a function alone answers `state:` and leaves `changed since` refused
 * @throws DefinitionError naming every term that is malformed or matches nothing, with its place and the nearest names
 */
export function selectAssets(
  graph: AssetGraph,
  terms: readonly string[],
  present: Present | StateOf,
): readonly AssetKey[] {
  const problems: DefinitionProblem[] = [];
  const selections: Selection[] = [];
  for (const term of terms) {
    const parsed = parseTerm(term);
    if (parsed.ok) selections.push(parsed.selection);
    else problems.push(parsed.problem);
  }
  const selection = joinTerms(selections);
  const facts = typeof present === "function" ? { stateOf: present } : present;
  const selected =
    selection === undefined ? new Set(graph.keys) : evaluateSelection(graph, selection, facts, problems);
  if (problems.length > 0) throw new DefinitionError(problems);
  return graph.keys.filter((key) => selected.has(key));
}
