import { type Asset, type AssetKey, type Condition, defineAsset } from "moraine";
import {
  type AutomationVerdict,
  evaluateAutomation,
} from "../../framework/automation/evaluate-automation.ts";
import type { Cause, Outcome } from "../../framework/event/event.ts";
import type { AssetGraph } from "../../framework/graph/asset-graph.ts";
import { buildGraph } from "../../framework/graph/build-graph.ts";
import { type Freshness, freshnessOf } from "../../framework/staleness/freshness.ts";
import type { AssetStatus } from "../../framework/staleness/status.ts";
import type { AutomationMemory } from "../../framework/store/store.ts";

/** Everything that an asset of {@link World} is. */
interface Made {
  readonly at: string;
  readonly code: number;
  readonly version: number;
  readonly read: ReadonlyMap<AssetKey, number>;
}

/** Declares an asset that does nothing. */
export function asset(
  key: string,
  deps: readonly Asset[],
  automation: Condition | undefined,
  more: Partial<Pick<Parameters<typeof defineAsset>[0], "refresh" | "freshness">> = {},
): Asset {
  return defineAsset({
    key,
    deps: Object.fromEntries(deps.map((dep, index) => [`d${index}`, dep])),
    codeVersion: "1",
    ...(automation === undefined ? {} : { automation }),
    ...more,
    materialize: () => {},
  });
}

/** A project with a clock that the test moves and runs that the test ends: what a daemon and a materializer would do. */
export class World {
  graph: AssetGraph;
  now: Date;
  readonly memories = new Map<AssetKey, AutomationMemory>();
  readonly outcomes = new Map<AssetKey, { readonly outcome: Outcome; readonly at: string }>();
  readonly made = new Map<AssetKey, Made>();
  readonly code = new Map<AssetKey, number>();
  readonly #good = new Map<AssetKey, string>();
  /** Assets that a run has in hand, with the instant of its start. */
  readonly inProgress = new Map<AssetKey, string>();
  #version = 0;

  constructor(assets: readonly Asset[], now: string) {
    this.graph = buildGraph({ assets, checks: [], problems: [] });
    this.now = new Date(now);
  }

  /** Another definition of the same project. */
  redefine(assets: readonly Asset[]): void {
    this.graph = buildGraph({ assets, checks: [], problems: [] });
  }

  /** Puts the clock forward, or back. */
  pass(ms: number): this {
    this.now = new Date(this.now.getTime() + ms);
    return this;
  }

  at(instant: string): this {
    this.now = new Date(instant);
    return this;
  }

  /** Judges, and remembers what has to be remembered; starts nothing. */
  evaluate(): readonly AutomationVerdict[] {
    const verdicts = this.verdicts();
    for (const { key, memory } of verdicts) this.memories.set(key, memory);
    return verdicts;
  }

  /** Judges only, as `plan` does. */
  verdicts(): readonly AutomationVerdict[] {
    return evaluateAutomation(this.graph, {
      statuses: this.statuses(),
      freshness: this.freshness(),
      isInProgress: (key) => this.inProgress.has(key),
      memory: (key) => this.memories.get(key),
      cameToNothing: (key, { started }) => {
        const last = this.outcomes.get(key);
        const isOlder = last === undefined || started === null || last.at < started.at;
        return isOlder || last.outcome === "skipped";
      },
      runId: "run",
      now: this.now,
    });
  }

  decisions(): Readonly<Record<string, AutomationVerdict["decision"]>> {
    return Object.fromEntries(this.evaluate().map(({ key, decision }) => [key, decision]));
  }

  /** Evaluates, and has a run take in hand what is to be started. */
  tick(): readonly AssetKey[] {
    const starts = this.evaluate().flatMap(({ key, decision }) => (decision === "start" ? [key] : []));
    for (const key of starts) this.inProgress.set(key, this.now.toISOString());
    return starts;
  }

