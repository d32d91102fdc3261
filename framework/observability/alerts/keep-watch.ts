import type { AlertsConfig } from "../../definition/alerts.ts";
import type { Failure } from "../../event/failure.ts";
import type { AssetGraph } from "../../graph/asset-graph.ts";
import type { Store } from "../../store/store.ts";
import type { AlertWords } from "./compose.ts";
import { deliver, type Delivery } from "./deliver.ts";
import { evaluate, type Evaluation } from "./evaluate.ts";
import { type PingOptions, tellSuccess } from "./heartbeat.ts";
import type { AnomalyMemo } from "./rules/anomalies.ts";

/** What watching a target's records needs. */
export interface WatchOptions extends PingOptions {
  readonly alerts: AlertsConfig;
  readonly graph: AssetGraph;
  readonly store: Store;
  /** The project's name. */
  readonly project: string;
  readonly projectDir: string;
  readonly words: AlertWords;
  readonly memo?: AnomalyMemo;
}

/** What one look at the records did. */
export interface Watched extends Evaluation {
  readonly deliveries: readonly Delivery[];
  /** Why the heartbeat could not be told; null when it was, or has nothing to tell. */
  readonly heartbeat: Failure | null;
}

/** Whether a project wants its target watched. */
export function isWatched(alerts: AlertsConfig | undefined, target: string): alerts is AlertsConfig {
  return alerts !== undefined && (alerts.targets?.includes(target) ?? true);
}

/** Judges the rules, sends what is due, and tells the heartbeat of success. @throws StoreError, DefinitionError */
export async function keepWatch(options: WatchOptions): Promise<Watched> {
  const { alerts, graph, store, clock, memo } = options;
  const evaluation = evaluate({
    alerts,
    graph,
    store,
    now: clock.now(),
    ...(memo === undefined ? {} : { memo }),
  });
  const success = alerts.heartbeat?.success;
  const [deliveries, heartbeat] = await Promise.all([
    deliver({
      ...options,
      store: store.alerts,
      channels: alerts.channels,
      quietHours: alerts.quietHours,
      target: store.target,
    }),
    success === undefined ? null : tellSuccess({ ...options, success }),
  ]);
  return { ...evaluation, deliveries, heartbeat };
}
