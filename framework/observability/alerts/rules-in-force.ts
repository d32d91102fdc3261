import type { AlertRule, AlertRuleType, AlertsConfig, AlertSeverity } from "../../definition/alerts.ts";
import type { AssetKey } from "../../definition/asset-key.ts";
import { DefinitionError, type DefinitionProblem } from "../../definition/problem.ts";
import type { AssetGraph } from "../../graph/asset-graph.ts";
import { selectAssets } from "../../graph/selection.ts";

/** Every type of rule, in the order in which alerts are told. */
const ruleTypes = [
  "run-failed",
  "breaker",
  "quota",
  "asset-failed",
  "check-failed",
  "overdue",
  "no-success",
  "volume-anomaly",
  "scd-anomaly",
] as const satisfies readonly AlertRuleType[];

/** What a config says of rules of one type. */
export type RuleOf<T extends AlertRuleType> = Extract<AlertRule, { readonly type: T }>;

/** A rule with its defaults filled in. */
export interface RuleInForce {
  readonly name: string;
  readonly rule: AlertRule;
  /** The assets that it is about. */
  readonly keys: ReadonlySet<AssetKey>;
  readonly channels: readonly string[];
  /** Milliseconds; 0: never again. */
  readonly repeatEveryMs: number;
}

/** Rules to be judged, in the order in which their alerts are told. @throws DefinitionError for selections that name nothing */
export function rulesInForce(alerts: AlertsConfig, graph: AssetGraph): readonly RuleInForce[] {
  const { rules = [], channels, repeatEveryMs = 86_400_000 } = alerts;
  const named = new Set(rules.map(({ type }) => type));
  const all = [...rules, ...ruleTypes.filter((type) => !named.has(type)).flatMap(defaultRule)];
  return all
    .filter(({ off }) => off !== true)
    .sort((a, b) => ruleTypes.indexOf(a.type) - ruleTypes.indexOf(b.type))
    .map((rule) => ({
      name: rule.name ?? rule.type,
      rule,
      keys: watchedAssets(graph, rule.assets),
      channels: rule.channels ?? Object.keys(channels),
      repeatEveryMs: rule.repeatEveryMs ?? repeatEveryMs,
    }));
}

function defaultRule(type: AlertRuleType): readonly AlertRule[] {
  return type === "no-success" ? [] : [{ type }];
}

/** The assets that a rule or a heartbeat is about. @throws DefinitionError */
export function watchedAssets(
  graph: AssetGraph,
  terms: string | readonly string[] | undefined,
): ReadonlySet<AssetKey> {
  if (terms === undefined) return new Set(graph.keys);
  return new Set(selectAssets(graph, typeof terms === "string" ? [terms] : terms, refuseState));
}

function refuseState(): never {
  const message = "`state:` changes from one moment to the next, and a rule is about the same assets always";
  throw new DefinitionError([{ message }]);
}

/** What is wrong with the selections in a project's `alerts`. */
export function alertSelectionProblems(
  alerts: AlertsConfig,
  graph: AssetGraph,
): readonly DefinitionProblem[] {
  const selections = [
    ...(alerts.rules ?? []).map(({ assets }, index) => [`alerts.rules.${index}.assets`, assets] as const),
    ["alerts.heartbeat.success.assets", alerts.heartbeat?.success?.assets] as const,
  ];
  return selections.flatMap(([where, terms]) => {
    try {
      watchedAssets(graph, terms);
      return [];
    } catch (error) {
      if (!(error instanceof DefinitionError)) throw error;
      return error.problems.map((problem) => ({ ...problem, where: problem.where ?? where }));
    }
  });
}

/** How bad what a rule found is, unless the rule says so itself. */
export function severityOf({ rule }: RuleInForce, usual: AlertSeverity): AlertSeverity {
  return rule.severity ?? usual;
}
