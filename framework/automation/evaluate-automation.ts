import type { AssetKey } from "../definition/asset-key.ts";
import type { AssetGraph } from "../graph/asset-graph.ts";
import type { Freshness } from "../staleness/freshness.ts";
import type { AssetStatus } from "../staleness/status.ts";
import type { AutomationMemory } from "../store/store.ts";
import { type Evaluated, evaluateCondition, groundsOf } from "./evaluate-condition.ts";
import { recall, remember } from "./memory.ts";

/** The present as automation sees it. Pure: no store, no lake, no clock. */
export interface AutomationWorld {
  /** As a mere look sees them: what reads the outside world with no interval is as it was left. */
  readonly statuses: ReadonlyMap<AssetKey, AssetStatus>;
  /** Of assets with a policy. */
  readonly freshness: ReadonlyMap<AssetKey, Freshness>;
  /** Whether a run works on the asset, or has it in hand and not done with it. */
  isInProgress(key: AssetKey): boolean;
  /** Undefined: never evaluated. */
  memory(key: AssetKey): AutomationMemory | undefined;
  /**
   * Whether the start that is remembered came to nothing: its run was killed or told to end before the asset had an
   * outcome. Asked only while the asset is not in progress.
   */
  cameToNothing(key: AssetKey, memory: AutomationMemory): boolean;
  /** The run that will be started with all that starts now. */
  readonly runId: string;
  readonly now: Date;
}

/** What keeps an asset from being decided about now. Its ticks stay open meanwhile. */
export type Held =
  | { readonly reason: "in-progress" }
  | { readonly reason: "upstream-in-progress"; readonly upstream: AssetKey }
  /** It is missing or failed a blocking check, and nothing starts it now: a run could only skip what reads it. */
  | { readonly reason: "upstream-unusable"; readonly upstream: AssetKey };

/** What is to be done with one asset, and why. */
export interface AutomationVerdict {
  readonly key: AssetKey;
  /**
   * `start`: a run is to be started with it. `wait`: its condition holds, and it is held. `done`: it holds by nothing for which
   * the asset was not started already. `no`: it does not hold.
   */
  readonly decision: "start" | "wait" | "done" | "no";
  readonly evaluated: Evaluated;
  /** Also where the condition does not hold. */
  readonly held: Held | undefined;
  /** What has to be remembered for the next evaluation. */
  readonly memory: AutomationMemory;
}

/**
 * Judges every asset that has a condition, upstream before downstream: what reads an asset that starts now may start with
 * it, in the same run, where the materializer asks it again once its upstreams are done. Time and memory are linear in
 * assets and edges.
 *
 * @param keys only these are judged, in topological order
 * @returns in topological order; the assets to start are those of one run
 */
export function evaluateAutomation(
  graph: AssetGraph,
  world: AutomationWorld,
  keys: readonly AssetKey[] = graph.keys,
): readonly AutomationVerdict[] {
  const verdicts: AutomationVerdict[] = [];
  const starting = new Set<AssetKey>();
  for (const key of keys) {
    const verdict = evaluateAsset(graph, world, key, starting);
    if (verdict === undefined) continue;
    if (verdict.decision === "start") starting.add(key);
    verdicts.push(verdict);
  }
  return verdicts;
}

function evaluateAsset(
  graph: AssetGraph,
  world: AutomationWorld,
  key: AssetKey,
  starting: ReadonlySet<AssetKey>,
): AutomationVerdict | undefined {
  const { automation: condition, freshness: policy } = graph.asset(key);
  const status = world.statuses.get(key);
  if (condition === undefined || status === undefined) return undefined;
  const { now } = world;
  const held = heldBy(graph, world, key, starting);
  const stored = world.memory(key);
  const cameToNothing =
    held?.reason !== "in-progress" &&
    stored !== undefined &&
    stored.started !== null &&
    world.cameToNothing(key, stored);
  const memory = recall(condition, stored, now, cameToNothing);
  const evaluated = evaluateCondition(condition, {
    status,
    policy,
    freshness: world.freshness.get(key),
    starting: graph.upstreams(key).filter((upstream) => starting.has(upstream)),
    now,
    ticks: memory.ticks,
  });
  const grounds = groundsOf(evaluated, now);
  if (held !== undefined) {
    return { key, decision: evaluated.holds ? "wait" : "no", evaluated, held, memory };
  }
  const isNew = grounds.some((ground) => memory.started?.grounds.includes(ground) !== true);
  const decision = !evaluated.holds ? "no" : isNew ? "start" : "done";
  const after = remember(
    memory,
    evaluated,
    now,
    decision === "start" ? { runId: world.runId, grounds } : undefined,
  );
  return { key, decision, evaluated, held, memory: after };
}

function heldBy(
  graph: AssetGraph,
  world: AutomationWorld,
  key: AssetKey,
  starting: ReadonlySet<AssetKey>,
): Held | undefined {
  if (world.isInProgress(key)) return { reason: "in-progress" };
  for (const upstream of graph.upstreams(key)) {
    if (world.isInProgress(upstream)) return { reason: "upstream-in-progress", upstream };
    if (!starting.has(upstream) && isUnusable(world.statuses.get(upstream)))
      return { reason: "upstream-unusable", upstream };
  }
  return undefined;
}

function isUnusable(status: AssetStatus | undefined): boolean {
  return (
    status === undefined ||
    status.status === "missing" ||
    status.causes.some((cause) => cause.type === "failed-check")
  );
}
