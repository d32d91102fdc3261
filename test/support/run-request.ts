import type { Asset, Check } from "moraine";
import { buildGraph } from "../../framework/graph/build-graph.ts";
import type { Lakehouse } from "../../framework/lakehouse/lakehouse.ts";
import type { RunRequest } from "../../framework/materializer/run-request.ts";
import type { Store } from "../../framework/store/store.ts";
import { systemClock } from "../../framework/util/clock.ts";

/** What a project is run with, by tests and measurements: all of its assets by four workers, and nobody to cancel or listen. */
export function runRequest(
  { assets, checks = [] }: { readonly assets: readonly Asset[]; readonly checks?: readonly Check[] },
  places: { readonly store: Store; readonly lakehouse: Lakehouse; readonly folder: string },
): RunRequest {
  const { store, lakehouse, folder } = places;
  const graph = buildGraph({ assets, checks, problems: [] });
  return {
    graph,
    keys: graph.keys,
    forced: new Set(),
    selection: "",
    trigger: "cli",
    store,
    lakehouse,
    resources: { secrets: { name: "none", get: () => Promise.reject(new Error("no secrets here")) } },
    projectDir: folder,
    stateDir: folder,
    workers: 4,
    pools: {},
    failFast: false,
    signal: new AbortController().signal,
    clock: systemClock,
    redact: (text) => text,
    onEvent: () => {},
  };
}
