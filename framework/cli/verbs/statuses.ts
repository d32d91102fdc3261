import type { AssetKey } from "../../definition/asset-key.ts";
import { selectableStates, type SelectableState, selectAssets } from "../../graph/selection.ts";
import { computeStatuses } from "../../staleness/compute-statuses.ts";
import { LakeTables } from "../../staleness/lake-tables.ts";
import { observe } from "../../staleness/observe.ts";
import type { AssetStatus } from "../../staleness/status.ts";
import type { OpenProject } from "../project/open-project.ts";

/** The status of every asset now. `asked`: as if somebody asked for new data (`plan`), see Observations. */
export async function readStatuses(
  project: OpenProject,
  options: { readonly asked: boolean },
): Promise<ReadonlyMap<AssetKey, AssetStatus>> {
  const { graph, store, lakehouse } = project;
  const lake = new LakeTables(lakehouse);
  await lake.refresh(graph.keys);
  return computeStatuses(
    graph,
    observe({ graph, reader: store, lake, now: new Date(), asked: options.asked }),
  );
}

/** The assets that a command's arguments name, see selectAssets. */
export function selectFrom(
  project: OpenProject,
  terms: readonly string[],
  statuses: ReadonlyMap<AssetKey, AssetStatus>,
): readonly AssetKey[] {
  const outcomes = project.store.latestOutcomes();
  return selectAssets(project.graph, terms, (key) => {
    const states = new Set<string | undefined>([statuses.get(key)?.status, outcomes.get(key)?.outcome]);
    return new Set(selectableStates.filter((state): state is SelectableState => states.has(state)));
  });
}

/** Exactly one asset. */
export function selectOne(project: OpenProject, text: string): AssetKey {
  const [key] = selectAssets(project.graph, [text], () => new Set());
  if (key === undefined) throw new Error(`Internal error: expected an asset for ${text}`);
  return key;
}
