import type { Alert } from "../../framework/event/alert.ts";
import type { AlertRule, AlertsConfig, Asset, Check } from "moraine";
import { buildGraph } from "../../framework/graph/build-graph.ts";
import { evaluate } from "../../framework/observability/alerts/evaluate.ts";
import { Rig } from "../support/rig.ts";

/** Real runs over a real store, whose alerts are judged when the test says so. */
export class WatchRig extends Rig {
  now = new Date();
  alerts: AlertsConfig = { channels: { team: { type: "command", argv: ["true"] } } };

  /** Judges a project's rules. @returns what fires */
  judge(assets: readonly Asset[], checks: readonly Check[] = []): readonly Alert[] {
    const graph = buildGraph({ assets, checks, problems: [] });
    evaluate({ alerts: this.alerts, graph, store: this.store, now: this.now });
    return this.store.alerts.firing();
  }

  /** Rule and subject of what fires, in the order in which it is told. */
  told(assets: readonly Asset[], checks: readonly Check[] = []): readonly string[] {
    return this.judge(assets, checks).map(({ rule, subject }) => `${rule}: ${subject}`);
  }

  rules(...rules: readonly AlertRule[]): void {
    this.alerts = { ...this.alerts, rules };
  }

  later(ms: number): void {
    this.now = new Date(this.now.getTime() + ms);
  }
}
