import type { AlertsConfig } from "../../definition/alerts.ts";
import type { AssetGraph } from "../../graph/asset-graph.ts";
import type { Store } from "../../store/store.ts";
import { groupBy } from "../../util/group-by.ts";
import { judge } from "./judge.ts";
import { planChanges } from "./plan-changes.ts";
import type { AnomalyMemo } from "./rules/anomalies.ts";
import { rulesInForce } from "./rules-in-force.ts";
import { AlertWorld } from "./world.ts";

/** How many alerts began and ended by an evaluation. */
export interface Evaluation {
  readonly opened: number;
  readonly resolved: number;
}

/** Another process that evaluates all the time would be a bug; some that do so at the same moment are not. */
const mostTries = 20;

/**
 * Judges all rules by what the store says now, and records what has changed with what has to be told. Of several processes
 * that do so at once each works on what the one before it has recorded, so that an alert begins once and ends once.
 */
export function evaluate(options: {
  readonly alerts: AlertsConfig;
  readonly graph: AssetGraph;
  readonly store: Store;
  readonly now: Date;
  readonly memo?: AnomalyMemo;
}): Evaluation {
  const { alerts, graph, store, now } = options;
  const rules = rulesInForce(alerts, graph);
  store.interruptDeadRuns(now.toISOString());
  for (let tries = 0; tries < mostTries; tries++) {
    const changes = store.atOneMoment(() => {
      const firing = store.alerts.firing();
      return planChanges({
        found: judge(new AlertWorld({ graph, reader: store, now, rules }), rules, options.memo),
        firing,
        notices: groupBy(store.alerts.notices(firing.map(({ id }) => id)), ({ alertId }) => alertId),
        rules,
        basis: store.alerts.evaluation().number,
        now,
      });
    });
    if (changes === undefined) return { opened: 0, resolved: 0 };
    if (store.alerts.record(changes))
      return { opened: changes.opened.length, resolved: changes.resolved.length };
  }
  throw new Error(`Internal error: expected to record an evaluation of alerts in ${mostTries} tries`);
}
