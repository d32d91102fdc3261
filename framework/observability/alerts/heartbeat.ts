import type { Heartbeat } from "../../definition/alerts.ts";
import type { Failure } from "../../event/failure.ts";
import type { AssetGraph } from "../../graph/asset-graph.ts";
import type { Store } from "../../store/store.ts";
import { attempt, type AttemptOptions } from "./attempts.ts";
import { request } from "./channels/http.ts";
import { watchedAssets } from "./rules-in-force.ts";
import type { SecretValues } from "./secret-values.ts";

/** What asking a URL needs. */
export interface PingOptions extends AttemptOptions {
  readonly secrets: SecretValues;
}

/**
 * Tells the monitor of a success: all assets were known good once more since it was last told. It looks at the records and
 * not at a run, so whoever asks next makes up for what a killed process did not tell, and a run of one asset by hand never
 * covers up for the others.
 *
 * @returns null when there was nothing to tell, or it was told
 */
export async function tellSuccess(
  options: PingOptions & {
    readonly success: NonNullable<Heartbeat["success"]>;
    readonly graph: AssetGraph;
    readonly store: Store;
  },
): Promise<Failure | null> {
  const { success, graph, store, clock } = options;
  const now = clock.now().toISOString();
  const keys = [...watchedAssets(graph, success.assets)];
  const good = store.knownGood(keys, now);
  const oldest = keys.map((key) => good.get(key) ?? "").sort()[0] ?? "";
  if (oldest === "" || oldest <= (store.alerts.evaluation().successTold ?? "")) return null;
  const failure = await ping(success.url, options);
  if (failure === null) store.alerts.tellSuccess(oldest, clock.now().toISOString());
  return failure;
}

/** Asks a monitor's URL. @returns why it could not be asked, without secrets */
export function ping(
  url: NonNullable<Heartbeat["success"]>["url"],
  options: PingOptions,
): Promise<Failure | null> {
  return attempt(options, async (how) =>
    request({ url: await options.secrets.text(url, how), method: "GET", signal: how.signal }),
  );
}