  /** Ends the run of these assets as the materializer would; those that have no outcome were killed. */
  end(
    keys: readonly AssetKey[],
    outcomeOf: (key: AssetKey) => Outcome | undefined = () => "materialized",
  ): void {
    const order = this.graph.keys.filter((key) => keys.includes(key));
    const ended = new Map<AssetKey, Outcome>();
    for (const key of order) {
      const startedAt = this.inProgress.get(key) ?? this.now.toISOString();
      this.inProgress.delete(key);
      const isHeldBack = this.graph
        .upstreams(key)
        .some(
          (upstream) => ["failed", "skipped"].includes(ended.get(upstream) ?? "") || !this.made.has(upstream),
        );
      const wanted = isHeldBack ? "skipped" : outcomeOf(key);
      if (wanted === undefined) continue;
      const outcome = wanted === "materialized" && this.#isFresh(key) ? "fresh" : wanted;
      ended.set(key, outcome);
      this.outcomes.set(key, { outcome, at: startedAt });
      if (outcome === "materialized" || outcome === "fresh") this.#good.set(key, startedAt);
      if (outcome === "materialized") this.make(key);
    }
  }

  /** Whether nothing is to be done in a run: what reads the outside world is asked and never is. */
  #isFresh(key: AssetKey): boolean {
    const { refresh } = this.graph.asset(key);
    return refresh === undefined && this.ownCauses(key).length === 0;
  }

  /** Writes an asset, as a run or a person would. */
  make(key: AssetKey): void {
    this.#version += 1;
    this.made.set(key, {
      at: this.now.toISOString(),
      code: this.code.get(key) ?? 1,
      version: this.#version,
      read: new Map(
        this.graph.upstreams(key).map((upstream) => [upstream, this.made.get(upstream)?.version ?? 0]),
      ),
    });
  }

  change(key: AssetKey): void {
    this.code.set(key, (this.code.get(key) ?? 1) + 1);
  }

  statuses(): ReadonlyMap<AssetKey, AssetStatus> {
    const statuses = new Map<AssetKey, AssetStatus>();
    for (const key of this.graph.keys) {
      const waiting = this.graph.upstreams(key).flatMap((upstream): Cause[] => {
        const { status, causes: chain } = statuses.get(upstream) ?? { status: "fresh", causes: [] };
        return status === "fresh" ? [] : [{ type: "upstream", upstream, chain }];
      });
      const causes = [...this.ownCauses(key), ...waiting];
      const status = causes.some(({ type }) => type === "missing")
        ? "missing"
        : causes.length > 0
          ? "stale"
          : "fresh";
      statuses.set(key, { key, status, causes });
    }
    return statuses;
  }

  ownCauses(key: AssetKey): readonly Cause[] {
    const made = this.made.get(key);
    if (made === undefined) return [{ type: "missing" }];
    const code = this.code.get(key) ?? 1;
    const { refresh } = this.graph.asset(key);
    const isDue = refresh !== undefined && refresh.everyMs > 0 && this.#ageMs(made) >= refresh.everyMs;
    return [
      ...(code === made.code ? [] : [{ type: "code", from: `c${made.code}`, to: `c${code}` } as const]),
      ...this.graph.upstreams(key).flatMap((upstream): Cause[] => {
        const [from, to] = [made.read.get(upstream) ?? 0, this.made.get(upstream)?.version ?? 0];
        return from === to ? [] : [{ type: "data", upstream, from: `d${from}`, to: `d${to}` }];
      }),
      ...(isDue ? [{ type: "refresh", lastAt: made.at, everyMs: refresh.everyMs } as const] : []),
    ];
  }

  #ageMs({ at }: Made): number {
    return this.now.getTime() - Date.parse(at);
  }

  freshness(): ReadonlyMap<AssetKey, Freshness> {
    return new Map(
      this.graph.keys.flatMap((key) => {
        const { freshness } = this.graph.asset(key);
        return freshness === undefined
          ? []
          : [[key, freshnessOf(freshness, this.#good.get(key), this.now)] as const];
      }),
    );
  }
}
